// One stream to the controller, as the link sees it: what is said each way, and its end.
//
// Data path: Outgoing -> Stream -> controller; controller -> Stream -> StreamListener.
// Thread:    the link's, for every public function and the listener.
// Bound:     one message each way. The next is read when the one before was handled, and written when the one before
//            has left; what waits meanwhile is the sender's, see Outgoing.
#pragma once

#include <absl/status/status.h>

#include <functional>
#include <memory>

#include "kload/v1/cluster.pb.h"

namespace kload::agent {

class StreamListener {
 public:
  virtual ~StreamListener() = default;
  virtual void OnMessage(const v1::ControllerMessage& message) = 0;
  // A message has left; writable() is true.
  virtual void OnWritable() = 0;
  // The stream is over; the last call. The stream may and should be destroyed in it.
  virtual void OnEnd(absl::Status status) = 0;
};

// Destroyed in or after OnEnd(), not before.
class Stream {
 public:
  virtual ~Stream() = default;
  // Whether Write() may be called.
  virtual bool writable() const = 0;
  virtual void Write(v1::AgentMessage message) = 0;
  // No more messages after the one that is being written; the controller is expected to end the stream.
  virtual void Finish() = 0;
  // Ends the stream soon, whatever its state.
  virtual void Cancel() = 0;
};

// Begins to connect; the listener outlives the stream.
using Dialler = std::function<std::unique_ptr<Stream>(StreamListener& listener)>;

}  // namespace kload::agent
