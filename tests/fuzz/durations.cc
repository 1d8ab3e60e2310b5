// Durations as scripts and flags write them.
#include <string_view>

#include "common/base/check.h"
#include "common/base/duration.h"
#include "tests/fuzz/target.h"

KLOAD_FUZZ(text) {
  for (const kload::BareNumber bare :
       {kload::BareNumber::kRefused, kload::BareNumber::kMilliseconds}) {
    const auto duration = kload::ParseDuration(text, bare);
    if (!duration.ok()) continue;
    // What is written out is read back as the same.
    const auto again =
        kload::ParseDuration(kload::FormatDuration(*duration), kload::BareNumber::kRefused);
    KLOAD_CHECK(again.ok() && *again == *duration, "a duration survives being written out");
  }
}
