// URLs that scripts ask for again and again, parsed once: parsing one costs a tenth of a request.
//
// Thread: one worker's.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <unordered_map>
#include <utility>

#include "agent/http/url.h"

namespace kload::agent {

class UrlCache {
 public:
  // Targets get their `request_start`, with this User-Agent.
  explicit UrlCache(std::string user_agent = {}) : user_agent_(std::move(user_agent)) {}

  static constexpr size_t kUrlsMax = 1000;      // emptied when it is reached
  static constexpr size_t kUrlBytesMax = 2048;  // longer ones are not kept

  // As ParseUrl(); nullptr when it is none. Shared with who still uses it when the cache is
  // emptied.
  std::shared_ptr<const Target> Parse(const std::string& url);

 private:
  std::shared_ptr<const Target> Find(const std::string& url);

  const std::string user_agent_;
  // The last one asked for; nullptr: it was none.
  std::string last_url_;
  std::shared_ptr<const Target> last_;
  std::unordered_map<std::string, std::shared_ptr<const Target>> targets_;
};

}  // namespace kload::agent
