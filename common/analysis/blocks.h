// How much more two runs differ by chance than independent requests would.
//
// Thread: pure functions.
// Method: both runs' seconds go into blocks, paired by run time; what the plan itself does over time is in both alike and
//         drops out of the differences. What makes one block like the one before widens them further.
#pragma once

#include <functional>
#include <vector>

#include "common/analysis/statistics.h"
#include "common/result/result.h"

namespace kload::analysis {

// Requests of one block, and those of them that count as hits.
struct BlockPair {
  double total_before = 0;
  double hits_before = 0;
  double total_after = 0;
  double hits_after = 0;
};

inline constexpr size_t kBlocks = 24;
inline constexpr size_t kBlocksMin = 8;  // fewer say nothing about their spread

using PointCount = std::function<double(const ResultPoint&)>;

// Blocks over the time that both runs have, each of the same whole number of points; empty when there are fewer than
// kBlocksMin points.
std::vector<BlockPair> PairBlocks(const std::vector<ResultPoint>& before,
                                  const std::vector<ResultPoint>& after, const PointCount& total,
                                  const PointCount& hits);

// Variance of the difference of the two shares of hits as the blocks show it, over that of independent samples; at least 1.
// 1 without blocks, or when nothing or everything is a hit.
double DesignEffect(const std::vector<BlockPair>& blocks);

// That of a part of the samples, `share` of all: fewer of them are in a block together.
// Source: Kish's 1 + (m - 1) rho, with m samples per block and the correlation rho within one.
double DesignEffectOfPart(double design_effect, const std::vector<BlockPair>& blocks, double share);

// The mean difference of the totals of a block (after - before), with its interval for a two-sided error of `alpha`.
// Unbounded without blocks.
Estimate TotalDifference(const std::vector<BlockPair>& blocks, double alpha);

// How far the mean difference of a figure of the seconds (a quantile) may be off, relative to the figure: what design effects
// from coarse buckets miss when all durations are alike. 0 without blocks.
double RelativeReach(const std::vector<ResultPoint>& before, const std::vector<ResultPoint>& after,
                     const PointCount& figure, double alpha);

}  // namespace kload::analysis
