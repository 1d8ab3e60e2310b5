#include "common/wire/bundle_wire.h"

#include <fmt/format.h>

namespace kload::wire {

v1::Bundle EncodeBundle(const k6::Bundle& bundle) {
  v1::Bundle message;
  message.set_main(bundle.main);
  message.mutable_files()->insert(bundle.files.begin(), bundle.files.end());
  message.set_sha256(k6::HashOf(bundle));
  return message;
}

absl::StatusOr<k6::Bundle> DecodeBundle(const v1::Bundle& message) {
  k6::Bundle bundle;
  bundle.main = message.main();
  bundle.files.insert(message.files().begin(), message.files().end());
  if (!bundle.files.contains(bundle.main)) {
    return absl::InvalidArgumentError(
        fmt::format("the bundle's main script \"{}\" is not among its {} files", bundle.main,
                    bundle.files.size()));
  }
  if (const std::string hash = k6::HashOf(bundle); hash != message.sha256()) {
    return absl::DataLossError(
        fmt::format("the bundle of \"{}\" arrived changed: its hash is {}, expected {}",
                    bundle.main, hash, message.sha256()));
  }
  return bundle;
}

}  // namespace kload::wire
