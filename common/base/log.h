// Process-wide logging on spdlog: to stderr unless told otherwise, in k6's shapes (see SetUpLogging).
//
// Thread: any; spdlog's sink has its own lock.
#pragma once

#include <absl/status/status.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <string>
#include <string_view>

namespace kload {

// On a terminal `INFO[0012] text`, else logfmt `time="..." level=info msg="..."`. Call once, in
// main(). `verbose` shows debug lines.
void SetUpLogging(bool verbose);

// Where log lines go and how they look, in the words of k6's flags.
struct LogSettings {
  bool verbose = false;
  // stderr, stdout, none or file=PATH, each with `,level=debug|info|warning|error` at will.
  std::string output = "stderr";
  // text (what SetUpLogging(bool) does), json, raw (the message alone); empty: text.
  std::string format = "";
};
// As above. Errors: InvalidArgument for a setting of another spelling, Unavailable for a file that cannot
// be written; nothing changes then.
absl::Status SetUpLogging(const LogSettings& settings);

// From now on what scripts print (the source `console`) goes to this file and nowhere else.
// Errors: Unavailable when it cannot be written.
absl::Status LogConsoleTo(const std::string& path);

// Logs `text` with the field source=`source` (console, stacktrace), as k6 marks what scripts print.
void LogFrom(spdlog::level::level_enum level, std::string_view source, std::string_view text);

enum class LogShape { kTerminal, kLogfmt, kJson, kRaw };

// One line without its end; pure, for SetUpLogging() and tests. `since_start` counts from the
// process' start, `unix` from 1970. An empty `source` is left out.
std::string FormatLogLine(LogShape shape, spdlog::level::level_enum level, std::string_view source,
                          std::string_view text, std::chrono::nanoseconds since_start,
                          std::chrono::nanoseconds unix);

}  // namespace kload
