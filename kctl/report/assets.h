// The files that kctl carries for the page of a report; CMakeLists.txt embeds them.
#pragma once

#include <string_view>

extern "C" {
extern const char kload_report_page[], kload_report_page_end[];
extern const char kload_report_style[], kload_report_style_end[];
extern const char kload_report_charts[], kload_report_charts_end[];
extern const char kload_report_script[], kload_report_script_end[];
extern const char kload_report_echarts[], kload_report_echarts_end[];
}

namespace kload::kctl::assets {

inline std::string_view Between(const char* begin, const char* end) {
  return {begin, static_cast<size_t>(end - begin)};
}
inline std::string_view Page() { return Between(kload_report_page, kload_report_page_end); }
inline std::string_view Style() { return Between(kload_report_style, kload_report_style_end); }
inline std::string_view Charts() { return Between(kload_report_charts, kload_report_charts_end); }
inline std::string_view Script() { return Between(kload_report_script, kload_report_script_end); }
// With its license notice at the beginning.
inline std::string_view ECharts() {
  return Between(kload_report_echarts, kload_report_echarts_end);
}

}  // namespace kload::kctl::assets
