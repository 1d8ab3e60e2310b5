// HTTP digest authentication: the answer to a 401 (RFC 7616).
//
// Thread: pure functions.
// Source: RFC 7616 sections 3.3 and 3.4: MD5, SHA-256 and their -sess forms, qop auth or none. auth-int and userhash are
//         not spoken.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/http/message.h"

namespace kload::agent {

struct DigestChallenge {
  std::string realm;
  std::string nonce;
  std::string opaque;
  std::string algorithm = "MD5";
  bool qop_auth = false;
};

// What the first WWW-Authenticate header with a Digest challenge that can be answered asks for; nullopt when there is none.
std::optional<DigestChallenge> FindDigestChallenge(const http::HeaderBlock& headers);

// Who asks for what.
struct DigestRequest {
  std::string_view method;
  std::string_view uri;  // path and query, as sent
  std::string_view user;
  std::string_view password;
};
// The Authorization header. `cnonce`: fresh random text.
std::string DigestAuthorization(const DigestChallenge& challenge, const DigestRequest& request,
                                std::string_view cnonce);
// 16 random bytes in hex.
std::string NewClientNonce();

}  // namespace kload::agent
