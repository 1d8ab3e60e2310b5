#include "common/http/exchange.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace kload::http {
namespace {

struct Kept {
  std::vector<std::unique_ptr<Exchange>> exchanges;  // without memory for hops
  std::vector<std::vector<Hop>> hops;                // none in them
};

Kept& KeptOfThread() {
  thread_local Kept kept;
  return kept;
}

// Whether it holds more memory than is worth keeping.
bool IsLarge(const Exchange& exchange) {
  const Response& response = exchange.response;
  size_t most = response.headers.capacity_bytes();
  for (const std::string* text :
       {&exchange.request.url, &exchange.request.body, &response.url, &response.body}) {
    most = std::max(most, text->capacity());
  }
  return most > Exchange::kKeptBytesMax;
}

}  // namespace

void ExchangeRecycler::operator()(Exchange* exchange) const {
  std::unique_ptr<Exchange> owned(exchange);
  auto& kept = KeptOfThread().exchanges;
  if (kept.size() >= Exchange::kKeptMax || IsLarge(*owned)) return;
  ReleaseHops(owned->response);
  owned->request.Clear();
  owned->response.Clear();
  kept.push_back(std::move(owned));
}

void ReleaseHops(Response& response) {
  auto& kept = KeptOfThread().hops;
  std::vector<Hop> hops = std::move(response.hops);
  response.hops.clear();
  const size_t bytes = hops.capacity() * sizeof(Hop);
  if (bytes == 0 || bytes > Exchange::kKeptBytesMax || kept.size() >= Exchange::kKeptMax) return;
  hops.clear();
  kept.push_back(std::move(hops));
}

ExchangePtr NewExchange() {
  Kept& kept = KeptOfThread();
  ExchangePtr exchange;
  if (kept.exchanges.empty()) {
    exchange.reset(new Exchange());
  } else {
    exchange.reset(kept.exchanges.back().release());
    kept.exchanges.pop_back();
  }
  if (!kept.hops.empty()) {
    exchange->response.hops = std::move(kept.hops.back());
    kept.hops.pop_back();
  }
  return exchange;
}

}  // namespace kload::http
