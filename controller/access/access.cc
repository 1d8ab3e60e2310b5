#include "controller/access/access.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <vector>

#include "common/security/certificates.h"

namespace kload::controller {
namespace {

constexpr std::string_view kBearer = "Bearer ";
constexpr std::string_view kBasic = "Basic ";
constexpr size_t kHeaderMax = 4096;

// Of the certificate that the caller has shown and TLS has checked; empty when there is none.
std::string CertifiedName(const grpc::ServerContextBase& context) {
  const auto peer = context.auth_context();
  if (peer == nullptr || !peer->IsPeerAuthenticated()) return "";
  const std::vector<grpc::string_ref> names = peer->FindPropertyValues(GRPC_X509_CN_PROPERTY_NAME);
  return names.empty() ? "" : std::string(names.front().data(), names.front().size());
}

std::string_view TokenOf(std::string_view authorization) {
  return authorization.starts_with(kBearer) ? authorization.substr(kBearer.size())
                                            : std::string_view();
}

std::string_view TokenOf(const grpc::ServerContextBase& context) {
  const auto& metadata = context.client_metadata();
  const auto found = metadata.find("authorization");
  if (found == metadata.end()) return {};
  return TokenOf(std::string_view(found->second.data(), found->second.size()));
}

// The password of Basic credentials; empty when they are none.
std::string PasswordOf(std::string_view encoded) {
  if (encoded.empty() || encoded.size() > kHeaderMax) return "";
  std::string decoded(encoded.size(), '\0');
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(decoded.data()),
                                   reinterpret_cast<const unsigned char*>(encoded.data()),
                                   static_cast<int>(encoded.size()));
  if (size < 0) return "";
  decoded.resize(static_cast<size_t>(size));
  // What stands for the padding.
  decoded.erase(std::find(decoded.begin(), decoded.end(), '\0'), decoded.end());
  const size_t colon = decoded.find(':');
  return colon == std::string::npos ? "" : decoded.substr(colon + 1);
}

grpc::Status Unauthenticated(std::string why) {
  return {grpc::StatusCode::UNAUTHENTICATED, std::move(why)};
}

}  // namespace

grpc::Status Access::CheckAgent(const grpc::ServerContextBase& context) const {
  if (!certified_) return grpc::Status::OK;
  const std::string name = CertifiedName(context);
  if (name == kAgentName || name.starts_with(std::string(kAgentName) + ":")) {
    return grpc::Status::OK;
  }
  return Unauthenticated(
      name.empty() ? "this controller takes agents with a certificate of its cluster only: start "
                     "kload-agent with --certs DIR"
                   : fmt::format("the certificate of \"{}\" is not an agent's", name));
}

grpc::Status Access::Check(const grpc::ServerContextBase& context, Role needed) const {
  if (!certified_ && !tokens_) return grpc::Status::OK;
  if (certified_ && CertifiedName(context) == kOperatorName) return grpc::Status::OK;
  const std::string_view token = TokenOf(context);
  if (token.empty()) {
    return Unauthenticated(
        "this controller asks who you are: set KCTL_TOKEN or KCTL_TOKEN_FILE to a token of `kctl "
        "token create`, or KCTL_CERTS to a folder with the operator's certificate");
  }
  const std::optional<Role> role = tokens_ ? tokens_->Find(token) : std::nullopt;
  if (!role) return Unauthenticated("this token is nobody's here; ask for another one");
  if (*role >= needed) return grpc::Status::OK;
  return {grpc::StatusCode::PERMISSION_DENIED,
          fmt::format("this token is a {}'s; only an {} may do that", RoleName(*role),
                      RoleName(needed))};
}

bool Access::MayLook(std::string_view authorization) const {
  if (!tokens_) return true;
  if (authorization.starts_with(kBasic)) {
    return tokens_->Find(PasswordOf(authorization.substr(kBasic.size()))).has_value();
  }
  return tokens_->Find(TokenOf(authorization)).has_value();
}

}  // namespace kload::controller
