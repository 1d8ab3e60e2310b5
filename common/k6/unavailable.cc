#include "common/k6/unavailable.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>

namespace kload::k6 {
namespace {

struct Remedy {
  std::string_view module;
  std::string_view text;
};
// The modules of k6 that kload knows of and has not. Anything else k6 has not either.
constexpr std::array<std::string_view, 12> kKnown = {"k6/browser",
                                                     "k6/ws",
                                                     "k6/websockets",
                                                     "k6/net/grpc",
                                                     "k6/data/fs",
                                                     "k6/experimental/browser",
                                                     "k6/experimental/csv",
                                                     "k6/experimental/fs",
                                                     "k6/experimental/grpc",
                                                     "k6/experimental/streams",
                                                     "k6/experimental/websockets",
                                                     "k6/experimental/webcrypto"};
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
  if (std::find(kKnown.begin(), kKnown.end(), name) != kKnown.end()) {
    return fmt::format("{} is not available in kload", name);
  }
  return fmt::format("there is no module {}; k6's are k6, k6/http, k6/metrics, k6/data ...", name);
}

}  // namespace kload::k6
