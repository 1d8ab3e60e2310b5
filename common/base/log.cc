#include "common/base/log.h"

#include <absl/status/statusor.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/null_sink.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <unistd.h>

#include <cstdlib>
#include <ctime>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

namespace kload {
namespace {

using Level = spdlog::level::level_enum;

constexpr size_t kTerminalPrefix = 4;        // width of INFO
constexpr const char* kConsole = "console";  // source of what scripts print, and its logger's name

std::string_view LongName(Level level) {
  switch (level) {
    case Level::trace:
    case Level::debug:
      return "debug";
    case Level::warn:
      return "warning";
    case Level::err:
    case Level::critical:
      return "error";
    default:
      return "info";
  }
}

std::string_view ShortName(Level level) {
  switch (level) {
    case Level::trace:
    case Level::debug:
      return "DEBU";
    case Level::warn:
      return "WARN";
    case Level::err:
    case Level::critical:
      return "ERRO";
    default:
      return "INFO";
  }
}

std::string Quoted(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    switch (c) {
      case '"':
        quoted += "\\\"";
        break;
      case '\\':
        quoted += "\\\\";
        break;
      case '\n':
        quoted += "\\n";
        break;
      case '\r':
        quoted += "\\r";
        break;
      case '\t':
        quoted += "\\t";
        break;
      default:
        // Other control characters could move the terminal's cursor; UTF-8 passes.
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
          quoted += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
        } else {
          quoted += c;
        }
    }
  }
  return quoted + '"';
}

// Local time as 2026-01-31T08:30:00+01:00, or with Z.
std::string Rfc3339(std::chrono::nanoseconds unix) {
  const std::time_t seconds = std::chrono::duration_cast<std::chrono::seconds>(unix).count();
  std::tm local{};
  localtime_r(&seconds, &local);
  const long offset = local.tm_gmtoff / 60;
  const std::string zone = offset == 0
                               ? "Z"
                               : fmt::format("{}{:02}:{:02}", offset < 0 ? '-' : '+',
                                             std::labs(offset) / 60, std::labs(offset) % 60);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}{}", local, zone);
}

// Hands spdlog's messages to FormatLogLine(); the logger's name is the source.
class Formatter final : public spdlog::formatter {
 public:
  Formatter(LogShape shape, std::chrono::system_clock::time_point start)
      : shape_(shape), start_(start) {}

  void format(const spdlog::details::log_msg& message, spdlog::memory_buf_t& out) override {
    const std::string line = FormatLogLine(shape_, message.level,
                                           {message.logger_name.data(), message.logger_name.size()},
                                           {message.payload.data(), message.payload.size()},
                                           message.time - start_, message.time.time_since_epoch());
    if (shape_ == LogShape::kTerminal) {
      message.color_range_start = out.size();
      message.color_range_end = out.size() + kTerminalPrefix;
    }
    out.append(line.data(), line.data() + line.size());
    out.push_back('\n');
  }

  std::unique_ptr<spdlog::formatter> clone() const override {
    return std::make_unique<Formatter>(shape_, start_);
  }

 private:
  const LogShape shape_;
  const std::chrono::system_clock::time_point start_;
};

std::string JsonLine(Level level, std::string_view source, std::string_view text,
                     std::chrono::nanoseconds unix) {
  nlohmann::ordered_json line = {{"level", LongName(level)}, {"msg", text}};
  if (!source.empty()) line["source"] = source;
  line["time"] = Rfc3339(unix);
  return line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

// A logger's lines go to `sink`, each out at once.
std::shared_ptr<spdlog::logger> MakeLogger(const char* name, spdlog::sink_ptr sink, LogShape shape,
                                           Level level) {
  sink->set_formatter(std::make_unique<Formatter>(shape, std::chrono::system_clock::now()));
  auto logger = std::make_shared<spdlog::logger>(name, std::move(sink));
  logger->set_level(level);
  logger->flush_on(Level::debug);
  return logger;
}

absl::StatusOr<spdlog::sink_ptr> OpenFile(const std::string& path) {
  try {
    return std::make_shared<spdlog::sinks::basic_file_sink_mt>(path, /*truncate=*/true);
  } catch (const spdlog::spdlog_ex& error) {
    return absl::UnavailableError(fmt::format("cannot write {}: {}", path, error.what()));
  }
}

template <typename ColorSink>
spdlog::sink_ptr Stream() {
  return std::make_shared<ColorSink>(std::getenv("NO_COLOR") == nullptr
                                         ? spdlog::color_mode::automatic
                                         : spdlog::color_mode::never);
}

std::optional<Level> ParseLevel(std::string_view name) {
  for (const Level level : {Level::debug, Level::info, Level::warn, Level::err}) {
    if (name == LongName(level)) return level;
  }
  if (name == "warn") return Level::warn;
  return {};
}

absl::StatusOr<LogShape> ParseShape(const std::string& format, bool terminal) {
  if (format == "json") return LogShape::kJson;
  if (format == "raw") return LogShape::kRaw;
  if (format.empty() || format == "text") {
    return terminal ? LogShape::kTerminal : LogShape::kLogfmt;
  }
  return absl::InvalidArgumentError(
      fmt::format("log format \"{}\" is none of text, json and raw", format));
}

// Where lines go, and whether that is a terminal.
absl::StatusOr<std::pair<spdlog::sink_ptr, bool>> OpenOutput(const std::string& name) {
  if (name == "stderr") {
    return std::pair(Stream<spdlog::sinks::stderr_color_sink_mt>(), isatty(STDERR_FILENO) == 1);
  }
  if (name == "stdout") {
    return std::pair(Stream<spdlog::sinks::stdout_color_sink_mt>(), isatty(STDOUT_FILENO) == 1);
  }
  if (name == "none") {
    return std::pair(spdlog::sink_ptr(std::make_shared<spdlog::sinks::null_sink_mt>()), false);
  }
  constexpr std::string_view kFile = "file=";
  if (name.starts_with(kFile) && name.size() > kFile.size()) {
    absl::StatusOr<spdlog::sink_ptr> file = OpenFile(name.substr(kFile.size()));
    if (!file.ok()) return file.status();
    return std::pair(*std::move(file), false);
  }
  return absl::InvalidArgumentError(
      fmt::format("log output \"{}\" is none of stderr, stdout, none and file=PATH{}", name,
                  name.starts_with("loki") ? " (loki is not available in kload)" : ""));
}

}  // namespace

std::string FormatLogLine(LogShape shape, spdlog::level::level_enum level, std::string_view source,
                          std::string_view text, std::chrono::nanoseconds since_start,
                          std::chrono::nanoseconds unix) {
  const std::string field = source.empty() ? "" : fmt::format("source={}", source);
  if (shape == LogShape::kLogfmt) {
    return fmt::format("time=\"{}\" level={} msg={}{}{}", Rfc3339(unix), LongName(level),
                       Quoted(text), field.empty() ? "" : " ", field);
  }
  if (shape == LogShape::kJson) return JsonLine(level, source, text, unix);
  if (shape == LogShape::kRaw) return std::string(text);
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(since_start).count();
  if (field.empty()) return fmt::format("{}[{:04}] {}", ShortName(level), seconds, text);
  // k6 lines fields up behind the message.
  return fmt::format("{}[{:04}] {:<44} {}", ShortName(level), seconds, text, field);
}

void SetUpLogging(bool verbose) {
  const LogShape shape = isatty(STDERR_FILENO) ? LogShape::kTerminal : LogShape::kLogfmt;
  spdlog::set_default_logger(MakeLogger("", Stream<spdlog::sinks::stderr_color_sink_mt>(), shape,
                                        verbose ? Level::debug : Level::info));
}

absl::Status SetUpLogging(const LogSettings& settings) {
  constexpr std::string_view kLevel = ",level=";
  Level level = settings.verbose ? Level::debug : Level::info;
  std::string output = settings.output;
  if (const size_t comma = output.find(kLevel); comma != std::string::npos) {
    const std::string name = output.substr(comma + kLevel.size());
    const std::optional<Level> wanted = ParseLevel(name);
    if (!wanted) {
      return absl::InvalidArgumentError(
          fmt::format("log level \"{}\" is none of debug, info, warning and error", name));
    }
    level = *wanted;
    output.resize(comma);
  }
  const absl::StatusOr<LogShape> valid = ParseShape(settings.format, false);
  if (!valid.ok()) return valid.status();
  absl::StatusOr<std::pair<spdlog::sink_ptr, bool>> opened = OpenOutput(output);
  if (!opened.ok()) return opened.status();
  const absl::StatusOr<LogShape> shape = ParseShape(settings.format, opened->second);
  spdlog::set_default_logger(MakeLogger("", std::move(opened->first), *shape, level));
  return absl::OkStatus();
}

absl::Status LogConsoleTo(const std::string& path) {
  absl::StatusOr<spdlog::sink_ptr> file = OpenFile(path);
  if (!file.ok()) return file.status();
  spdlog::drop(kConsole);
  spdlog::register_logger(MakeLogger(kConsole, *std::move(file), LogShape::kLogfmt, Level::debug));
  return absl::OkStatus();
}

void LogFrom(spdlog::level::level_enum level, std::string_view source, std::string_view text) {
  std::shared_ptr<spdlog::logger> base;
  if (source.starts_with(kConsole)) base = spdlog::get(kConsole);
  if (!base) base = spdlog::default_logger();
  if (!base->should_log(level)) return;
  // A logger shares its sinks, so a copy under another name is cheap.
  base->clone(std::string(source))->log(level, spdlog::string_view_t(text.data(), text.size()));
}

}  // namespace kload
