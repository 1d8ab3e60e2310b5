#include "controller/export/native_histogram.h"

#include <cmath>
#include <optional>

#include "controller/export/rows.h"

namespace kload::controller {
namespace {

constexpr int kMergedBits = 9 - kNativeSchema;  // 64 of our buckets, of scale 9, make one

// Appends buckets as spans of neighbours and differences of counts.
class Buckets {
 public:
  Buckets(google::protobuf::RepeatedPtrField<remote_write::BucketSpan>& spans,
          google::protobuf::RepeatedField<int64_t>& deltas)
      : spans_(spans), deltas_(deltas) {}

  // Indices rise.
  void Add(int32_t index, uint64_t count) {
    if (index_ && *index_ == index) {
      count_ += count;
      return;
    }
    Close();
    if (!index_ || index != *index_ + 1) {
      remote_write::BucketSpan* span = spans_.Add();
      span->set_offset(index_ ? index - *index_ - 1 : index);
    }
    index_ = index;
    count_ = count;
  }
  // Appends the bucket at hand.
  void Close() {
    if (!index_ || count_ == 0) return;
    remote_write::BucketSpan& span = *spans_.Mutable(spans_.size() - 1);
    span.set_length(span.length() + 1);
    deltas_.Add(static_cast<int64_t>(count_) - before_);
    before_ = static_cast<int64_t>(count_);
    count_ = 0;
  }

 private:
  google::protobuf::RepeatedPtrField<remote_write::BucketSpan>& spans_;
  google::protobuf::RepeatedField<int64_t>& deltas_;
  std::optional<int32_t> index_;  // of the bucket at hand, or the one before
  uint64_t count_ = 0;            // of the bucket at hand
  int64_t before_ = 0;
};

void AddAll(const BucketArray& ours, Buckets buckets) {
  // Our bucket i ends at 2^(i/512): it lies in the one that ends at the next multiple of 64.
  ours.ForEach([&](int32_t index, uint64_t count) {
    buckets.Add((index + (1 << kMergedBits) - 1) >> kMergedBits, count);
  });
  buckets.Close();
}

}  // namespace

void FillNativeHistogram(const TrendSink& trend, ValueKind kind,
                         remote_write::Histogram& histogram) {
  histogram.set_schema(kNativeSchema);
  histogram.set_count_int(trend.count());
  histogram.set_sum(InBaseUnit(trend.sum.value(), kind));
  histogram.set_zero_threshold(std::ldexp(1.0, -128));
  histogram.set_zero_count_int(trend.histogram.zero_count());
  AddAll(trend.histogram.positive(),
         Buckets(*histogram.mutable_positive_spans(), *histogram.mutable_positive_deltas()));
  AddAll(trend.histogram.negative(),
         Buckets(*histogram.mutable_negative_spans(), *histogram.mutable_negative_deltas()));
}

}  // namespace kload::controller
