// A verb of kctl: one file each, with its help, an example and its exit codes at the top.
#pragma once

#include <absl/status/status.h>

#include <memory>
#include <string>

#include "kctl/client.h"
#include "kctl/flags.h"

namespace kload::kctl {

class Verb {
 public:
  virtual ~Verb() = default;
  // As typed: "start".
  virtual std::string name() const = 0;
  // One line for the list of verbs.
  virtual std::string summary() const = 0;
  // Below the flags in --help: what it does, an example, exit codes.
  virtual std::string help() const = 0;
  // Adds the verb's own arguments to its part of the parser.
  virtual void Declare(CLI::App& app) = 0;
  // Does it, after parsing. Returns the exit code; problems have been reported by then.
  virtual int Run(const GlobalFlags& global) = 0;
};

std::unique_ptr<Verb> MakeStartVerb();
std::unique_ptr<Verb> MakeWatchVerb();
std::unique_ptr<Verb> MakeScaleVerb();
std::unique_ptr<Verb> MakeStopVerb();
std::unique_ptr<Verb> MakeGetVerb();
std::unique_ptr<Verb> MakeCompareVerb();
std::unique_ptr<Verb> MakeBaselineVerb();
std::unique_ptr<Verb> MakeReportVerb();
std::unique_ptr<Verb> MakeCertsVerb();
std::unique_ptr<Verb> MakeTokenVerb();
std::unique_ptr<Verb> MakeConfigVerb();
std::unique_ptr<Verb> MakeVersionVerb();
// Prints completions for everything that `root` knows; `root` must outlive it.
std::unique_ptr<Verb> MakeCompletionVerb(const CLI::App& root);
// In the executable alone, since they bring the controller along, and agents.
std::unique_ptr<Verb> MakeRunVerb();
std::unique_ptr<Verb> MakeInspectVerb();
std::unique_ptr<Verb> MakeArchiveVerb();
std::unique_ptr<Verb> MakeRecoverVerb();

// Prints `kctl: <message>` on stderr and returns `exit_code`.
int Fail(const absl::Status& status, int exit_code);

// Dials the controller of the flags, with kctl's patience of 5 s.
absl::StatusOr<std::unique_ptr<Client>> DialController(const GlobalFlags& global);

}  // namespace kload::kctl
