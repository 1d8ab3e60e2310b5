#include "common/modules/typescript.h"

#include <fmt/format.h>

#include <charconv>
#include <chrono>

#include "common/base/status.h"
#include "common/modules/child.h"

namespace kload::modules {
namespace {

constexpr Nanos kTimeMax = std::chrono::seconds(30);

std::string_view LineAt(std::string_view text, size_t at) {
  return text.substr(at, std::min(text.find('\n', at), text.size()) - at);
}

// esbuild prints `... [ERROR] text`, an empty line, `    name:line:column:` with columns from 0, and the line itself.
absl::Status SyntaxError(const std::string& name, std::string_view printed) {
  constexpr std::string_view kMark = "[ERROR] ";
  const size_t mark = printed.find(kMark);
  if (mark == std::string_view::npos) {
    return absl::InternalError(fmt::format("{}: esbuild failed: {}", name, printed));
  }
  const std::string_view text = LineAt(printed, mark + kMark.size());
  const size_t place = printed.find(name + ":", mark);
  int line = 0;
  int column = 0;
  if (place != std::string_view::npos) {
    const std::string_view numbers = LineAt(printed, place + name.size() + 1);
    const char* const end = numbers.data() + numbers.size();
    const auto first = std::from_chars(numbers.data(), end, line);
    if (first.ptr != end) std::from_chars(first.ptr + 1, end, column);
  }
  if (line == 0) return absl::InvalidArgumentError(fmt::format("{}: {}", name, text));
  return absl::InvalidArgumentError(
      fmt::format("{}:{}:{}: SyntaxError: {}", name, line, column + 1, text));
}

}  // namespace

absl::StatusOr<std::string> CompileTypeScript(const std::string& name, std::string_view source,
                                              const std::string& program) {
  auto result = RunChild({program, "--loader=ts", "--target=es2022", "--sourcemap=inline",
                          "--sources-content=false", "--charset=utf8", "--log-level=error",
                          "--log-limit=1", "--color=false", "--sourcefile=" + name},
                         source, kTimeMax);
  if (absl::IsNotFound(result.status())) {
    return absl::FailedPreconditionError(fmt::format(
        "{}: TypeScript needs the program {}, which is not on the PATH: install the package "
        "esbuild (apt-get install esbuild), or compile the script to JavaScript yourself",
        name, program));
  }
  if (!result.ok()) return Annotate(result.status(), name);
  if (result->exit_status != 0) return SyntaxError(name, result->err);
  return std::move(result->out);
}

}  // namespace kload::modules
