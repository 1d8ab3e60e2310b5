#include "agent/http/known_heads.h"

namespace kload::agent {
namespace {

// A run of so many unknown heads means that there is little to be known, but a second's new date on each kind is less.
constexpr uint32_t kPatience = 64;
constexpr uint32_t kLaterOneOf = 64;

bool IsWorthwhile(uint32_t misses) { return misses < kPatience || misses % kLaterOneOf == 0; }

}  // namespace

const KnownHeads::Head* KnownHeads::Find(std::string_view bytes) {
  if (IsWorthwhile(misses_)) {
    for (const Head& head : heads_) {
      if (!head.bytes.empty() && bytes.starts_with(head.bytes)) {
        misses_ = 0;
        return &head;
      }
    }
  }
  ++misses_;
  return nullptr;
}

void KnownHeads::Keep(std::string_view bytes, const ParsedResponse& said,
                      std::optional<size_t> body_length) {
  // After Find() has counted this one as missed.
  if (bytes.size() > kHeadBytesMax || !IsWorthwhile(misses_ - 1)) return;
  Head& head = heads_[next_];
  next_ = (next_ + 1) % kHeads;
  head.bytes.assign(bytes);
  head.said.CopyHead(said);
  head.body_length = body_length;
}

}  // namespace kload::agent
