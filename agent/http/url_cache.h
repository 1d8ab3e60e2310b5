// URLs that scripts ask for again and again, parsed once: parsing one costs a tenth of a request.
//
// Thread: one worker's.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <unordered_map>

#include "agent/http/url.h"

namespace kload::agent {

class UrlCache {
 public:
  static constexpr size_t kUrlsMax = 1000;      // emptied when it is reached
  static constexpr size_t kUrlBytesMax = 2048;  // longer ones are not kept

  // As ParseUrl(); nullptr when it is none. Shared with who still uses it when the cache is
  // emptied.
  std::shared_ptr<const Target> Parse(const std::string& url);

 private:
  std::unordered_map<std::string, std::shared_ptr<const Target>> targets_;
};

}  // namespace kload::agent
