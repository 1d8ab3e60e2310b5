// What kctl's exit code means: k6's numbers, so that a pipeline written for k6 needs no change.
// The numbers are a promise to scripts: none is ever given another meaning.
#pragma once

namespace kload::kctl {

inline constexpr int kExitOk = 0;
inline constexpr int kExitClusterFailed = 97;     // an agent was lost under --on-agent-loss=abort
inline constexpr int kExitNotTrustworthy = 98;    // under --strict; runs that cannot be compared
inline constexpr int kExitThresholds = 99;        // a threshold failed
inline constexpr int kExitSetupTimeout = 100;     // setup() took longer than setupTimeout
inline constexpr int kExitTeardownTimeout = 101;  // teardown() took longer than teardownTimeout
inline constexpr int kExitStopped = 103;          // by `kctl stop`
inline constexpr int kExitBadConfig = 104;        // options, thresholds, scenarios
inline constexpr int kExitInterrupted = 105;      // by a signal, Ctrl-C
inline constexpr int kExitScript = 107;        // exception in init, setup() or teardown(); syntax
inline constexpr int kExitAborted = 108;       // by exec.test.abort()
inline constexpr int kExitMarkedFailed = 110;  // by exec.test.fail()
inline constexpr int kExitOther = 255;         // flags, files, connection, everything else

// The paragraph that the help of `start`, `run` and `watch` ends with.
inline constexpr char kExitCodesHelp[] = R"(Exit codes:
  0    the run ended, all thresholds hold
  97   an agent was lost, with --on-agent-loss=abort
  98   the result is not trustworthy, with --strict
  99   a threshold failed, or a target of --targets is critical
  100  setup() timed out
  101  teardown() timed out
  103  stopped by `kctl stop`
  104  invalid options, scenario or threshold
  105  interrupted by a signal (Ctrl-C)
  107  the script failed in its init code, setup() or teardown(), or has a syntax error
  108  the script called exec.test.abort()
  110  the script called exec.test.fail()
  255  everything else: unknown flag, missing file, no controller, too few agents)";

}  // namespace kload::kctl
