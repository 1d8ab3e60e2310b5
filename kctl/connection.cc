#include "kctl/connection.h"

#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <system_error>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "common/security/certificates.h"
#include "common/security/loopback.h"
#include "kctl/environment.h"
#include "kctl/read_file.h"

namespace kload::kctl {
namespace {

using Json = nlohmann::ordered_json;

// Nothing when there is no file.
absl::StatusOr<Connection> ReadConnectionFile(const std::string& path) {
  if (path.empty()) return Connection{};
  const absl::StatusOr<std::string> text = ReadFile(path);
  if (absl::IsNotFound(text.status())) return Connection{};
  if (!text.ok()) return text.status();
  absl::StatusOr<Connection> connection = ParseConnection(*text);
  if (!connection.ok()) return Annotate(connection.status(), path);
  return connection;
}

absl::Status UseFolder(const std::string& folder, Connection& connection) {
  const std::filesystem::path path(folder);
  std::error_code error;
  connection.certificate.clear();
  connection.key.clear();
  if (std::filesystem::exists(path / "operator.pem", error)) {
    KLOAD_ASSIGN_OR_RETURN(Identity identity,
                           ReadIdentity(folder, "operator", SystemClock().UnixNow()));
    connection.ca = std::move(identity.ca);
    connection.certificate = std::move(identity.certificate);
    connection.key = std::move(identity.key);
    return absl::OkStatus();
  }
  // Who has only the authority's certificate comes with a token.
  KLOAD_ASSIGN_OR_RETURN(connection.ca, ReadFile((path / "ca.pem").string()));
  return absl::OkStatus();
}

std::string Trimmed(std::string text) {
  const size_t end = text.find_last_not_of(" \t\r\n");
  text.erase(end == std::string::npos ? 0 : end + 1);
  return text;
}

}  // namespace

absl::StatusOr<Connection> ResolveConnection(const GlobalFlags& global,
                                             const std::vector<std::string>& environment) {
  const std::string path = ConnectionFile(environment);
  KLOAD_ASSIGN_OR_RETURN(Connection connection, ReadConnectionFile(path));
  if (connection.address.empty()) connection.address = kDefaultController;
  if (!global.controller.empty() && global.controller != connection.address) {
    connection = {};
    connection.address = global.controller;
  }
  const std::string folder =
      global.certs.empty() ? VariableOf(environment, "KCTL_CERTS") : global.certs;
  if (!folder.empty()) {
    const absl::Status used = UseFolder(folder, connection);
    if (!used.ok()) return Annotate(used, "--certs, KCTL_CERTS");
  }
  if (const std::string token = VariableOf(environment, "KCTL_TOKEN"); !token.empty()) {
    connection.token = token;
  } else if (const std::string file = VariableOf(environment, "KCTL_TOKEN_FILE"); !file.empty()) {
    absl::StatusOr<std::string> text = ReadFile(file);
    if (!text.ok()) return Annotate(text.status(), "KCTL_TOKEN_FILE");
    connection.token = Trimmed(*std::move(text));
  }
  if (!connection.token.empty() && connection.ca.empty() && !IsLoopback(connection.address)) {
    return absl::InvalidArgumentError(fmt::format(
        "the token for {} would go over the network in the clear: name the controller's "
        "certificates by --certs DIR or KCTL_CERTS",
        connection.address));
  }
  return connection;
}

std::string ConnectionFile(const std::vector<std::string>& environment) {
  constexpr const char* kFile = "kload/kctl.json";
  const std::string config = VariableOf(environment, "XDG_CONFIG_HOME");
  if (!config.empty()) return (std::filesystem::path(config) / kFile).string();
  const std::string home = VariableOf(environment, "HOME");
  if (home.empty()) return "";
  return (std::filesystem::path(home) / ".config" / kFile).string();
}

std::string FormatConnection(const Connection& connection) {
  Json json = {{"controller", connection.address}};
  if (!connection.ca.empty()) json["ca"] = connection.ca;
  if (!connection.token.empty()) json["token"] = connection.token;
  return json.dump(2) + "\n";
}

absl::StatusOr<Connection> ParseConnection(const std::string& text) {
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  Connection connection;
  bool known = json.is_object() && json.contains("controller");
  for (auto it = json.begin(); known && it != json.end(); ++it) {
    std::string* const into = it.key() == "controller" ? &connection.address
                              : it.key() == "ca"       ? &connection.ca
                              : it.key() == "token"    ? &connection.token
                                                       : nullptr;
    known = into != nullptr && it->is_string();
    if (known) *into = it->get<std::string>();
  }
  if (known) return connection;
  return absl::InvalidArgumentError(
      "expected a JSON object with \"controller\" and, where they are needed, \"ca\" and "
      "\"token\", "
      "as `kctl certs init` writes it into kctl.json");
}

}  // namespace kload::kctl
