// Time as an argument: everything that schedules or measures takes a Clock or a time point.
//
// All times are std::chrono::nanoseconds. "Steady time" counts from an arbitrary moment of this process'
// machine and never jumps; "run time" counts from the common start of a run.
#pragma once

#include <chrono>
#include <cstdint>

namespace kload {

using Nanos = std::chrono::nanoseconds;

// Thread: implementations are safe to read from any thread.
class Clock {
 public:
  virtual ~Clock() = default;
  // Steady time; only differences mean something.
  virtual Nanos Now() const = 0;
  // Wall-clock time since 1970-01-01 UTC; for people and records, never for measuring.
  virtual Nanos UnixNow() const = 0;
};

// The machine's clocks (CLOCK_MONOTONIC and CLOCK_REALTIME).
class SystemClock final : public Clock {
 public:
  Nanos Now() const override { return std::chrono::steady_clock::now().time_since_epoch(); }
  Nanos UnixNow() const override { return std::chrono::system_clock::now().time_since_epoch(); }
};

// A clock that tests move by hand.
class FakeClock final : public Clock {
 public:
  Nanos Now() const override { return now_; }
  Nanos UnixNow() const override { return unix_ + now_; }
  void Advance(Nanos by) { now_ += by; }

 private:
  Nanos now_{0};
  Nanos unix_{1'780'000'000'000'000'000};
};

}  // namespace kload
