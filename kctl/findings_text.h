// Symptoms for people and programs.
//
// Thread: pure functions.
#pragma once

#include <string>
#include <vector>

#include "common/analysis/findings.h"

namespace kload::kctl {

// Three lines for each: what, the evidence, what to look at. Empty without any.
std::string FindingsText(const std::vector<analysis::Symptom>& symptoms, bool color);

// An array of objects: id, severity, title, evidence, next.
std::string FindingsJson(const std::vector<analysis::Symptom>& symptoms);

}  // namespace kload::kctl
