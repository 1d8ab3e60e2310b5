#include "common/metric/fixed_sum.h"

#include <cmath>

namespace kload {
namespace {

__extension__ typedef __int128 Int128;
__extension__ typedef unsigned __int128 Uint128;

constexpr int kFractionBits = 40;
constexpr double kUnitsPerOne = 0x1p40;
constexpr double kOneRegister = 0x1p62;
constexpr double kUnitsLimit = 0x1p127;  // one more than the largest number of units
constexpr Int128 kMax = static_cast<Int128>(~Uint128{0} >> 1);
constexpr Int128 kMin = -kMax - 1;

Int128 ToUnits(double value) {
  if (std::isnan(value)) return 0;
  const double exact = value * kUnitsPerOne;
  // Nearly all values: one instruction each for rounding and for converting, instead of two calls.
  if (std::abs(exact) < kOneRegister) return std::llrint(exact);
  const double units = std::nearbyint(exact);
  if (units >= kUnitsLimit) return kMax;
  if (units <= -kUnitsLimit) return kMin;
  return static_cast<Int128>(units);
}

Int128 ClampedSum(Int128 a, Int128 b) {
  Int128 sum = 0;
  if (!__builtin_add_overflow(a, b, &sum)) return sum;
  return b > 0 ? kMax : kMin;
}

}  // namespace

void FixedSum::Add(double value) { units_ = ClampedSum(units_, ToUnits(value)); }

void FixedSum::Merge(const FixedSum& other) { units_ = ClampedSum(units_, other.units_); }

double FixedSum::value() const { return std::ldexp(static_cast<double>(units_), -kFractionBits); }

FixedSum FixedSum::FromHalves(int64_t high, uint64_t low) {
  FixedSum sum;
  const Uint128 bits = (static_cast<Uint128>(static_cast<uint64_t>(high)) << 64) | low;
  sum.units_ = static_cast<Int128>(bits);
  return sum;
}

}  // namespace kload
