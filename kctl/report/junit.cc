#include "kctl/report/junit.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace kload::kctl {
namespace {

enum class Outcome { kPassed, kFailed, kError, kSkipped };

struct TestCase {
  std::string name;
  Outcome outcome = Outcome::kPassed;
  std::string message = {};  // of all but a pass
  std::string output = {};   // worth knowing, whatever the outcome
};

struct Suite {
  std::string name;
  std::vector<TestCase> cases;
};

size_t CountOf(const Suite& suite, Outcome outcome) {
  return static_cast<size_t>(
      std::count_if(suite.cases.begin(), suite.cases.end(),
                    [&](const TestCase& each) { return each.outcome == outcome; }));
}

Suite RunSuite(const Result& result) {
  const Verdict verdict = VerdictOf(result);
  TestCase test{"ends as planned"};
  // A failed threshold has a case of its own.
  if (!result.finished() || (result.exit_code != 0 && result.exit_code != 99)) {
    test.outcome = Outcome::kError;
    test.message =
        fmt::format("{} (exit code {}) {}", verdict.text, result.exit_code, result.message);
  }
  return {"run", {std::move(test)}};
}

Suite SoundnessSuite(const Result& result) {
  Suite suite{"soundness", {}};
  if (!result.summary) return suite;
  const Soundness& soundness = result.summary->soundness;
  TestCase test{"the result can be believed"};
  for (const Finding& finding : soundness.findings) test.output += finding.reason + "\n";
  const std::string label(SoundnessName(soundness.label));
  if (soundness.label == SoundnessLabel::kInvalid) {
    test.outcome = Outcome::kFailed;
    test.message = label + ": " + test.output;
  } else if (soundness.label == SoundnessLabel::kNotJudged) {
    test.outcome = Outcome::kSkipped;
    test.message = "not judged";
  } else {
    test.output = label + "\n" + test.output;
  }
  suite.cases.push_back(std::move(test));
  return suite;
}

Suite ThresholdsSuite(const Result& result) {
  Suite suite{"thresholds", {}};
  for (const ThresholdRow& row : ThresholdRows(result)) {
    TestCase test{row.metric + ": " + row.expression};
    if (!row.ok) {
      test.outcome = Outcome::kFailed;
      test.message = fmt::format("observed {}, wanted {}", row.observed, row.expression);
    }
    suite.cases.push_back(std::move(test));
  }
  return suite;
}

Suite TargetsSuite(const Report& report) {
  Suite suite{"targets", {}};
  for (const analysis::TargetRow& row : report.targets) {
    TestCase test{row.group + ": " + row.name};
    if (row.verdict == analysis::TargetVerdict::kUnknown) {
      test.outcome = Outcome::kSkipped;
      test.message = row.detail.empty() ? row.measured : row.detail;
    } else if (row.verdict != analysis::TargetVerdict::kMet) {
      test.outcome = Outcome::kFailed;
      test.message =
          fmt::format("{}: measured {}, wanted {}", analysis::TargetVerdictName(row.verdict),
                      row.measured, row.target);
      if (!row.critical.empty()) test.message += ", critical " + row.critical;
    }
    suite.cases.push_back(std::move(test));
  }
  return suite;
}

Suite ChecksSuite(const Result& result) {
  Suite suite{"checks", {}};
  for (const CheckRow& row : CheckRows(result)) {
    TestCase test{row.name};
    const uint64_t all = row.passes + row.fails;
    if (row.fails > 0) {
      test.outcome = Outcome::kFailed;
      test.message =
          fmt::format("{} of {} failed ({})", CountText(row.fails), CountText(all),
                      ShareText(static_cast<double>(row.fails) / static_cast<double>(all)));
    }
    suite.cases.push_back(std::move(test));
  }
  return suite;
}

std::string CaseXml(const TestCase& test, const std::string& suite) {
  std::string inner;
  const std::string message = EscapeXml(test.message);
  switch (test.outcome) {
    case Outcome::kPassed:
      break;
    case Outcome::kFailed:
      inner = fmt::format("      <failure message=\"{0}\">{0}</failure>\n", message);
      break;
    case Outcome::kError:
      inner = fmt::format("      <error message=\"{0}\">{0}</error>\n", message);
      break;
    case Outcome::kSkipped:
      inner = fmt::format("      <skipped message=\"{}\"/>\n", message);
      break;
  }
  if (!test.output.empty()) {
    inner += fmt::format("      <system-out>{}</system-out>\n", EscapeXml(test.output));
  }
  const std::string head =
      fmt::format("    <testcase classname=\"kload.{}\" name=\"{}\"", suite, EscapeXml(test.name));
  return inner.empty() ? head + "/>\n" : head + ">\n" + inner + "    </testcase>\n";
}

std::string SuiteXml(const Suite& suite, const Result& result) {
  std::string text = fmt::format(
      "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" "
      "time=\"{:.3f}\" timestamp=\"{}\">\n",
      suite.name, suite.cases.size(), CountOf(suite, Outcome::kFailed),
      CountOf(suite, Outcome::kError), CountOf(suite, Outcome::kSkipped),
      std::chrono::duration<double>(result.duration).count(), UtcText(result.started_unix));
  for (const TestCase& test : suite.cases) text += CaseXml(test, suite.name);
  return text + "  </testsuite>\n";
}

// Length of the UTF-8 character at `at` that XML may hold; 0: there is none.
size_t CharacterAt(std::string_view text, size_t at) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[at + i]); };
  const unsigned first = byte(0);
  if (first < 0x80) return first >= 0x20 || first == '\t' || first == '\n' || first == '\r';
  const size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() - at < length) return 0;
  uint32_t code = first & (0xffU >> (length + 1));
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0U) != 0x80U) return 0;
    code = code << 6 | (byte(i) & 0x3fU);
  }
  constexpr uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = code >= 0xd800 && code < 0xe000;
  const bool allowed =
      code >= kLeast[length] && code <= 0x10ffff && !surrogate && code != 0xfffe && code != 0xffff;
  return allowed ? length : 0;
}

}  // namespace

std::string EscapeXml(std::string_view text) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const size_t length = CharacterAt(text, at);
    if (length == 0) {
      out += "\xef\xbf\xbd";
      ++at;
      continue;
    }
    const char c = text[at];
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else if (c == '"') {
      out += "&quot;";
    } else if (c == '\t' || c == '\n' || c == '\r') {
      // As such, an attribute would have a space in their place.
      out += fmt::format("&#{};", static_cast<int>(c));
    } else {
      out += text.substr(at, length);
    }
    at += length;
  }
  return out;
}

std::string ReportJunit(const Report& report) {
  const Result& result = report.result;
  std::string suites;
  size_t tests = 0;
  size_t failures = 0;
  size_t errors = 0;
  for (const Suite& suite : {RunSuite(result), SoundnessSuite(result), ThresholdsSuite(result),
                             TargetsSuite(report), ChecksSuite(result)}) {
    if (suite.cases.empty()) continue;
    tests += suite.cases.size();
    failures += CountOf(suite, Outcome::kFailed);
    errors += CountOf(suite, Outcome::kError);
    suites += SuiteXml(suite, result);
  }
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<testsuites name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\">\n{}</testsuites>\n",
      EscapeXml(fmt::format("kload {} {}", result.script, result.run_id)), tests, failures, errors,
      suites);
}

}  // namespace kload::kctl
