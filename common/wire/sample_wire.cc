#include "common/wire/sample_wire.h"

#include <absl/container/flat_hash_map.h>
#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "common/base/status.h"
#include "common/wire/metric_wire.h"

namespace kload::wire {
namespace {

template <typename... Args>
absl::Status Refuse(fmt::format_string<Args...> format, Args&&... args) {
  return absl::InvalidArgumentError(fmt::format(format, std::forward<Args>(args)...));
}

absl::StatusOr<MetricDef> DecodeMetric(const v1::SampleMetric& message) {
  if (message.name().empty()) return Refuse("samples: a metric without a name");
  MetricDef metric{.name = message.name()};
  KLOAD_ASSIGN_OR_RETURN(metric.type, DecodeType(message.type()));
  KLOAD_ASSIGN_OR_RETURN(metric.contains, DecodeKind(message.contains()));
  return metric;
}

absl::StatusOr<Tags> DecodeTags(const v1::SampleTags& message, const v1::SampleBatch& batch) {
  if (message.texts_size() % 2 != 0) return Refuse("samples: a tag without a value");
  Tags tags;
  tags.reserve(message.texts_size() / 2);
  const auto bound = static_cast<uint32_t>(batch.texts_size());
  for (int i = 0; i < message.texts_size(); i += 2) {
    const uint32_t name = message.texts(i);
    const uint32_t value = message.texts(i + 1);
    if (name >= bound || value >= bound) {
      return Refuse("samples: text {} of {}", std::max(name, value), bound);
    }
    tags.emplace_back(batch.texts(static_cast<int>(name)), batch.texts(static_cast<int>(value)));
    if (i > 0 && tags[tags.size() - 2].first >= tags.back().first) {
      return Refuse("samples: tags are not sorted: \"{}\" after \"{}\"", tags.back().first,
                    tags[tags.size() - 2].first);
    }
  }
  return tags;
}

absl::Status DecodePoints(const v1::SampleBatch& message, SampleBatch& batch) {
  const int count = message.value_size();
  if (message.metric_size() != count || message.tags_size() != count ||
      message.at_ns_size() != count) {
    return Refuse("samples: {} values with {} metrics, {} tags and {} times", count,
                  message.metric_size(), message.tags_size(), message.at_ns_size());
  }
  batch.points.reserve(count);
  // Unsigned, as a stranger's numbers may overflow.
  auto at = static_cast<uint64_t>(message.base_ns());
  for (int i = 0; i < count; ++i) {
    at += static_cast<uint64_t>(message.at_ns(i));
    if (message.metric(i) >= batch.metrics.size()) {
      return Refuse("samples: metric {} of {}", message.metric(i), batch.metrics.size());
    }
    if (message.tags(i) >= batch.tag_sets.size()) {
      return Refuse("samples: tags {} of {}", message.tags(i), batch.tag_sets.size());
    }
    if (!std::isfinite(message.value(i))) return Refuse("samples: a value is not finite");
    batch.points.push_back(
        {message.metric(i), message.tags(i), Nanos(static_cast<int64_t>(at)), message.value(i)});
  }
  return absl::OkStatus();
}

}  // namespace

v1::SampleBatch EncodeSamples(const SampleBatch& batch) {
  v1::SampleBatch message;
  absl::flat_hash_map<std::string, uint32_t> texts;
  const auto text = [&](const std::string& each) {
    const auto [known, is_new] = texts.emplace(each, static_cast<uint32_t>(texts.size()));
    if (is_new) message.add_texts(each);
    return known->second;
  };
  for (const MetricDef& metric : batch.metrics) {
    v1::SampleMetric& encoded = *message.add_metrics();
    encoded.set_name(metric.name);
    encoded.set_type(EncodeType(metric.type));
    encoded.set_contains(EncodeKind(metric.contains));
  }
  for (const Tags& tags : batch.tag_sets) {
    v1::SampleTags& encoded = *message.add_tag_sets();
    for (const auto& [name, value] : tags) {
      encoded.add_texts(text(name));
      encoded.add_texts(text(value));
    }
  }
  Nanos before = batch.points.empty() ? Nanos(0) : batch.points.front().at;
  message.set_base_ns(before.count());
  const int count = static_cast<int>(batch.points.size());
  message.mutable_metric()->Reserve(count);
  message.mutable_tags()->Reserve(count);
  message.mutable_at_ns()->Reserve(count);
  message.mutable_value()->Reserve(count);
  for (const SamplePoint& point : batch.points) {
    message.add_metric(point.metric);
    message.add_tags(point.tags);
    message.add_at_ns((point.at - before).count());
    message.add_value(point.value);
    before = point.at;
  }
  return message;
}

absl::StatusOr<SampleBatch> DecodeSamples(const v1::SampleBatch& message) {
  SampleBatch batch;
  for (const v1::SampleMetric& each : message.metrics()) {
    KLOAD_ASSIGN_OR_RETURN(MetricDef metric, DecodeMetric(each));
    batch.metrics.push_back(std::move(metric));
  }
  for (const v1::SampleTags& each : message.tag_sets()) {
    KLOAD_ASSIGN_OR_RETURN(Tags tags, DecodeTags(each, message));
    batch.tag_sets.push_back(std::move(tags));
  }
  KLOAD_RETURN_IF_ERROR(DecodePoints(message, batch));
  return batch;
}

}  // namespace kload::wire
