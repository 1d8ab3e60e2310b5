#include "controller/watch/history.h"

#include <iterator>

namespace kload::watch {
namespace {

size_t BytesOf(const Labels& labels) {
  size_t bytes = 0;
  for (const auto& [name, value] : labels) bytes += name.size() + value.size();
  return bytes;
}

}  // namespace

History::History(Nanos window, size_t points_max) : window_(window), points_max_(points_max) {}

void History::Add(Nanos at, const std::vector<ExposedSample>& samples) {
  latest_ = at;
  DropBefore(at - window_);
  for (const ExposedSample& sample : samples) {
    std::deque<TimedValue>& points = series_[sample.name][sample.labels];
    if (points.empty()) bytes_ += BytesOf(sample.labels);
    if (!points.empty() && points.back().at == at) {
      points.back().value = sample.value;
      continue;
    }
    points.push_back({at, sample.value});
    ++points_;
  }
  // Half the window at a time: what is left is over soon, or goes on as long as the series are so many.
  for (Nanos kept = window_ / 2; (points_ > points_max_ || bytes_ > kBytesMax) && kept > Nanos(0);
       kept /= 2) {
    shortened_ = true;
    DropBefore(at - kept);
  }
}

void History::DropBefore(Nanos time) {
  for (auto name = series_.begin(); name != series_.end();) {
    SeriesPasts& all = name->second;
    for (auto each = all.begin(); each != all.end();) {
      std::deque<TimedValue>& points = each->second;
      while (!points.empty() && points.front().at < time) {
        points.pop_front();
        --points_;
      }
      if (!points.empty()) {
        ++each;
        continue;
      }
      bytes_ -= BytesOf(each->first);
      each = all.erase(each);
    }
    name = all.empty() ? series_.erase(name) : std::next(name);
  }
}

const SeriesPasts* History::Find(const std::string& name) const {
  const auto found = series_.find(name);
  return found == series_.end() ? nullptr : &found->second;
}

}  // namespace kload::watch
