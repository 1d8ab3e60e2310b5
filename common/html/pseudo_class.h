// The pseudo-classes that selectors know. A new one is a line in the table of pseudo_class.cc and a case in the matcher.
#pragma once

#include <string_view>

#include "common/html/selector_tree.h"

namespace kload::html {

// What stands in the brackets behind the name.
enum class Argument { kNone, kNth, kSelectors, kText, kRegex };

struct PseudoClass {
  std::string_view name;  // lower case
  Test test;
  Argument argument = Argument::kNone;
  bool own = false;  // this and the next two: as in Simple
  bool of_type = false;
  bool from_end = false;
};

// `name` in lower case; null: there is no such class.
const PseudoClass* FindPseudoClass(std::string_view name);

}  // namespace kload::html
