#include "kctl/findings_text.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace kload::kctl {
namespace {

using analysis::Severity;
using analysis::Symptom;
using Json = nlohmann::ordered_json;

int ColorOf(Severity severity) {
  switch (severity) {
    case Severity::kInfo:
      return 36;
    case Severity::kWarning:
      return 33;
    case Severity::kProblem:
      return 31;
  }
  return 0;
}

}  // namespace

std::string FindingsText(const std::vector<Symptom>& symptoms, bool color) {
  if (symptoms.empty()) return "";
  std::string text = "\nFINDINGS\n";
  for (const Symptom& symptom : symptoms) {
    const std::string title =
        fmt::format("{}: {}", analysis::SeverityName(symptom.severity), symptom.title);
    text += color ? fmt::format("  \x1b[{}m{}\x1b[0m\n", ColorOf(symptom.severity), title)
                  : fmt::format("  {}\n", title);
    text += fmt::format("    {}\n    look at: {}\n", symptom.evidence, symptom.next);
  }
  return text;
}

std::string FindingsJson(const std::vector<Symptom>& symptoms) {
  Json out = Json::array();
  for (const Symptom& symptom : symptoms) {
    out.push_back({{"id", symptom.id},
                   {"severity", analysis::SeverityName(symptom.severity)},
                   {"title", symptom.title},
                   {"evidence", symptom.evidence},
                   {"next", symptom.next}});
  }
  return out.dump(2, ' ', false, Json::error_handler_t::replace);
}

}  // namespace kload::kctl
