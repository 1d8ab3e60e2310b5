// kctl version: what this binary is, in one line.
#include <fmt/format.h>
#include <sys/utsname.h>

#include <CLI/CLI.hpp>

#include "kctl/exit_code.h"
#include "kctl/verb.h"

namespace kload::kctl {
namespace {

constexpr char kHelp[] = R"(Example:
  kctl version

Exit codes:
  0    printed)";

class VersionVerb final : public Verb {
 public:
  std::string name() const override { return "version"; }
  std::string summary() const override { return "print the version"; }
  std::string help() const override { return kHelp; }
  void Declare(CLI::App&) override {}

  int Run(const GlobalFlags&) override {
    utsname system{};
    uname(&system);
    fmt::print("kctl {} ({} {}, g++ {})\n", KLOAD_VERSION, system.sysname, system.machine,
               __VERSION__);
    return kExitOk;
  }
};

}  // namespace

std::unique_ptr<Verb> MakeVersionVerb() { return std::make_unique<VersionVerb>(); }

}  // namespace kload::kctl
