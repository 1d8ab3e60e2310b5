// The YAML of a test, by the names that this folder knows it by.
#pragma once

#include "common/yaml/document.h"

namespace kload::artillery {

using yaml::Member;
using yaml::MergeOver;
using yaml::ParseDocument;
using yaml::Place;
using yaml::Shown;
using yaml::ToJson;
using yaml::ToString;
using yaml::Value;

}  // namespace kload::artillery
