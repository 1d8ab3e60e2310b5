#include "common/metric/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <utility>

#include "common/base/check.h"

namespace kload {
namespace {

constexpr int kScaleBits = 9;
constexpr int kPerOctave = 1 << kScaleBits;
constexpr int kMantissaBits = 52;
constexpr uint64_t kMantissaMask = (uint64_t{1} << kMantissaBits) - 1;
constexpr int kExponentBias = 1023;
// A cell is a stretch of the mantissa by its top bits. Edges are at least 2^(1/512) - 1 = 0.00135
// apart and a cell is 1/1024 = 0.00098 wide, so that it contains one edge at most and one
// comparison decides.
constexpr int kCellBits = 10;
constexpr int kCells = 1 << kCellBits;
constexpr int kSubnormalShift = 54;  // makes every subnormal number normal, exactly

struct Tables {
  // Mantissa bits of 2^(j/512), rounded to the nearest double. The entry past the end stands for 2.
  std::array<uint64_t, kPerOctave + 1> edges;
  // The first j whose edge is not below the cell's first mantissa.
  std::array<uint16_t, kCells> first;
};

Tables MakeTables() {
  Tables tables{};
  for (int j = 0; j < kPerOctave; ++j) {
    const auto edge = static_cast<double>(std::exp2(static_cast<long double>(j) / kPerOctave));
    tables.edges[static_cast<size_t>(j)] = std::bit_cast<uint64_t>(edge) & kMantissaMask;
  }
  tables.edges[kPerOctave] = kMantissaMask + 1;
  uint16_t j = 0;
  for (uint64_t cell = 0; cell < kCells; ++cell) {
    while (tables.edges[j] < cell << (kMantissaBits - kCellBits)) ++j;
    tables.first[cell] = j;
  }
  return tables;
}

const Tables kTables = MakeTables();

// The point of the bucket that is relatively as near to its lower as to its upper edge.
double Midpoint(int32_t index) {
  const double middle = std::exp2((static_cast<double>(index) - 0.5) / kPerOctave);
  return std::min(middle, std::numeric_limits<double>::max());
}

}  // namespace

int32_t BucketIndex(double value) {
  uint64_t bits = std::bit_cast<uint64_t>(value);
  int32_t exponent = static_cast<int32_t>(bits >> kMantissaBits) - kExponentBias;
  if (exponent == -kExponentBias) [[unlikely]] {
    bits = std::bit_cast<uint64_t>(std::ldexp(value, kSubnormalShift));
    exponent = static_cast<int32_t>(bits >> kMantissaBits) - kExponentBias - kSubnormalShift;
  }
  const uint64_t mantissa = bits & kMantissaMask;
  const int32_t j = kTables.first[mantissa >> (kMantissaBits - kCellBits)];
  return exponent * kPerOctave + j + (mantissa > kTables.edges[static_cast<size_t>(j)] ? 1 : 0);
}

double BucketUpperEdge(int32_t index) {
  if (index >= kBucketIndexMax) return std::numeric_limits<double>::max();
  const int32_t exponent = index >> kScaleBits;  // rounds down, also below 0
  const uint64_t mantissa = kTables.edges[static_cast<size_t>(index & (kPerOctave - 1))];
  const uint64_t one = uint64_t{kExponentBias} << kMantissaBits;
  return std::ldexp(std::bit_cast<double>(one | mantissa), exponent);
}

BucketArray::BucketArray() = default;
BucketArray::~BucketArray() = default;
BucketArray::BucketArray(BucketArray&& other) noexcept
    : numbers_(std::exchange(other.numbers_, {})), chunks_(std::exchange(other.chunks_, {})) {}

BucketArray& BucketArray::operator=(BucketArray&& other) noexcept {
  numbers_ = std::exchange(other.numbers_, {});
  chunks_ = std::exchange(other.chunks_, {});
  return *this;
}

BucketArray::BucketArray(const BucketArray& other) {
  for (const std::unique_ptr<Chunk>& chunk : other.chunks_) {
    if (chunk->total == 0) continue;
    numbers_.push_back(chunk->number);
    chunks_.push_back(std::make_unique<Chunk>(*chunk));
  }
}

BucketArray& BucketArray::operator=(const BucketArray& other) {
  if (this != &other) *this = BucketArray(other);
  return *this;
}

BucketArray::Chunk& BucketArray::Touch(int32_t number) {
  // A wrong hint is one that names another chunk, or none.
  uint16_t& hint = hints_[static_cast<uint32_t>(number) % kHints];
  if (hint < numbers_.size() && numbers_[hint] == number) return *chunks_[hint];
  const auto place = std::lower_bound(numbers_.begin(), numbers_.end(), number);
  hint = static_cast<uint16_t>(place - numbers_.begin());
  if (place == numbers_.end() || *place != number) {
    auto chunk = std::make_unique<Chunk>();
    chunk->number = number;
    numbers_.insert(place, number);
    chunks_.insert(chunks_.begin() + hint, std::move(chunk));
  }
  return *chunks_[hint];
}

void BucketArray::Add(int32_t index, uint64_t count) {
  Chunk& chunk = Touch(index >> kChunkBits);
  chunk.counts[static_cast<size_t>(index & (kChunkSize - 1))] += count;
  chunk.total += count;
}

void BucketArray::Merge(const BucketArray& other) {
  for (const std::unique_ptr<Chunk>& from : other.chunks_) {
    if (from->total == 0) continue;
    Chunk& into = Touch(from->number);
    for (size_t i = 0; i < kChunkSize; ++i) into.counts[i] += from->counts[i];
    into.total += from->total;
  }
}

bool BucketArray::empty() const {
  return std::all_of(chunks_.begin(), chunks_.end(),
                     [](const std::unique_ptr<Chunk>& chunk) { return chunk->total == 0; });
}

void BucketArray::Clear() {
  for (const std::unique_ptr<Chunk>& chunk : chunks_) {
    if (chunk->total == 0) continue;
    chunk->counts.fill(0);
    chunk->total = 0;
  }
}

void BucketArray::ForEach(const std::function<void(int32_t, uint64_t)>& fn) const {
  for (const std::unique_ptr<Chunk>& chunk : chunks_) {
    if (chunk->total == 0) continue;
    const int32_t first = chunk->number * kChunkSize;
    for (int32_t i = 0; i < kChunkSize; ++i) {
      const uint64_t count = chunk->counts[static_cast<size_t>(i)];
      if (count != 0) fn(first + i, count);
    }
  }
}

uint64_t BucketArray::total() const {
  uint64_t total = 0;
  for (const std::unique_ptr<Chunk>& chunk : chunks_) total += chunk->total;
  return total;
}

int32_t BucketArray::IndexAtRank(uint64_t rank) const {
  for (const std::unique_ptr<Chunk>& chunk : chunks_) {
    if (rank >= chunk->total) {
      rank -= chunk->total;
      continue;
    }
    for (int32_t i = 0; i < kChunkSize; ++i) {
      const uint64_t count = chunk->counts[static_cast<size_t>(i)];
      if (rank < count) return chunk->number * kChunkSize + i;
      rank -= count;
    }
  }
  // Not KLOAD_CHECK(false, ...): unoptimised and with -fsanitize=thread, gcc sees a way past it.
  CheckFailed(__FILE__, __LINE__, "rank < total()", "a rank lies below the number of samples");
}

bool Histogram::Add(double value, uint64_t count) {
  if (!std::isfinite(value)) return false;
  if (value > 0) {
    positive_.Add(BucketIndex(value), count);
  } else if (value < 0) {
    negative_.Add(BucketIndex(-value), count);
  } else {
    zero_count_ += count;
  }
  count_ += count;
  return true;
}

void Histogram::Merge(const Histogram& other) {
  count_ += other.count_;
  zero_count_ += other.zero_count_;
  positive_.Merge(other.positive_);
  negative_.Merge(other.negative_);
}

void Histogram::Clear() {
  count_ = 0;
  zero_count_ = 0;
  positive_.Clear();
  negative_.Clear();
}

double Histogram::ValueAtRank(uint64_t rank) const {
  KLOAD_CHECK(rank < count_, "a rank lies below the number of samples");
  const uint64_t negatives = negative_.total();
  // The most negative sample is in the last bucket by absolute value.
  if (rank < negatives) return -Midpoint(negative_.IndexAtRank(negatives - 1 - rank));
  rank -= negatives;
  if (rank < zero_count_) return 0;
  return Midpoint(positive_.IndexAtRank(rank - zero_count_));
}

void Histogram::AddBucket(int32_t index, uint64_t count, bool negative) {
  (negative ? negative_ : positive_).Add(index, count);
  count_ += count;
}

void Histogram::AddZero(uint64_t count) {
  zero_count_ += count;
  count_ += count;
}

}  // namespace kload
