// Requests that go on beside the script: those of http.batch() and http.asyncRequest().
//
// Data path: http module -> Fetches -> Host -> Fetches -> whoever began the request.
// Thread:    that of the instance.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>

#include "common/base/clock.h"
#include "common/http/message.h"
#include "common/js/value.h"
#include "common/k6/prepared.h"

namespace kload::k6 {

struct Realm;

class Fetches {
 public:
  // Called when the response is there, in `prepared`. Must not run script code, which may be suspended in a call.
  using Done = std::function<void(Prepared prepared)>;

  // Begins the request; `done` is called by a later Await().
  void Begin(Realm& realm, Prepared prepared, Done done);
  bool empty() const { return under_way_.empty(); }
  // Waits until a request has ended, at most for `longest` in script time. The exception marker when the entry must stop.
  js::Value Await(Realm& realm, std::optional<Nanos> longest);
  // Ends all that are under way; their `done` is never called.
  void Abandon(Realm& realm);

 private:
  struct UnderWay {
    Prepared prepared;
    Done done;
  };

  std::map<uint64_t, std::unique_ptr<UnderWay>> under_way_;  // by ticket; the host refers to them
  uint64_t last_ticket_ = 0;
};

}  // namespace kload::k6
