#include "common/plan/part.h"

#include <gtest/gtest.h>

namespace kload {
namespace {

TEST(PartTest, SharesOfASliceAreTheSlice) {
  for (uint32_t count = 1; count <= 5; ++count) {
    for (uint32_t index = 0; index < count; ++index) {
      const Slice slice{index, count};
      for (uint32_t shares = 1; shares <= 4; ++shares) {
        for (int64_t vu = 0; vu < 200; ++vu) {
          int owners = 0;
          for (uint32_t share = 0; share < shares; ++share) {
            owners += Owns(ShareOfSlice(slice, share, shares), vu) ? 1 : 0;
          }
          EXPECT_EQ(owners, Owns(slice, vu) ? 1 : 0);
        }
      }
    }
  }
}

TEST(PartTest, SharesCanBeSharedAgain) {
  const Slice slice{1, 3};
  const Slice once = ShareOfSlice(slice, 1, 2);
  const Slice twice = ShareOfSlice(once, 2, 3);
  EXPECT_TRUE(Contains(slice, slice));
  EXPECT_TRUE(Contains(slice, once));
  EXPECT_TRUE(Contains(once, twice));
  EXPECT_TRUE(Contains(slice, twice));
  EXPECT_FALSE(Contains(once, slice));
  EXPECT_FALSE(Contains(ShareOfSlice(slice, 0, 2), twice));
  EXPECT_FALSE(Contains(Slice{0, 2}, Slice{1, 3}));
}

}  // namespace
}  // namespace kload
