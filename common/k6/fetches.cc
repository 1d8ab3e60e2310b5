#include "common/k6/fetches.h"

#include <new>
#include <utility>

#include "common/k6/realm.h"

namespace kload::k6 {

void Fetches::Begin(Realm& realm, Prepared prepared, Done done) {
  const uint64_t ticket = ++last_ticket_;
  auto& kept = under_way_[ticket];
  kept = std::make_unique<UnderWay>(UnderWay{std::move(prepared), std::move(done)});
  try {
    realm.host.BeginFetch(ticket, kept->prepared.request(), kept->prepared.tags);
  } catch (const std::bad_alloc&) {
    // Nobody will end it. The script gets the error.
    under_way_.erase(ticket);
    throw;
  }
}

js::Value Fetches::Await(Realm& realm, std::optional<Nanos> longest) {
  auto ended = realm.host.AwaitFetches(longest);
  if (auto stopped = AfterHost(realm, ended.status()); stopped.IsException()) return stopped;
  for (Fetched& fetched : *ended) {
    const auto found = under_way_.find(fetched.ticket);
    if (found == under_way_.end()) continue;
    const std::unique_ptr<UnderWay> kept = std::move(found->second);
    under_way_.erase(found);
    kept->prepared.response() = std::move(fetched.response);
    kept->done(std::move(kept->prepared));
  }
  return js::Undefined(realm.cx);
}

void Fetches::Abandon(Realm& realm) {
  if (under_way_.empty()) return;
  realm.host.AbandonFetches();
  under_way_.clear();
}

}  // namespace kload::k6
