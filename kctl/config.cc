// kctl config import|show: which controller this user's kctl means.
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <iostream>
#include <iterator>
#include <system_error>

#include "common/base/status.h"
#include "kctl/connection.h"
#include "kctl/environment.h"
#include "kctl/exit_code.h"
#include "kctl/read_file.h"
#include "kctl/request.h"
#include "kctl/verb.h"
#include "kctl/write_file.h"

namespace kload::kctl {
namespace {

constexpr char kHelp[] =
    R"(import takes a kctl.json of `kctl certs init` (- for stdin): the controller's address, the authority to trust
and a token. It goes to ~/.config/kload/kctl.json, readable by you alone. --controller, --certs and the variables
KCTL_CONTROLLER, KCTL_CERTS, KCTL_TOKEN and KCTL_TOKEN_FILE win over it. show prints what holds now, without the token.

Example:
  kctl config import certs/kctl.json
  docker-compose exec -T controller cat /certs/kctl.json | kctl config import -
  kctl config show

Exit codes:
  0    done
  255  what was given is no such file)";

class ConfigVerb final : public Verb {
 public:
  std::string name() const override { return "config"; }
  std::string summary() const override { return "say which controller kctl means"; }
  std::string help() const override { return kHelp; }

  void Declare(CLI::App& app) override {
    app.add_option("what", what_, "import or show")
        ->required()
        ->type_name("import|show")
        ->check(CLI::IsMember({"import", "show"}).description(""));
    app.add_option("file", file_, "import: a kctl.json, - for stdin (-)")->type_name("FILE");
  }

  int Run(const GlobalFlags& global) override {
    const absl::Status done = what_ == "import" ? Import(global) : Show(global);
    return done.ok() ? kExitOk : Fail(done, kExitOther);
  }

 private:
  absl::Status Import(const GlobalFlags& global) const {
    const std::string path = ConnectionFile(EnvironmentEntries());
    if (path.empty()) {
      return absl::FailedPreconditionError(
          "config import: neither HOME nor XDG_CONFIG_HOME is set");
    }
    std::string text;
    if (file_ == "-") {
      text.assign(std::istreambuf_iterator<char>(std::cin), {});
    } else {
      KLOAD_ASSIGN_OR_RETURN(text, ReadFile(file_));
    }
    const absl::StatusOr<Connection> connection = ParseConnection(text);
    if (!connection.ok()) return Annotate(connection.status(), "config import " + file_);
    std::error_code error;
    std::filesystem::create_directories(std::filesystem::path(path).parent_path(), error);
    // A new file, as an old one may be readable by others.
    std::filesystem::remove(path, error);
    const mode_t before = ::umask(0077);
    const absl::Status written = WriteFile("config", path, FormatConnection(*connection));
    ::umask(before);
    KLOAD_RETURN_IF_ERROR(written);
    if (!global.quiet) fmt::print("kctl means {} from now on ({})\n", connection->address, path);
    return absl::OkStatus();
  }

  absl::Status Show(const GlobalFlags& global) const {
    KLOAD_ASSIGN_OR_RETURN(const Connection connection,
                           ResolveConnection(global, EnvironmentEntries()));
    fmt::print(
        "controller:   {}\nTLS:          {}\ncertificate:  {}\ntoken:        {}\nfile:         "
        "{}\n",
        connection.address, connection.ca.empty() ? "no" : "yes",
        connection.certificate.empty() ? "none" : "the operator's",
        connection.token.empty() ? "none" : "there is one, which is not shown",
        ConnectionFile(EnvironmentEntries()));
    return absl::OkStatus();
  }

  std::string what_;
  std::string file_ = "-";
};

}  // namespace

std::unique_ptr<Verb> MakeConfigVerb() { return std::make_unique<ConfigVerb>(); }

}  // namespace kload::kctl
