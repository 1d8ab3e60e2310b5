#include "kctl/compare_text.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <vector>

#include "kctl/report/junit.h"
#include "kctl/table.h"

namespace kload::kctl {
namespace {

using analysis::Change;
using analysis::Comparison;
using Json = nlohmann::ordered_json;

bool Comparable(const ComparedRuns& runs) { return runs.comparison.incomparable.empty(); }

std::string VerdictOf(const ComparedRuns& runs) {
  if (!Comparable(runs)) return "not comparable";
  return std::string(analysis::ChangeName(runs.comparison.verdict));
}

std::string Number(double value, const std::string& unit) {
  return unit == "%" ? fmt::format("{:.2f} %", value) : fmt::format("{:.4g} {}", value, unit);
}

std::string ChangeText(const Comparison& row) {
  if (row.unit == "%") return fmt::format("{:+.2f} pp", row.relative);
  return fmt::format("{:+.1f} %", row.relative * 100);
}

std::string IntervalText(const Comparison& row) {
  if (!std::isfinite(row.difference.low) || !std::isfinite(row.difference.high)) return "-";
  return fmt::format("{:+.3g} .. {:+.3g}", row.difference.low, row.difference.high);
}

std::string Sentence(const ComparedRuns& runs) {
  const size_t rows = runs.comparison.rows.size();
  size_t worse = 0;
  size_t better = 0;
  for (const Comparison& row : runs.comparison.rows) {
    worse += row.change == Change::kWorse;
    better += row.change == Change::kBetter;
  }
  return fmt::format("{}: {} of {} figures worse, {} better", VerdictOf(runs), worse, rows, better);
}

std::string Method(const ComparedRuns& runs) {
  return fmt::format(
      "Intervals hold for all rows at once with {:g} % confidence; changes below {:g} % or {:g} ms "
      "count as the same. Requests of one moment are slow together: here {:.1f} times as many say "
      "as much as independent ones.",
      runs.options.confidence * 100, runs.options.min_change * 100, runs.options.min_change_ms,
      runs.comparison.design_effect);
}

std::string Colored(const std::string& text, Change change, bool color) {
  if (!color || (change != Change::kWorse && change != Change::kBetter)) return text;
  return fmt::format("\x1b[{}m{}\x1b[0m", change == Change::kWorse ? 31 : 32, text);
}

Json NumberOrNull(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

}  // namespace

std::string ComparisonTable(const ComparedRuns& runs, bool all, bool color) {
  std::vector<std::vector<std::string>> rows = {
      {"REQUESTS", "FIGURE", "BEFORE", "AFTER", "CHANGE", "INTERVAL", "VERDICT"}};
  size_t hidden = 0;
  size_t untold = 0;
  for (const Comparison& row : runs.comparison.rows) {
    const bool changed = row.change == Change::kWorse || row.change == Change::kBetter;
    if (!all && !changed && row.subject != "all requests") {
      ++(row.change == Change::kSame ? hidden : untold);
      continue;
    }
    rows.push_back({row.subject, row.measure, Number(row.before, row.unit),
                    Number(row.after, row.unit), ChangeText(row), IntervalText(row),
                    Colored(std::string(analysis::ChangeName(row.change)), row.change, color)});
  }
  std::string text = fmt::format("{} ({}) against {} ({})\n\n", runs.after.run_id,
                                 runs.after.script, runs.before.run_id, runs.before.script);
  text += AlignTable(rows);
  if (hidden > 0) {
    text += fmt::format("{} figures of single endpoints are the same (--all)\n", hidden);
  }
  if (untold > 0) {
    text += fmt::format("{} figures of single endpoints have too few samples (--all)\n", untold);
  }
  text += "\n" + Method(runs) + "\n";
  for (const std::string& remark : runs.comparison.remarks)
    text += fmt::format("Note: {}\n", remark);
  for (const std::string& why : runs.comparison.incomparable) {
    text += fmt::format("Not comparable: {}\n", why);
  }
  const Change verdict = Comparable(runs) ? runs.comparison.verdict : Change::kWorse;
  return text + Colored(Sentence(runs), verdict, color) + "\n";
}

std::string ComparisonJson(const ComparedRuns& runs) {
  Json out;
  out["before"] = {{"run", runs.before.run_id}, {"script", runs.before.script}};
  out["after"] = {{"run", runs.after.run_id}, {"script", runs.after.script}};
  out["verdict"] = VerdictOf(runs);
  out["comparable"] = Comparable(runs);
  out["incomparable"] = runs.comparison.incomparable;
  out["remarks"] = runs.comparison.remarks;
  out["confidence"] = runs.options.confidence;
  out["design_effect"] = runs.comparison.design_effect;
  out["rows"] = Json::array();
  for (const Comparison& row : runs.comparison.rows) {
    out["rows"].push_back({{"requests", row.subject},
                           {"figure", row.measure},
                           {"unit", row.unit},
                           {"before", row.before},
                           {"after", row.after},
                           {"change", row.relative},
                           {"difference_low", NumberOrNull(row.difference.low)},
                           {"difference_high", NumberOrNull(row.difference.high)},
                           {"verdict", analysis::ChangeName(row.change)}});
  }
  return out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string ComparisonMarkdown(const ComparedRuns& runs) {
  std::string text = fmt::format("## Load test: {}\n\n`{}` against `{}`\n\n", Sentence(runs),
                                 runs.after.run_id, runs.before.run_id);
  for (const std::string& why : runs.comparison.incomparable) {
    text += fmt::format("- **Not comparable:** {}\n", why);
  }
  for (const std::string& remark : runs.comparison.remarks) text += fmt::format("- {}\n", remark);
  text += "\n| requests | figure | before | after | change | interval | verdict |\n";
  text += "| --- | --- | ---: | ---: | ---: | ---: | --- |\n";
  for (const Comparison& row : runs.comparison.rows) {
    const bool marked = row.change == Change::kWorse || row.change == Change::kBetter;
    const std::string verdict(analysis::ChangeName(row.change));
    text += fmt::format("| `{}` | {} | {} | {} | {} | {} | {} |\n", row.subject, row.measure,
                        Number(row.before, row.unit), Number(row.after, row.unit), ChangeText(row),
                        IntervalText(row), marked ? "**" + verdict + "**" : verdict);
  }
  return text + "\n" + Method(runs) + "\n";
}

std::string ComparisonJunit(const ComparedRuns& runs) {
  std::string cases;
  size_t failures = 0;
  size_t count = 1;
  std::string why;
  for (const std::string& each : runs.comparison.incomparable) why += each + "\n";
  if (why.empty()) {
    cases += "    <testcase classname=\"compare\" name=\"comparable\"/>\n";
  } else {
    ++failures;
    cases += fmt::format(
        "    <testcase classname=\"compare\" name=\"comparable\">\n      <failure "
        "message=\"the runs cannot be compared\">{}</failure>\n    </testcase>\n",
        EscapeXml(why));
  }
  for (const Comparison& row : runs.comparison.rows) {
    ++count;
    const std::string name = EscapeXml(fmt::format("{} {}", row.subject, row.measure));
    if (row.change != Change::kWorse) {
      cases += fmt::format("    <testcase classname=\"compare\" name=\"{}\"/>\n", name);
      continue;
    }
    ++failures;
    cases += fmt::format(
        "    <testcase classname=\"compare\" name=\"{}\">\n      <failure "
        "message=\"{}\">{}</failure>\n    </testcase>\n",
        name,
        EscapeXml(fmt::format("{} -> {} ({})", Number(row.before, row.unit),
                              Number(row.after, row.unit), ChangeText(row))),
        EscapeXml("interval of the difference: " + IntervalText(row)));
  }
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  <testsuite name=\"kload "
      "compare\" "
      "tests=\"{}\" failures=\"{}\">\n{}  </testsuite>\n</testsuites>\n",
      count, failures, cases);
}

}  // namespace kload::kctl
