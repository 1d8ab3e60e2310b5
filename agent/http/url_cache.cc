#include "agent/http/url_cache.h"

#include <optional>
#include <utility>

#include "agent/http/request_head.h"

namespace kload::agent {

std::shared_ptr<const Target> UrlCache::Parse(const std::string& url) {
  if (last_ != nullptr && url == last_url_) return last_;
  std::shared_ptr<const Target> target = Find(url);
  if (url.size() <= kUrlBytesMax) {
    last_url_ = url;
    last_ = target;
  }
  return target;
}

std::shared_ptr<const Target> UrlCache::Find(const std::string& url) {
  if (const auto known = targets_.find(url); known != targets_.end()) return known->second;
  std::optional<Target> parsed = ParseUrl(url);
  if (!parsed) return nullptr;
  parsed->request_start = RequestStart(*parsed, user_agent_);
  auto target = std::make_shared<const Target>(std::move(*parsed));
  if (url.size() <= kUrlBytesMax) {
    if (targets_.size() >= kUrlsMax) targets_.clear();
    targets_.emplace(url, target);
  }
  return target;
}

}  // namespace kload::agent
