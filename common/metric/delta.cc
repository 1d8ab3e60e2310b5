#include "common/metric/delta.h"

#include <algorithm>

namespace kload {

const std::string* FindTag(const Tags& tags, std::string_view name) {
  const auto tag = std::lower_bound(tags.begin(), tags.end(), name,
                                    [](const auto& a, std::string_view b) { return a.first < b; });
  return tag != tags.end() && tag->first == name ? &tag->second : nullptr;
}

}  // namespace kload
