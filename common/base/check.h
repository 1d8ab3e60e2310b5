// KLOAD_CHECK: our own invariants, kept in release builds. Input from outside never reaches one: it is
// validated into a Status where it enters.
#pragma once

#include <string_view>

namespace kload {

// Prints file, line, condition and reason to stderr and aborts.
[[noreturn]] void CheckFailed(const char* file, int line, const char* condition,
                              std::string_view why);

}  // namespace kload

#define KLOAD_CHECK(condition, why)                              \
  do {                                                           \
    if (!(condition)) [[unlikely]]                               \
      ::kload::CheckFailed(__FILE__, __LINE__, #condition, why); \
  } while (false)
