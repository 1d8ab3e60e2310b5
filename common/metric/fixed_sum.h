// A sum that does not depend on the order of adding: a 128-bit integer in units of 2^-40.
#pragma once

#include <cstdint>

namespace kload {

// Range: +-1.5e26; a value beyond what is left is clamped. Resolution: 9.1e-13, so each Add() is
// off by at most half of that, and merging sums is exact. Not-a-number is added as 0 (callers
// refuse it before).
class FixedSum {
 public:
  FixedSum() = default;
  void Add(double value);
  void Merge(const FixedSum& other);
  double value() const;
  // Two's complement halves, for the wire.
  int64_t high() const { return static_cast<int64_t>(units_ >> 64); }
  uint64_t low() const { return static_cast<uint64_t>(units_); }
  static FixedSum FromHalves(int64_t high, uint64_t low);
  friend bool operator==(const FixedSum&, const FixedSum&) = default;

 private:
  __extension__ typedef __int128 Int128;
  Int128 units_ = 0;
};

}  // namespace kload
