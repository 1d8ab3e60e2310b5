#include "common/base/nearest_name.h"

#include <gtest/gtest.h>

namespace kload {
namespace {

TEST(NearestName, KnowsWhatWasMeant) {
  EXPECT_EQ(NearestName("arivalrate", {"arrivalRate", "arrivalCount"}), "arrivalRate");
  EXPECT_EQ(NearestName("zzz", {"arrivalRate", "name"}), std::nullopt);
}

}  // namespace
}  // namespace kload
