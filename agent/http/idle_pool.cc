#include "agent/http/idle_pool.h"

#include <algorithm>
#include <utility>

namespace kload::agent {

void IdlePool::DropLent() {
  if (!entries_.empty() && entries_.back().lent()) entries_.pop_back();
}

std::shared_ptr<Connection> IdlePool::Take(const Target& target) {
  DropLent();
  for (size_t i = entries_.size(); i-- > 0;) {
    Entry& entry = entries_[i];
    const bool open = entry.connection->idle();
    const bool same = entry.IsFor(target);
    if (open && !same) continue;
    std::shared_ptr<Connection> connection = std::move(entry.connection);
    const bool keep_place = open && i + 1 == entries_.size();
    if (!keep_place) entries_.erase(entries_.begin() + static_cast<long>(i));
    if (open) return connection;
    connection->Close();  // the server has ended it
  }
  return nullptr;
}

void IdlePool::Put(const Target& target, std::shared_ptr<Connection> connection) {
  const bool has_place =
      !entries_.empty() && entries_.back().lent() && entries_.back().IsFor(target);
  if (has_place && entries_.size() == 1) {
    entries_.back().connection = std::move(connection);
    return;
  }
  DropLent();
  // Those that their servers have closed are not idle any more.
  std::erase_if(entries_, [](const Entry& entry) { return !entry.connection->idle(); });
  const auto same = std::count_if(entries_.begin(), entries_.end(),
                                  [&](const Entry& entry) { return entry.IsFor(target); });
  if (static_cast<size_t>(same) >= limits_.per_host) return connection->Close();
  if (entries_.size() >= limits_.all) {
    entries_.front().connection->Close();
    entries_.erase(entries_.begin());
  }
  entries_.push_back({target.tls(), target.port, target.host, std::move(connection)});
}

void IdlePool::CloseAll() {
  DropLent();
  for (Entry& entry : entries_) entry.connection->Close();
  entries_.clear();
}

}  // namespace kload::agent
