#include "common/wire/bundle_wire.h"

#include <gtest/gtest.h>

#include "common/base/status.h"

namespace kload::wire {
namespace {

k6::Bundle Script() {
  return {"/test.js", {{"/test.js", "import './lib.js'"}, {"/lib.js", std::string("\0\xff", 2)}}};
}

TEST(BundleWireTest, DecodeUndoesEncode) {
  const absl::StatusOr<k6::Bundle> decoded = DecodeBundle(EncodeBundle(Script()));
  ASSERT_TRUE(decoded.ok()) << Message(decoded.status());
  EXPECT_EQ(decoded->main, Script().main);
  EXPECT_EQ(decoded->files, Script().files);
}

TEST(BundleWireTest, RefusesChangedContentAndAMissingScript) {
  v1::Bundle message = EncodeBundle(Script());
  (*message.mutable_files())["/lib.js"] = "other";
  EXPECT_EQ(DecodeBundle(message).status().code(), absl::StatusCode::kDataLoss);
  message = EncodeBundle(Script());
  message.set_main("/none.js");
  EXPECT_EQ(DecodeBundle(message).status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace kload::wire
