#include "common/html/pseudo_class.h"

#include <algorithm>
#include <array>

namespace kload::html {
namespace {

constexpr std::array kPseudoClasses = {
    PseudoClass{"first-child", Test::kNthChild},
    PseudoClass{.name = "last-child", .test = Test::kNthChild, .from_end = true},
    PseudoClass{.name = "first-of-type", .test = Test::kNthChild, .of_type = true},
    PseudoClass{.name = "last-of-type", .test = Test::kNthChild, .of_type = true, .from_end = true},
    PseudoClass{"nth-child", Test::kNthChild, Argument::kNth},
    PseudoClass{.name = "nth-last-child",
                .test = Test::kNthChild,
                .argument = Argument::kNth,
                .from_end = true},
    PseudoClass{.name = "nth-of-type",
                .test = Test::kNthChild,
                .argument = Argument::kNth,
                .of_type = true},
    PseudoClass{.name = "nth-last-of-type",
                .test = Test::kNthChild,
                .argument = Argument::kNth,
                .of_type = true,
                .from_end = true},
    PseudoClass{"only-child", Test::kOnlyChild},
    PseudoClass{.name = "only-of-type", .test = Test::kOnlyChild, .of_type = true},
    PseudoClass{"empty", Test::kEmpty},
    PseudoClass{"root", Test::kRoot},
    PseudoClass{"input", Test::kInput},
    PseudoClass{"checked", Test::kChecked},
    PseudoClass{"selected", Test::kChecked},
    PseudoClass{"enabled", Test::kEnabled},
    PseudoClass{"disabled", Test::kDisabled},
    PseudoClass{"link", Test::kLink},
    PseudoClass{"lang", Test::kLang, Argument::kText},
    PseudoClass{"contains", Test::kContains, Argument::kText},
    PseudoClass{"containsown", Test::kContains, Argument::kText, true},
    PseudoClass{"matches", Test::kMatchesRegex, Argument::kRegex},
    PseudoClass{"matchesown", Test::kMatchesRegex, Argument::kRegex, true},
    PseudoClass{"not", Test::kNot, Argument::kSelectors},
    PseudoClass{"is", Test::kIs, Argument::kSelectors},
    PseudoClass{"where", Test::kIs, Argument::kSelectors},
    PseudoClass{"has", Test::kHas, Argument::kSelectors},
    PseudoClass{"haschild", Test::kHasChild, Argument::kSelectors},
    PseudoClass{"visited", Test::kNever},
    PseudoClass{"hover", Test::kNever},
    PseudoClass{"active", Test::kNever},
    PseudoClass{"focus", Test::kNever},
    PseudoClass{"target", Test::kNever},
};

}  // namespace

const PseudoClass* FindPseudoClass(std::string_view name) {
  const auto* known = std::find_if(kPseudoClasses.begin(), kPseudoClasses.end(),
                                   [&](const PseudoClass& p) { return p.name == name; });
  return known == kPseudoClasses.end() ? nullptr : known;
}

}  // namespace kload::html
