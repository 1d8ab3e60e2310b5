#include "kctl/report/html.h"

#include <absl/strings/escaping.h>
#include <fmt/format.h>

#include <map>

#include "common/modules/module_cache.h"
#include "kctl/report/assets.h"
#include "kctl/report/report_data.h"

namespace kload::kctl {
namespace {

// The source expression that allows this very text in a Content-Security-Policy.
std::string CspHash(std::string_view text) {
  return fmt::format("'sha256-{}'",
                     absl::Base64Escape(absl::HexStringToBytes(modules::Sha256Hex(text))));
}

std::string Policy() {
  return fmt::format(
      "default-src 'none'; script-src {} {} {}; style-src {}; img-src data:; base-uri 'none'; "
      "form-action 'none'",
      CspHash(assets::ECharts()), CspHash(assets::Charts()), CspHash(assets::Script()),
      CspHash(assets::Style()));
}

// JSON that may stand within <script>: without `<` neither </script> nor <!-- can be in it.
std::string EmbeddedJson(const nlohmann::ordered_json& json) {
  const std::string text = json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    if (c == '<') {
      out += "\\u003c";
    } else {
      out += c;
    }
  }
  return out;
}

// Puts each `{{name}}` of the template in; one pass, so that what is put in is never looked at.
std::string Filled(std::string_view page, const std::map<std::string_view, std::string>& parts) {
  std::string out;
  while (true) {
    const size_t begin = page.find("{{");
    const size_t end = begin == std::string_view::npos ? begin : page.find("}}", begin);
    if (end == std::string_view::npos) return out.append(page);
    out.append(page.substr(0, begin));
    out.append(parts.at(page.substr(begin + 2, end - begin - 2)));
    page.remove_prefix(end + 2);
  }
}

}  // namespace

std::string EscapeHtml(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

absl::Status CanMakePages() {
  constexpr size_t kLeast = 1000;  // what stands in its place is a comment
  if (assets::ECharts().size() >= kLeast) return absl::OkStatus();
  return absl::FailedPreconditionError(
      "this kctl was built without ECharts, which draws the page's charts: run scripts/bootstrap "
      "and build again; --markdown, --junit and --export work without");
}

std::string ReportHtml(const Report& report) {
  const std::map<std::string_view, std::string> parts = {
      {"title", EscapeHtml(fmt::format("{} · {}", report.result.script, report.result.run_id))},
      {"policy", Policy()},
      {"style", std::string(assets::Style())},
      {"data", EmbeddedJson(ReportData(report))},
      {"echarts", std::string(assets::ECharts())},
      {"charts", std::string(assets::Charts())},
      {"script", std::string(assets::Script())}};
  return Filled(assets::Page(), parts);
}

}  // namespace kload::kctl
