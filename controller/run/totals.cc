#include "controller/run/totals.h"

#include <array>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "common/wire/delta_wire.h"

namespace kload::controller {
namespace {

using namespace std::string_view_literals;

constexpr std::array kEndpoint = {"method"sv, "name"sv};
// By name, as tags are.
constexpr std::array kRequest = {"error_code"sv, "method"sv, "name"sv, "status"sv};

// By which tags the metric is told apart; empty: by none.
std::span<const std::string_view> TagsOf(std::string_view metric) {
  if (metric == "http_reqs") return kRequest;
  if (metric == "http_req_duration" || metric == "http_req_failed") return kEndpoint;
  return {};
}

class Projection {
 public:
  explicit Projection(const ShownName& shown) : shown_(shown) {}
  // The endpoint's tags of the series, without the ones that are not told apart. Empty: it belongs to no endpoint.
  Tags Of(const Tags& tags, std::span<const std::string_view> kept) {
    Tags out;
    const std::string* name = FindTag(tags, "name");
    if (name == nullptr) return out;
    const bool known = names_.contains(*name) || names_.size() < kEndpointsMax;
    if (known) names_.insert(*name);
    for (const std::string_view tag : kept) {
      const std::string* value = FindTag(tags, tag);
      if (value == nullptr) continue;
      out.emplace_back(tag, tag != "name" ? *value : known ? shown_(*value) : kOtherEndpoints);
    }
    return out;
  }

 private:
  const ShownName& shown_;
  std::set<std::string> names_;
};

}  // namespace

void AddTotals(const ClusterSeries& series, const ShownName& shown, v1::GetRunResponse& response) {
  Delta all;
  for (const ClusterSeries::Metric& metric : series.metrics()) {
    all.series.push_back(
        {std::make_shared<const SeriesKey>(SeriesKey{metric.def, {}}), metric.total});
  }
  std::map<std::pair<std::string, Tags>, SeriesDelta> endpoints;
  Projection projection(shown);
  for (const ClusterSeries::Series& each : series.series()) {
    const std::span<const std::string_view> kept = TagsOf(each.key->metric.name);
    if (kept.empty()) continue;
    Tags tags = projection.Of(each.key->tags, kept);
    if (tags.empty()) continue;
    SeriesDelta& into = endpoints[{each.key->metric.name, tags}];
    if (into.key == nullptr) {
      into = {std::make_shared<const SeriesKey>(SeriesKey{each.key->metric, std::move(tags)}),
              MakeSink(each.key->metric.type)};
    }
    MergeSink(into.increment, each.sink);
  }
  for (auto& [key, endpoint] : endpoints) all.series.push_back(std::move(endpoint));
  v1::Delta message = wire::DeltaEncoder().Encode(all);
  response.mutable_definitions()->Swap(message.mutable_definitions());
  response.mutable_totals()->Swap(message.mutable_series());
}

}  // namespace kload::controller
