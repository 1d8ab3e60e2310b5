// Bearer tokens that need no table: the user's e-mail, signed with a key of this process.
//
// Thread: any; constant after construction.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace kload::target {

class TokenSigner {
 public:
  // Draws a random key: tokens end with the process.
  TokenSigner();
  // "kt.<hex of e-mail>.<hex of HMAC-SHA256>".
  std::string Sign(std::string_view email) const;
  // The e-mail of an `Authorization: Bearer ...` value; nullopt when it is missing or not ours.
  std::optional<std::string> Verify(std::string_view authorization) const;

 private:
  std::string key_;
};

}  // namespace kload::target
