// The data of a script's SharedArrays: one copy for all VUs of the process.
//
// Thread: any. The lock is taken in init code only, never while a VU iterates; it is held while an array is made, so
//         that VUs on other threads wait for it instead of making it again.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace kload::k6 {

using SharedElements = std::vector<std::string>;  // each as JSON; never changed

class SharedArrays {
 public:
  // The array of that name; the first one to ask makes it. Null when `make` gives nothing.
  std::shared_ptr<const SharedElements> GetOrMake(
      const std::string& name, const std::function<std::optional<SharedElements>()>& make) {
    // Recursive: the function that makes an array may ask for another.
    const std::lock_guard lock(mutex_);
    const auto known = arrays_.find(name);
    if (known != arrays_.end()) return known->second;
    auto elements = make();
    if (!elements.has_value()) return nullptr;
    return arrays_[name] = std::make_shared<const SharedElements>(*std::move(elements));
  }

 private:
  std::recursive_mutex mutex_;
  std::map<std::string, std::shared_ptr<const SharedElements>> arrays_;
};

}  // namespace kload::k6
