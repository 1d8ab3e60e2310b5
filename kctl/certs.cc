// kctl certs init|agent: the certificates and tokens of a cluster.
#include <fmt/format.h>

#include <sys/stat.h>
#include <CLI/CLI.hpp>

#include <filesystem>

#include "common/base/clock.h"
#include "common/base/status.h"
#include "common/security/certificates.h"
#include "common/security/tokens.h"
#include "kctl/connection.h"
#include "kctl/exit_code.h"
#include "kctl/read_file.h"
#include "kctl/verb.h"
#include "kctl/write_file.h"

namespace kload::kctl {
namespace {

constexpr char kHelp[] =
    R"(init makes what a cluster needs so that no stranger takes part in it:
  ca.pem, ca.key           its authority; ca.key signs further agents and may be kept elsewhere
  controller.pem, .key     for kload-controller --certs DIR, good for --host and this machine
  agent.pem, .key          for kload-agent --certs DIR, with a copy of ca.pem
  operator.pem, .key       for kctl --certs DIR
  tokens                   of which the controller knows by --certs DIR; operator.token and viewer.token are in it
  kctl.json                all that kctl needs elsewhere: `kctl config import kctl.json`
agent NAME makes NAME.pem and NAME.key for one more agent, which reads them as agent.pem and agent.key.

Example:
  kctl certs init certs --host load.example --host 10.0.0.5
  kctl certs agent rack1 certs

Exit codes:
  0    made, or there already with --if-missing
  255  a file is there already or cannot be written)";

class CertsVerb final : public Verb {
 public:
  std::string name() const override { return "certs"; }
  std::string summary() const override { return "make the certificates of a cluster"; }
  std::string help() const override { return kHelp; }

  void Declare(CLI::App& app) override {
    app.add_option("what", what_, "init or agent")
        ->required()
        ->type_name("init|agent")
        ->check(CLI::IsMember({"init", "agent"}).description(""));
    app.add_option("arguments", arguments_, "init: DIR (certs); agent: NAME and DIR (certs)")
        ->type_name("...");
    app.add_option("--host", order_.hosts,
                   "name or address by which others reach the controller; repeatable")
        ->type_name("HOST")
        ->allow_extra_args(false);
    app.add_option("--days", order_.days, "how long certificates are good for (365)")
        ->type_name("N")
        ->check(CLI::Range(1, 3650));
    app.add_flag("--if-missing", if_missing_, "leave a folder alone that has an authority");
  }

  int Run(const GlobalFlags& global) override {
    order_.unix_now = SystemClock().UnixNow();
    const bool init = what_ == "init";
    const size_t folder_at = init ? 0 : 1;
    if (arguments_.size() > folder_at + 1 || (!init && arguments_.empty())) {
      return Fail(absl::InvalidArgumentError(init ? "certs init: takes one folder"
                                                  : "certs agent: takes a name and a folder"),
                  kExitOther);
    }
    order_.folder = arguments_.size() > folder_at ? arguments_[folder_at] : "certs";
    const absl::Status made = init ? Init(global) : MakeAgentCertificate(order_, arguments_[0]);
    if (if_missing_ && absl::IsAlreadyExists(made)) return kExitOk;
    if (!made.ok()) return Fail(made, kExitOther);
    if (!global.quiet) Tell(init);
    return kExitOk;
  }

 private:
  std::string In(const std::string& file) const {
    return (std::filesystem::path(order_.folder) / file).string();
  }

  absl::Status Init(const GlobalFlags& global) const {
    KLOAD_RETURN_IF_ERROR(MakeCertificates(order_));
    Connection connection;
    connection.address = global.controller.empty() ? kDefaultController : global.controller;
    KLOAD_ASSIGN_OR_RETURN(connection.ca, ReadFile(In("ca.pem")));
    for (const Role role : {Role::kViewer, Role::kOperator}) {
      const std::string name(RoleName(role));
      KLOAD_ASSIGN_OR_RETURN(const std::string token, NewToken());
      KLOAD_RETURN_IF_ERROR(AddToken(In("tokens"), token, role, name));
      KLOAD_RETURN_IF_ERROR(WriteSecret(In(name + ".token"), token + "\n"));
      connection.token = token;
    }
    return WriteSecret(In("kctl.json"), FormatConnection(connection));
  }

  // Readable by its owner alone from the first moment.
  static absl::Status WriteSecret(const std::string& path, const std::string& text) {
    const mode_t before = ::umask(0077);
    const absl::Status written = WriteFile("certs", path, text);
    ::umask(before);
    return written;
  }

  void Tell(bool init) const {
    if (!init) {
      return fmt::print("made {} and its key; the agent reads them as agent.pem and agent.key\n",
                        In(arguments_[0] + ".pem"));
    }
    fmt::print(
        "made the cluster's certificates and tokens in {0}\n"
        "  kload-controller --certs {0} ...\n"
        "  kload-agent --certs {0} ...      with ca.pem, agent.pem and agent.key of it\n"
        "  kctl config import {1}    once for each who uses kctl\n",
        order_.folder, In("kctl.json"));
  }

  std::string what_;
  std::vector<std::string> arguments_;
  CertificateOrder order_;
  bool if_missing_ = false;
};

}  // namespace

std::unique_ptr<Verb> MakeCertsVerb() { return std::make_unique<CertsVerb>(); }

}  // namespace kload::kctl
