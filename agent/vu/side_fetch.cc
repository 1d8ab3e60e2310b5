#include "agent/vu/side_fetch.h"

#include <utility>

namespace kload::agent {

SideFetch::SideFetch(HttpShared& shared, HttpClient& owner, SideSlots& slots, const Order& order,
                     std::function<void(SideFetch&)> on_end)
    : slots_(slots),
      order_(order),
      client_(shared, owner),
      fiber_(
          [this, on_end = std::move(on_end)](Fiber& fiber) {
            response_ = client_.Fetch(fiber, order_.request);
            on_end(*this);
          },
          kStackBytes) {}

}  // namespace kload::agent
