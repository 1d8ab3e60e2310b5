// A report as one page that needs nothing else: charts, tables and the data that they are drawn from.
//
// Data path: Report -> ReportData -> page -> a browser, which draws it (page/).
// Thread:    pure functions.
// Safety:    names of endpoints, checks and agents are strangers' texts. They are in the page as JSON without a `<`, which
//            the script makes text nodes of; a Content-Security-Policy lets the page's own scripts run by their hashes,
//            and lets it fetch nothing.
#pragma once

#include <absl/status/status.h>

#include <string>
#include <string_view>

#include "kctl/report/report.h"

namespace kload::kctl {

// OK, or FailedPrecondition when kctl was built without what draws the charts.
absl::Status CanMakePages();

std::string ReportHtml(const Report& report);

// For text of an element or a quoted attribute.
std::string EscapeHtml(std::string_view text);

}  // namespace kload::kctl
