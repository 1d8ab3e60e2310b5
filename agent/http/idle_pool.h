// The open connections of one client that wait for their next request.
//
// Thread: one worker's.
#pragma once

#include <memory>
#include <vector>

#include "agent/http/connection.h"
#include "agent/http/idle_limits.h"
#include "agent/http/url.h"

namespace kload::agent {

class IdlePool {
 public:
  explicit IdlePool(IdleLimits limits) : limits_(limits) {}
  ~IdlePool() { CloseAll(); }
  IdlePool(const IdlePool&) = delete;
  IdlePool& operator=(const IdlePool&) = delete;

  // The most recently used open connection to the target's server, taken out; nullptr when there is
  // none.
  std::shared_ptr<Connection> Take(const Target& target);
  // Keeps a reusable connection to the target's server; closes it when there are as many already, and the least recently
  // used one when there are too many of all.
  void Put(const Target& target, std::shared_ptr<Connection> connection);
  void CloseAll();

 private:
  struct Entry {
    bool lent() const { return connection == nullptr; }
    bool IsFor(const Target& target) const {
      return port == target.port && tls == target.tls() && host == target.host;
    }

    bool tls;
    uint16_t port;
    std::string host;
    std::shared_ptr<Connection> connection;
  };

  // Forgets the place of a connection that was taken out.
  void DropLent();

  const IdleLimits limits_;
  // The most recently used last. That one's place is kept while it is taken out: a VU that asks one server again and again has
  // nothing to move then.
  std::vector<Entry> entries_;
};

}  // namespace kload::agent
