#include "tests/target/options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <string>

#include "common/base/duration.h"
#include "common/base/status.h"

namespace kload::target {
namespace {

// A CLI11 check that also stores: the flag's text goes through `parse`.
template <typename T, typename Parse>
CLI::Option* AddParsed(CLI::App& app, const std::string& flag, T& value, Parse parse,
                       const std::string& help) {
  return app.add_option_function<std::string>(
      flag,
      [&value, parse, flag](const std::string& text) {
        auto parsed = parse(text);
        if (!parsed.ok()) throw CLI::ValidationError(flag, Message(parsed.status()));
        value = *std::move(parsed);
      },
      help);
}

absl::StatusOr<Nanos> ParseTime(const std::string& text) {
  auto parsed = ParseDuration(text, BareNumber::kRefused);
  if (parsed.ok() && *parsed < Nanos{0}) {
    return absl::InvalidArgumentError(fmt::format("\"{}\" is negative", text));
  }
  return parsed;
}

}  // namespace

std::optional<TargetOptions> ParseOptions(int argc, char** argv, int& exit_code) {
  TargetOptions options;
  CLI::App app("The API of the load-testing guide, to send load to; see tests/target/README.md.",
               "kushim-target");
  app.add_option("--listen", options.listen, "host:port; repeatable; port 0: any free one")
      ->capture_default_str();
  app.add_option("--threads", options.threads, "io threads; 0: one per core")
      ->check(CLI::Range(0, 256));
  app.add_option("--database", options.database, "SQLite file; a temporary one when not given");
  app.add_option("--pool", options.pool, "database connections")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  AddParsed(app, "--pool-timeout", options.pool_timeout, ParseTime,
            "longest wait for a connection before 503 [2s]");
  AddParsed(app, "--query-time", options.query_time, ParseTime,
            "least time that a query holds its connection [0s]");
  AddParsed(app, "--cache", options.cache, ParseTime,
            "keep answers that are the same for everybody for this long [0s: not at all]");
  AddParsed(app, "--latency", options.faults.latency, ParseLatency,
            "added to every answer: 50ms, or lognormal:MEDIAN,SIGMA such as lognormal:20ms,0.5");
  app.add_option("--error-rate", options.faults.error_rate, "share of requests answered with 500")
      ->check(CLI::Range(0.0, 1.0));
  app.add_option("--seed", options.faults.seed, "of latencies and errors")->capture_default_str();
  AddParsed(app, "--stall", options.faults.stall, ParseStall,
            "answer nothing for a while: at=5s,for=2s[,every=30s] after the start");
  app.add_option("--stall-route", options.faults.stall_route,
                 "stall only this route, such as /api/evidence");
  app.add_flag("--gzip", options.gzip, "compress answers when the client accepts gzip");
  app.add_flag("--anonymous-login,!--no-anonymous-login", options.anonymous_login,
               "a login without e-mail and password gets a demo user's token [on]");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    exit_code = app.exit(error) == 0 ? 0 : 2;
    return std::nullopt;
  }
  return options;
}

}  // namespace kload::target
