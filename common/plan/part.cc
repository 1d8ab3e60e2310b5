#include "common/plan/part.h"

#include "common/base/check.h"

namespace kload {

Slice ShareOfSlice(Slice slice, uint32_t share, uint32_t shares) {
  KLOAD_CHECK(share < shares, "a share's index is below their number");
  KLOAD_CHECK(uint64_t{slice.count} * shares <= kSliceCountMax, "a plan is cut too finely");
  return {slice.index + share * slice.count, slice.count * shares};
}

bool Contains(Slice outer, Slice inner) {
  return inner.count % outer.count == 0 && inner.index % outer.count == outer.index;
}

}  // namespace kload
