// How much more two runs differ by chance than independent requests would.
//
// Thread: pure functions.
#pragma once

#include <functional>
#include <vector>

#include "common/result/result.h"

namespace kload::analysis {

// Both runs' seconds in as many blocks, paired by run time: requests and those of them that count as hits.
struct BlockPair {
  double total_before = 0;
  double hits_before = 0;
  double total_after = 0;
  double hits_after = 0;
};

inline constexpr size_t kBlocks = 24;
inline constexpr size_t kBlocksMin = 8;  // fewer say nothing about their spread

using PointCount = std::function<double(const ResultPoint&)>;

// Blocks over the time that both runs have; empty when that is shorter than kBlocksMin points.
std::vector<BlockPair> PairBlocks(const std::vector<ResultPoint>& before,
                                  const std::vector<ResultPoint>& after, const PointCount& total,
                                  const PointCount& hits);

// Variance of the difference of the two shares of hits as the blocks show it, over that of independent samples; at least 1.
// 1 without blocks.
double DesignEffect(const std::vector<BlockPair>& blocks);

// That of a part of the samples, `share` of all: fewer of them per block share a moment. Source: Kish, 1 + (m - 1) rho.
double DesignEffectOfPart(double design_effect, const std::vector<BlockPair>& blocks, double share);

// The difference of the totals per second, and its interval, from paired blocks of `seconds` each. t: of Student's.
struct RateDifference {
  double before = 0;
  double after = 0;
  Interval difference;
};
}  // namespace kload::analysis
