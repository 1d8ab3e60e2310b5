#include "common/base/check.h"

#include <cstdio>
#include <cstdlib>

namespace kload {

void CheckFailed(const char* file, int line, const char* condition, std::string_view why) {
  std::fprintf(stderr, "%s:%d: broken invariant: %s (%.*s). Please report this.\n", file, line,
               condition, static_cast<int>(why.size()), why.data());
  std::abort();
}

}  // namespace kload
