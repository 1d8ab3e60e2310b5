#include "agent/http/url_cache.h"

#include <optional>
#include <utility>

namespace kload::agent {

std::shared_ptr<const Target> UrlCache::Parse(const std::string& url) {
  if (const auto known = targets_.find(url); known != targets_.end()) return known->second;
  std::optional<Target> parsed = ParseUrl(url);
  if (!parsed) return nullptr;
  auto target = std::make_shared<const Target>(std::move(*parsed));
  if (url.size() <= kUrlBytesMax) {
    if (targets_.size() >= kUrlsMax) targets_.clear();
    targets_.emplace(url, target);
  }
  return target;
}

}  // namespace kload::agent
