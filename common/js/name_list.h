// A few property names of one engine, which are told from each other by their atoms.
//
// Thread: that of the engine, which outlives the list.
#pragma once

#include <quickjs.h>

#include <array>
#include <cstddef>
#include <optional>
#include <span>

namespace kload::js {

class NameList {
 public:
  static constexpr size_t kMax = 16;

  // At most kMax, in the order of their numbers.
  NameList(JSContext* cx, std::span<const char* const> names);
  ~NameList();
  NameList(const NameList&) = delete;
  NameList& operator=(const NameList&) = delete;

  // The name's number; nothing: it is another one.
  std::optional<size_t> Find(JSAtom name) const {
    for (size_t i = 0; i < count_; ++i) {
      if (atoms_[i] == name) return i;
    }
    return std::nullopt;
  }
  std::span<const JSAtom> atoms() const { return {atoms_.data(), count_}; }

 private:
  // In one place, and not a list of owning atoms: it is searched for each parameter and each field that a script reads.
  std::array<JSAtom, kMax> atoms_{};
  const size_t count_;
  JSContext* const cx_;
};

}  // namespace kload::js
