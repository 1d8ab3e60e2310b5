// A report as GitHub flavoured Markdown, for a job summary or a comment.
//
// Data path: Report -> text.
// Thread:    pure functions.
#pragma once

#include <string>
#include <string_view>

#include "kctl/report/report.h"

namespace kload::kctl {

std::string ReportMarkdown(const Report& report);

// A text that means itself within a line or a cell of a table: no markup, no HTML, no line break.
std::string EscapeMarkdown(std::string_view text);

// The text as code, within a line or a cell of a table. Unlike an escaped text, a URL in it becomes no link with backslashes.
std::string CodeMarkdown(std::string_view text);

// Rows beyond are left out, with a word about it: a job summary has a bound of 1 MB.
inline constexpr size_t kMarkdownEndpointsMax = 100;

}  // namespace kload::kctl
