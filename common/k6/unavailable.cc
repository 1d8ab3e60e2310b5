#include "common/k6/unavailable.h"

#include <fmt/format.h>

#include <array>
#include <string>

namespace kload::k6 {
namespace {

struct Remedy {
  std::string_view module;
  std::string_view text;
};
constexpr std::array<Remedy, 4> kRemedies = {{
    {"k6/experimental/timers", "k6 has removed it: import 'k6/timers', or use the globals"},
    {"k6/experimental/tracing", "k6 has removed it: send the trace headers yourself"},
    {"k6/experimental/redis", "k6 has removed it: it is the extension k6/x/redis now"},
    {"k6/x/", "extensions of k6 are Go programs, which kload cannot load"},
}};

}  // namespace

std::string UnavailableModule(std::string_view name) {
  for (const Remedy& remedy : kRemedies) {
    const bool is_folder = remedy.module.ends_with('/');
    if (is_folder ? name.starts_with(remedy.module) : name == remedy.module) {
      return fmt::format("{} is not available in kload; {}", name, remedy.text);
    }
  }
  return fmt::format("{} is not available in kload", name);
}

}  // namespace kload::k6
