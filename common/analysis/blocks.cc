#include "common/analysis/blocks.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace kload::analysis {
namespace {

struct Totals {
  double before = 0;
  double after = 0;
};

Totals TotalsOf(const std::vector<BlockPair>& blocks) {
  Totals totals;
  for (const BlockPair& block : blocks) {
    totals.before += block.total_before;
    totals.after += block.total_after;
  }
  return totals;
}

// How many times its variance a mean of these residuals has, because one block is like the one before: (1 + r) / (1 - r) with
// the correlation r of neighbours, as in an autoregression of first order. At least 1.
double Neighbourhood(const std::vector<double>& residuals) {
  double alone = 0;
  double together = 0;
  for (size_t i = 0; i < residuals.size(); ++i) {
    alone += residuals[i] * residuals[i];
    if (i > 0) together += residuals[i] * residuals[i - 1];
  }
  constexpr double kMost = 0.8;
  const double r = alone > 0 ? std::clamp(together / alone, 0.0, kMost) : 0;
  return (1 + r) / (1 - r);
}

double SquaresOf(const std::vector<double>& values) {
  double squares = 0;
  for (const double each : values) squares += each * each;
  return squares;
}

// Standard error of the mean of the values, whose mean is `mean`.
double ErrorOfMean(std::vector<double> values, double mean) {
  for (double& each : values) each -= mean;
  const auto count = static_cast<double>(values.size());
  return std::sqrt(SquaresOf(values) / (count - 1) / count * Neighbourhood(values));
}

}  // namespace

std::vector<BlockPair> PairBlocks(const std::vector<ResultPoint>& before,
                                  const std::vector<ResultPoint>& after, const PointCount& total,
                                  const PointCount& hits) {
  const size_t common = std::min(before.size(), after.size());
  std::vector<BlockPair> blocks;
  if (common < kBlocksMin) return blocks;
  const size_t size = std::max<size_t>(1, common / kBlocks);
  for (size_t first = 0; first + size <= common; first += size) {
    BlockPair block;
    for (size_t i = first; i < first + size; ++i) {
      block.total_before += total(before[i]);
      block.hits_before += hits(before[i]);
      block.total_after += total(after[i]);
      block.hits_after += hits(after[i]);
    }
    blocks.push_back(block);
  }
  return blocks;
}

double DesignEffect(const std::vector<BlockPair>& blocks) {
  const Totals totals = TotalsOf(blocks);
  if (totals.before <= 0 || totals.after <= 0) return 1;
  double hits_before = 0;
  double hits_after = 0;
  for (const BlockPair& block : blocks) {
    hits_before += block.hits_before;
    hits_after += block.hits_after;
  }
  const double before = hits_before / totals.before;
  const double after = hits_after / totals.after;
  const double independent =
      before * (1 - before) / totals.before + after * (1 - after) / totals.after;
  if (independent <= 0) return 1;
  std::vector<double> residuals;
  for (const BlockPair& block : blocks) {
    residuals.push_back((block.hits_after - after * block.total_after) / totals.after -
                        (block.hits_before - before * block.total_before) / totals.before);
  }
  const auto count = static_cast<double>(blocks.size());
  const double seen = SquaresOf(residuals) * count / (count - 1) * Neighbourhood(residuals);
  return std::max(1.0, seen / independent);
}

double DesignEffectOfPart(double design_effect, const std::vector<BlockPair>& blocks,
                          double share) {
  const Totals totals = TotalsOf(blocks);
  if (blocks.empty()) return design_effect;
  const double in_block = (totals.before + totals.after) / (2 * static_cast<double>(blocks.size()));
  if (in_block <= 1) return 1;
  const double rho = (design_effect - 1) / (in_block - 1);
  return std::max(1.0, 1 + (in_block * share - 1) * rho);
}

Estimate TotalDifference(const std::vector<BlockPair>& blocks, double alpha) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const auto count = static_cast<double>(blocks.size());
  const Totals totals = TotalsOf(blocks);
  if (blocks.size() < kBlocksMin) return {0, {-kInfinity, kInfinity}};
  const double mean = (totals.after - totals.before) / count;
  std::vector<double> differences;
  for (const BlockPair& block : blocks) {
    differences.push_back(block.total_after - block.total_before);
  }
  const double error = ErrorOfMean(std::move(differences), mean);
  const double reach = StudentQuantile(1 - alpha / 2, count - 1) * error;
  return {mean, {mean - reach, mean + reach}};
}

double RelativeReach(const std::vector<ResultPoint>& before, const std::vector<ResultPoint>& after,
                     const PointCount& figure, double alpha) {
  const PointCount requests = [](const ResultPoint& point) {
    return static_cast<double>(point.requests);
  };
  const std::vector<BlockPair> sums =
      PairBlocks(before, after, requests, [&](const ResultPoint& point) {
        return figure(point) * static_cast<double>(point.requests);
      });
  std::vector<double> differences;
  double level = 0;
  for (const BlockPair& block : sums) {
    if (block.total_before <= 0 || block.total_after <= 0) continue;
    const double was = block.hits_before / block.total_before;
    const double is = block.hits_after / block.total_after;
    differences.push_back(is - was);
    level += (was + is) / 2;
  }
  if (differences.size() < kBlocksMin || level <= 0) return 0;
  const auto count = static_cast<double>(differences.size());
  const double error = ErrorOfMean(differences, Mean(differences));
  return StudentQuantile(1 - alpha / 2, count - 1) * error / (level / count);
}

}  // namespace kload::analysis
