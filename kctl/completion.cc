// kctl completion bash|zsh|fish: prints a script that completes verbs, flags and file names.
#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "kctl/exit_code.h"
#include "kctl/verb.h"

namespace kload::kctl {
namespace {

constexpr char kHelp[] = R"(Example:
  source <(kctl completion bash)
  kctl completion zsh > ~/.zfunc/_kctl
  kctl completion fish > ~/.config/fish/completions/kctl.fish

Exit codes:
  0    printed
  255  unknown shell)";

// What can follow `kctl VERB`: its flags, and words that its first argument may be.
struct VerbWords {
  std::string name;
  std::string summary;
  std::vector<std::pair<std::string, std::string>> flags;  // with dashes, and what they do
};

std::vector<VerbWords> WordsOf(const CLI::App& root) {
  std::vector<VerbWords> all;
  for (const CLI::App* verb : root.get_subcommands({})) {
    VerbWords words{.name = verb->get_name(), .summary = verb->get_description(), .flags = {}};
    for (const CLI::Option* option : verb->get_options()) {
      for (const std::string& name : option->get_lnames()) {
        words.flags.emplace_back("--" + name, option->get_description());
      }
      for (const std::string& name : option->get_snames()) {
        words.flags.emplace_back("-" + name, option->get_description());
      }
    }
    all.push_back(std::move(words));
  }
  return all;
}

std::string ArgumentsOf(const std::string& verb) {
  if (verb == "get") return "agents runs";
  if (verb == "completion") return "bash zsh fish";
  return "";
}

std::string BashScript(const std::vector<VerbWords>& verbs) {
  std::string names;
  std::string cases;
  for (const VerbWords& verb : verbs) {
    names += verb.name + " ";
    std::string words = ArgumentsOf(verb.name);
    for (const auto& [flag, description] : verb.flags) words += (words.empty() ? "" : " ") + flag;
    cases += fmt::format("    {}) words=\"{}\" ;;\n", verb.name, words);
  }
  return fmt::format(R"(# bash completion for kctl
_kctl() {{
  local current="${{COMP_WORDS[COMP_CWORD]}}" words="{0}" word i
  for ((i = 1; i < COMP_CWORD; i++)); do
    word="${{COMP_WORDS[i]}}"
    case "$word" in
{1}    *) continue ;;
    esac
    break
  done
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  if [[ "$current" != -* && "$word" =~ ^(start|run|inspect|archive|report|compare)$ ]]; then
    COMPREPLY+=($(compgen -f -- "$current"))
    [[ "$word" =~ ^(report|compare)$ ]] && return
    local scenario
    for scenario in scripts/load-tests/"$current"*.js; do
      [[ -e "$scenario" ]] && scenario="${{scenario##*/}}" && COMPREPLY+=("${{scenario%.js}}")
    done
  fi
}}
complete -o filenames -F _kctl kctl
)",
                     names, cases);
}

std::string FishQuoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out + "'";
}

std::string FishScript(const std::vector<VerbWords>& verbs) {
  std::string text = "# fish completion for kctl\n";
  for (const VerbWords& verb : verbs) {
    text += fmt::format("complete -c kctl -n __fish_use_subcommand -f -a {} -d {}\n", verb.name,
                        FishQuoted(verb.summary));
  }
  for (const VerbWords& verb : verbs) {
    const std::string when = fmt::format("-n '__fish_seen_subcommand_from {}'", verb.name);
    if (const std::string arguments = ArgumentsOf(verb.name); !arguments.empty()) {
      text += fmt::format("complete -c kctl {} -f -a '{}'\n", when, arguments);
    }
    for (const auto& [flag, description] : verb.flags) {
      const bool is_long = flag.starts_with("--");
      text += fmt::format("complete -c kctl {} {} {} -d {}\n", when, is_long ? "-l" : "-s",
                          flag.substr(is_long ? 2 : 1), FishQuoted(description));
    }
  }
  return text;
}

class CompletionVerb final : public Verb {
 public:
  explicit CompletionVerb(const CLI::App& root) : root_(root) {}
  std::string name() const override { return "completion"; }
  std::string summary() const override {
    return "print a script that completes commands in a shell";
  }
  std::string help() const override { return kHelp; }

  void Declare(CLI::App& app) override {
    app.add_option("shell", shell_, "bash, zsh or fish")
        ->required()
        ->type_name("bash|zsh|fish")
        ->check(CLI::IsMember({"bash", "zsh", "fish"}).description(""));
  }

  int Run(const GlobalFlags&) override {
    const std::vector<VerbWords> words = WordsOf(root_);
    if (shell_ == "fish") {
      fmt::print("{}", FishScript(words));
    } else {
      // zsh understands bash's completions once asked to.
      if (shell_ == "zsh")
        fmt::print("#compdef kctl\nautoload -U +X bashcompinit && bashcompinit\n");
      fmt::print("{}", BashScript(words));
    }
    return kExitOk;
  }

 private:
  const CLI::App& root_;
  std::string shell_;
};

}  // namespace

std::unique_ptr<Verb> MakeCompletionVerb(const CLI::App& root) {
  return std::make_unique<CompletionVerb>(root);
}

}  // namespace kload::kctl
