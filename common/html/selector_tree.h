// What a selector is once it is parsed: alternatives of compounds that are joined by combinators. Shared by the parser
// and the matcher only.
#pragma once

#include <re2/re2.h>

#include <memory>
#include <string>
#include <vector>

namespace kload::html {

struct SelectorList;

enum class Test {
  kType,
  kId,
  kClass,
  kAttribute,
  // ---- pseudo-classes ----
  kNthChild,  // all of :first-child, :nth-last-of-type() ... are counts
  kOnlyChild,
  kEmpty,
  kRoot,
  kInput,
  kChecked,
  kEnabled,
  kDisabled,
  kLink,
  kLang,
  kContains,
  kMatchesRegex,
  kNot,
  kIs,
  kHas,
  kHasChild,
  kNever,  // what a page without a user never is: :hover
};

enum class AttributeOp {
  kExists,
  kEquals,
  kNotEquals,
  kWord,
  kDash,
  kPrefix,
  kSuffix,
  kPart,
  kRegex
};

struct Simple {
  Test test = Test::kType;
  std::string name;   // of the type ("" for *), id, class, attribute
  std::string value;  // to compare with; lower case when `ignore_case`
  AttributeOp op = AttributeOp::kExists;
  bool ignore_case = false;
  bool own = false;      // :containsOwn(), :matchesOwn(): texts of child nodes only
  bool of_type = false;  // counts siblings of the same name only
  bool from_end = false;
  int step = 0;    // a in an+b
  int offset = 0;  // b
  std::shared_ptr<const SelectorList> inner;
  std::shared_ptr<const re2::RE2> regex;
};

enum class Combinator { kDescendant, kChild, kNext, kSubsequent };

struct Compound {
  // To what is on its left; of the first compound: to the scope, if `anchored`.
  Combinator combinator = Combinator::kDescendant;
  std::vector<Simple> tests;
};

struct Complex {
  bool anchored = false;  // begins with a combinator
  std::vector<Compound> compounds;
};

struct SelectorList {
  std::vector<Complex> alternatives;
};

}  // namespace kload::html
