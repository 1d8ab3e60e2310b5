// A streaming call that is not let in: ends with the reason and deletes itself.
//
// Thread: gRPC's.
#pragma once

#include <grpcpp/grpcpp.h>

namespace kload::controller {

// `Reactor`: grpc::ServerBidiReactor<...> or grpc::ServerWriteReactor<...>.
template <typename Reactor>
class RefusedCall final : public Reactor {
 public:
  explicit RefusedCall(const grpc::Status& why) { this->Finish(why); }
  void OnDone() override { delete this; }
};

}  // namespace kload::controller
