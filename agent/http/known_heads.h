// The heads of responses that came lately, and what each of them says: a server answers one kind of request with the same bytes
// until a second has passed, and to compare them takes less than to read them.
//
// Thread: that of the worker whose connections share it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "agent/http/response_parser.h"

namespace kload::agent {

class KnownHeads {
 public:
  static constexpr size_t kHeads = 4;
  static constexpr size_t kHeadBytesMax = 2048;

  struct Head {
    std::string bytes;                  // with the empty line at its end; empty: none is kept here
    ParsedResponse said;                // but for the body
    std::optional<size_t> body_length;  // that it announces
  };

  // The head that `bytes` begin with, nullptr when it is not known. Valid until Keep().
  const Head* Find(std::string_view bytes);
  // Keeps the head, in place of the one that was kept first; `said.body` is left out. Of a server whose heads are all different
  // only one of many is looked for and kept.
  void Keep(std::string_view bytes, const ParsedResponse& said, std::optional<size_t> body_length);

 private:
  std::array<Head, kHeads> heads_;
  size_t next_ = 0;      // where the next one goes
  uint32_t misses_ = 0;  // since the last hit
};

}  // namespace kload::agent
