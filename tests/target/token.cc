#include "tests/target/token.h"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <boost/algorithm/hex.hpp>
#include <iterator>

#include "common/base/check.h"

namespace kload::target {
namespace {

constexpr std::string_view kBearer = "Bearer ";
constexpr std::string_view kPrefix = "kt.";
constexpr size_t kKeyBytes = 32;
constexpr size_t kTokenMax = 1024;  // longer ones are refused unread

std::string Hex(std::string_view bytes) {
  std::string hex;
  boost::algorithm::hex_lower(bytes.begin(), bytes.end(), std::back_inserter(hex));
  return hex;
}

}  // namespace

TokenSigner::TokenSigner() : key_(kKeyBytes, '\0') {
  KLOAD_CHECK(RAND_bytes(reinterpret_cast<unsigned char*>(key_.data()), kKeyBytes) == 1,
              "OpenSSL has no random bytes");
}

std::string TokenSigner::Sign(std::string_view email) const {
  unsigned char mac[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  HMAC(EVP_sha256(), key_.data(), static_cast<int>(key_.size()),
       reinterpret_cast<const unsigned char*>(email.data()), email.size(), mac, &size);
  return fmt::format("{}{}.{}", kPrefix, Hex(email),
                     Hex({reinterpret_cast<const char*>(mac), size}));
}

std::optional<std::string> TokenSigner::Verify(std::string_view authorization) const {
  if (!authorization.starts_with(kBearer)) return std::nullopt;
  const std::string_view token = authorization.substr(kBearer.size());
  if (!token.starts_with(kPrefix) || token.size() > kTokenMax) return std::nullopt;
  const std::string_view body = token.substr(kPrefix.size());
  std::string email;
  try {
    const std::string_view hex = body.substr(0, body.find('.'));
    boost::algorithm::unhex(hex.begin(), hex.end(), std::back_inserter(email));
  } catch (const boost::algorithm::hex_decode_error&) {
    return std::nullopt;
  }
  const std::string expected = Sign(email);
  if (expected.size() != token.size()) return std::nullopt;
  if (CRYPTO_memcmp(expected.data(), token.data(), token.size()) != 0) return std::nullopt;
  return email;
}

}  // namespace kload::target
