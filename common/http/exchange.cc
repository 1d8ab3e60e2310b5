#include "common/http/exchange.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace kload::http {
namespace {

using Kept = std::vector<std::unique_ptr<Exchange>>;

Kept& KeptOfThread() {
  thread_local Kept kept;
  return kept;
}

// Whether it holds more memory than is worth keeping.
bool IsLarge(const Exchange& exchange) {
  const Response& response = exchange.response;
  size_t most = std::max(response.headers.capacity_bytes(), response.hops.capacity() * sizeof(Hop));
  for (const std::string* text :
       {&exchange.request.url, &exchange.request.body, &response.url, &response.body}) {
    most = std::max(most, text->capacity());
  }
  return most > Exchange::kKeptBytesMax;
}

}  // namespace

void ExchangeRecycler::operator()(Exchange* exchange) const {
  std::unique_ptr<Exchange> owned(exchange);
  Kept& kept = KeptOfThread();
  if (kept.size() >= Exchange::kKeptMax || IsLarge(*owned)) return;
  owned->request.Clear();
  owned->response.Clear();
  kept.push_back(std::move(owned));
}

ExchangePtr NewExchange() {
  Kept& kept = KeptOfThread();
  if (kept.empty()) return ExchangePtr(new Exchange());
  ExchangePtr exchange(kept.back().release());
  kept.pop_back();
  return exchange;
}

}  // namespace kload::http
