// kctl token create: lets somebody in.
#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "common/base/status.h"
#include "common/security/tokens.h"
#include "kctl/exit_code.h"
#include "kctl/verb.h"

namespace kload::kctl {
namespace {

constexpr char kHelp[] =
    R"(Adds a line to the file that kload-controller reads with --tokens when it starts, and prints the token,
which is nowhere else. Who has it puts it into KCTL_TOKEN, or into a file that KCTL_TOKEN_FILE names; Prometheus and
browsers send it as Bearer token, or as the password of Basic credentials. To take a token back, remove its line.

Example:
  kctl token create --role viewer --name grafana --file certs/tokens > grafana.token

Exit codes:
  0    made
  255  the file cannot be written, or no such role)";

class TokenVerb final : public Verb {
 public:
  std::string name() const override { return "token"; }
  std::string summary() const override { return "let somebody look, or start runs"; }
  std::string help() const override { return kHelp; }

  void Declare(CLI::App& app) override {
    app.add_option("what", what_, "create")
        ->required()
        ->type_name("create")
        ->check(CLI::IsMember({"create"}).description(""));
    app.add_option("--role", role_, "viewer: looks; operator: starts, scales and stops runs, too")
        ->required()
        ->type_name("ROLE");
    app.add_option("--name", name_, "whose it is, for people")->type_name("NAME");
    app.add_option("--file", file_, "the controller's file (certs/tokens)")->type_name("FILE");
  }

  int Run(const GlobalFlags&) override {
    const absl::Status made = Create();
    return made.ok() ? kExitOk : Fail(made, kExitOther);
  }

 private:
  absl::Status Create() const {
    const absl::StatusOr<Role> role = ParseRole(role_);
    if (!role.ok()) return Annotate(role.status(), "--role");
    KLOAD_ASSIGN_OR_RETURN(const std::string token, NewToken());
    KLOAD_RETURN_IF_ERROR(AddToken(file_, token, *role, name_));
    fmt::print("{}\n", token);
    return absl::OkStatus();
  }

  std::string what_;
  std::string role_;
  std::string name_;
  std::string file_ = "certs/tokens";
};

}  // namespace

std::unique_ptr<Verb> MakeTokenVerb() { return std::make_unique<TokenVerb>(); }

}  // namespace kload::kctl
