// kctl: the operator's command. Reads the command line, finds the verb, does it.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <exception>

#include "common/base/log.h"
#include "common/base/status.h"
#include "kctl/exit_code.h"
#include "kctl/flags.h"
#include "kctl/secret_source.h"
#include "kctl/verb.h"

namespace kload::kctl {
namespace {

struct Declared {
  std::unique_ptr<Verb> verb;
  CLI::App* app = nullptr;
};

std::vector<std::string> FlagsOf(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    for (const std::string& name : option->get_snames()) names.push_back("-" + name);
  }
  return names;
}

std::vector<Declared> DeclareVerbs(CLI::App& root, GlobalFlags& global) {
  std::vector<std::unique_ptr<Verb>> verbs;
  verbs.push_back(MakeStartVerb());
  verbs.push_back(MakeRunVerb());
  verbs.push_back(MakeGetVerb());
  verbs.push_back(MakeReportVerb());
  verbs.push_back(MakeWatchVerb());
  verbs.push_back(MakeScaleVerb());
  verbs.push_back(MakeStopVerb());
  verbs.push_back(MakeCompareVerb());
  verbs.push_back(MakeBaselineVerb());
  verbs.push_back(MakeInspectVerb());
  verbs.push_back(MakeArchiveVerb());
  verbs.push_back(MakeRecoverVerb());
  verbs.push_back(MakeCertsVerb());
  verbs.push_back(MakeTokenVerb());
  verbs.push_back(MakeConfigVerb());
  verbs.push_back(MakeVersionVerb());
  verbs.push_back(MakeCompletionVerb(root));
  std::vector<Declared> declared;
  for (std::unique_ptr<Verb>& verb : verbs) {
    CLI::App* app = root.add_subcommand(verb->name(), verb->summary());
    app->footer(verb->help());
    app->allow_extras();  // so that unknown flags get our own error, with a suggestion
    verb->Declare(*app);
    AddGlobalFlags(*app, global);
    declared.push_back({std::move(verb), app});
  }
  return declared;
}

// The first argument that nobody knows as an error; OK when there is none.
absl::Status CheckUnknown(const CLI::App& app, const std::string& verb) {
  const std::vector<std::string> extra = app.remaining(false);
  if (extra.empty()) return absl::OkStatus();
  for (const std::string& argument : extra) {
    if (argument.starts_with('-') && argument != "--") {
      return UnknownArgument(argument, FlagsOf(app), verb);
    }
  }
  return UnknownArgument(extra.front(), {}, verb);
}

int Main(int argc, char** argv) {
  GlobalFlags global;
  if (const char* address = std::getenv("KCTL_CONTROLLER");
      address != nullptr && *address != '\0') {
    global.controller = address;
  }
  for (const auto& [name, into] : {std::pair("K6_LOG_OUTPUT", &global.log_output),
                                   std::pair("K6_LOG_FORMAT", &global.log_format)}) {
    const char* value = std::getenv(name);
    if (value != nullptr && *value != '\0') *into = value;
  }
  CLI::App root("kctl runs k6 scripts as one load test on many agents.", "kctl");
  root.footer("`kctl VERB --help` has flags, examples and exit codes of a verb.");
  root.get_formatter()->label("SUBCOMMAND", "VERB");
  root.get_formatter()->label("Subcommands", "Verbs");
  root.get_formatter()->column_width(34);
  root.allow_extras();
  AddGlobalFlags(root, global);
  const std::vector<Declared> verbs = DeclareVerbs(root, global);
  try {
    root.parse(argc, argv);
  } catch (const CLI::Success& help) {
    return root.exit(help);
  } catch (const CLI::ParseError& error) {
    // A flag that nobody knows often is the cause of what else looks wrong.
    for (const Declared& declared : verbs) {
      const absl::Status unknown = CheckUnknown(*declared.app, declared.verb->name());
      if (!unknown.ok()) return Fail(unknown, kExitOther);
    }
    const auto parsed = root.get_subcommands();
    const std::string verb = parsed.empty() ? "" : parsed.front()->get_name() + " ";
    return Fail(
        absl::InvalidArgumentError(fmt::format("{}; see `kctl {}--help`", error.what(), verb)),
        kExitOther);
  }
  HideSecrets(argc, argv);
  if (std::getenv("K6_NO_COLOR") != nullptr) global.no_color = true;
  const absl::Status logging = SetUpLogging(
      {.verbose = global.verbose, .output = global.log_output, .format = global.log_format});
  if (!logging.ok()) return Fail(Annotate(logging, "--log-output, --log-format"), kExitOther);
  if (const absl::Status unknown = CheckUnknown(root, ""); !unknown.ok()) {
    return Fail(unknown, kExitOther);
  }
  for (const Declared& declared : verbs) {
    if (!declared.app->parsed()) continue;
    const absl::Status unknown = CheckUnknown(*declared.app, declared.verb->name());
    if (!unknown.ok()) return Fail(unknown, kExitOther);
    return declared.verb->Run(global);
  }
  fmt::print(stderr, "{}", root.help());
  return kExitOther;
}

}  // namespace
}  // namespace kload::kctl

int main(int argc, char** argv) {
  try {
    return kload::kctl::Main(argc, argv);
  } catch (const std::exception& error) {
    return kload::kctl::Fail(absl::InternalError(error.what()), kload::kctl::kExitOther);
  }
}
