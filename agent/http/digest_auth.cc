#include "agent/http/digest_auth.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <map>

#include "common/base/ascii.h"

namespace kload::agent {
namespace {

constexpr std::string_view kCount = "00000001";  // a nonce is used once

std::string Hex(const unsigned char* bytes, size_t size) {
  std::string hex;
  for (size_t i = 0; i < size; ++i) hex += fmt::format("{:02x}", bytes[i]);
  return hex;
}

std::string Hash(const std::string& algorithm, const std::string& text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  const EVP_MD* const md = algorithm.starts_with("SHA-256") ? EVP_sha256() : EVP_md5();
  EVP_Digest(text.data(), text.size(), digest.data(), &size, md, nullptr);
  return Hex(digest.data(), size);
}

void SkipSpace(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t,"), text.size()));
}

// The value behind a name's =, quoted or not; taken off `text`.
std::string TakeValue(std::string_view& text) {
  std::string value;
  if (!text.starts_with('"')) {
    value = text.substr(0, text.find_first_of(" \t,"));
    text.remove_prefix(value.size());
    return value;
  }
  size_t i = 1;
  for (; i < text.size() && text[i] != '"'; ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) ++i;
    value += text[i];
  }
  text.remove_prefix(std::min(i + 1, text.size()));
  return value;
}

// The parameters behind the word Digest. Ends at what is none: the next challenge.
std::map<std::string, std::string> ReadParameters(std::string_view text) {
  std::map<std::string, std::string> parameters;
  SkipSpace(text);
  while (!text.empty()) {
    const size_t end = text.find_first_of("= \t,");
    if (end == std::string_view::npos || text[end] != '=') break;
    std::string name = Lower(text.substr(0, end));
    text.remove_prefix(end + 1);
    parameters[std::move(name)] = TakeValue(text);
    SkipSpace(text);
  }
  return parameters;
}

bool HasAuth(const std::string& qop) {
  std::string_view rest = qop;
  SkipSpace(rest);
  while (!rest.empty()) {
    const std::string_view word = rest.substr(0, rest.find_first_of(" \t,"));
    if (EqualsIgnoringCase(word, "auth")) return true;
    rest.remove_prefix(word.size());
    SkipSpace(rest);
  }
  return false;
}

std::optional<DigestChallenge> ReadChallenge(std::string_view header) {
  constexpr std::string_view kScheme = "digest ";
  size_t at = 0;
  while (at + kScheme.size() <= header.size() &&
         !(EqualsIgnoringCase(header.substr(at, kScheme.size()), kScheme) &&
           (at == 0 || header[at - 1] == ' ' || header[at - 1] == ','))) {
    ++at;
  }
  if (at + kScheme.size() > header.size()) return std::nullopt;
  std::map<std::string, std::string> found = ReadParameters(header.substr(at + kScheme.size()));
  DigestChallenge challenge;
  challenge.realm = found["realm"];
  challenge.nonce = found["nonce"];
  challenge.opaque = found["opaque"];
  if (!found["algorithm"].empty()) challenge.algorithm = found["algorithm"];
  std::transform(
      challenge.algorithm.begin(), challenge.algorithm.end(), challenge.algorithm.begin(),
      [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  challenge.qop_auth = HasAuth(found["qop"]);
  const std::string& algorithm = challenge.algorithm;
  const bool known = algorithm == "MD5" || algorithm == "MD5-SESS" || algorithm == "SHA-256" ||
                     algorithm == "SHA-256-SESS";
  // A server that insists on auth-int cannot be answered.
  if (!known || challenge.nonce.empty() || (!challenge.qop_auth && !found["qop"].empty())) {
    return std::nullopt;
  }
  return challenge;
}

std::string Quoted(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + '"';
}

}  // namespace

std::optional<DigestChallenge> FindDigestChallenge(const http::HeaderBlock& headers) {
  for (const auto& [name, value] : headers) {
    if (!EqualsIgnoringCase(name, "www-authenticate")) continue;
    if (auto challenge = ReadChallenge(value)) return challenge;
  }
  return std::nullopt;
}

std::string DigestAuthorization(const DigestChallenge& challenge, const DigestRequest& request,
                                std::string_view cnonce) {
  const std::string& algorithm = challenge.algorithm;
  std::string secret =
      Hash(algorithm, fmt::format("{}:{}:{}", request.user, challenge.realm, request.password));
  if (algorithm.ends_with("-SESS")) {
    secret = Hash(algorithm, fmt::format("{}:{}:{}", secret, challenge.nonce, cnonce));
  }
  const std::string asked = Hash(algorithm, fmt::format("{}:{}", request.method, request.uri));
  const std::string response =
      challenge.qop_auth ? Hash(algorithm, fmt::format("{}:{}:{}:{}:auth:{}", secret,
                                                       challenge.nonce, kCount, cnonce, asked))
                         : Hash(algorithm, fmt::format("{}:{}:{}", secret, challenge.nonce, asked));
  std::string header =
      fmt::format("Digest username={}, realm={}, nonce={}, uri={}, response=\"{}\", algorithm={}",
                  Quoted(request.user), Quoted(challenge.realm), Quoted(challenge.nonce),
                  Quoted(request.uri), response,
                  algorithm.ends_with("-SESS") ? algorithm.substr(0, algorithm.size() - 5) + "-sess"
                                               : algorithm);
  if (!challenge.opaque.empty()) header += ", opaque=" + Quoted(challenge.opaque);
  if (challenge.qop_auth || algorithm.ends_with("-SESS")) {
    header += fmt::format(", cnonce={}", Quoted(cnonce));
  }
  if (challenge.qop_auth) header += fmt::format(", qop=auth, nc={}", kCount);
  return header;
}

std::string NewClientNonce() {
  std::array<unsigned char, 16> bytes{};
  RAND_bytes(bytes.data(), static_cast<int>(bytes.size()));
  return Hex(bytes.data(), bytes.size());
}

}  // namespace kload::agent
