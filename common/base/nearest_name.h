// "Did you mean ...?"
//
// Thread: pure function.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kload {

// The known name that a misspelt one is nearest to, letters' case aside: with at most a quarter of its characters (two, if it
// is short) inserted, removed or replaced. Nothing when none is near.
std::optional<std::string> NearestName(std::string_view name,
                                       const std::vector<std::string_view>& known);

}  // namespace kload
