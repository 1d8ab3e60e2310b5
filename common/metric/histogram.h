// Base-2 exponential histogram of scale 9: 512 buckets per power of two, for any finite double.
//
// Data path: Recorder (agent) -> Delta -> wire -> ClusterSeries (controller) -> quantiles, Prometheus.
// Thread:    a plain value, owned by whoever holds it.
// Error:     a quantile is within 2^(1/1024) - 1 = 0.068 % of the exact one; count, min and max are exact.
// Source:    exponential histograms of OpenTelemetry and Prometheus; edges are upper-inclusive with
//            Prometheus' numbering: bucket i holds (2^((i-1)/512), 2^(i/512)]. FORMAT.md has the layout
//            by example.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

namespace kload {

// Indices that finite doubles can have, subnormal ones included; a decoder refuses others.
inline constexpr int32_t kBucketIndexMin = -1074 * 512;
inline constexpr int32_t kBucketIndexMax = 1024 * 512;

// Bucket index of a positive, finite value: exact at the edges, without computing a logarithm.
int32_t BucketIndex(double value);
// The inclusive upper edge of the bucket, 2^(index/512), as the nearest double; the largest double
// for the last bucket.
double BucketUpperEdge(int32_t index);

// Counts by bucket index in chunks of 64, made when first touched. Adding to a chunk that is there
// allocates nothing.
class BucketArray {
 public:
  static constexpr int kChunkBits = 6;
  static constexpr int kChunkSize = 1 << kChunkBits;

  BucketArray();
  ~BucketArray();
  BucketArray(BucketArray&&) noexcept;
  BucketArray& operator=(BucketArray&&) noexcept;
  // Copies hold only the chunks with a count.
  BucketArray(const BucketArray&);
  BucketArray& operator=(const BucketArray&);

  void Add(int32_t index, uint64_t count);
  void Merge(const BucketArray& other);
  // Whether every count is 0. Walks the chunks.
  bool empty() const;
  // Sets every count to 0; keeps the chunks' memory for what comes next.
  void Clear();
  // Calls fn(index, count) for every bucket with a count, by rising index.
  void ForEach(const std::function<void(int32_t, uint64_t)>& fn) const;
  // Sum of all counts. Walks the chunks.
  uint64_t total() const;
  // Index of the bucket with the sample of 0-based `rank` by rising index. rank < total().
  int32_t IndexAtRank(uint64_t rank) const;

 private:
  struct Chunk {
    int32_t number;  // index >> kChunkBits
    uint64_t total;  // sum of counts
    std::array<uint64_t, kChunkSize> counts;
  };
  Chunk& Touch(int32_t number);

  std::vector<int32_t> numbers_;  // of chunks_: searched without touching what they count
  std::vector<std::unique_ptr<Chunk>> chunks_;  // by rising number
  // Where Touch() found a chunk last, by the low bits of its number: the samples of a series lie in a few chunks. A position
  // fits: the range of indices has 16,784 chunks.
  static constexpr size_t kHints = 16;
  std::array<uint16_t, kHints> hints_{};
};

class Histogram {
 public:
  // Adds `value` `count` times. Values that are not finite are refused (returns false).
  bool Add(double value, uint64_t count = 1);
  void Merge(const Histogram& other);
  // Forgets all samples; keeps the buckets' memory.
  void Clear();

  uint64_t count() const { return count_; }
  uint64_t zero_count() const { return zero_count_; }
  const BucketArray& positive() const { return positive_; }
  const BucketArray& negative() const { return negative_; }  // by the absolute value
  // Value of the sample with 0-based `rank` among all in rising order, as its bucket's midpoint
  // (the point with the least relative error to both edges). rank < count().
  double ValueAtRank(uint64_t rank) const;
  // For decoding: adds a bucket by its index, kBucketIndexMin..kBucketIndexMax.
  void AddBucket(int32_t index, uint64_t count, bool negative);
  void AddZero(uint64_t count);

 private:
  uint64_t count_ = 0;
  uint64_t zero_count_ = 0;
  BucketArray positive_;
  BucketArray negative_;
};

}  // namespace kload
