// One function that takes any bytes: what comes from outside. libFuzzer calls it (scripts/fuzz), or replay.cc with a corpus and
// what mutating it gives.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#define KLOAD_FUZZ(bytes)                                                   \
  static void FuzzOne(std::string_view bytes);                              \
  extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) { \
    FuzzOne(std::string_view(reinterpret_cast<const char*>(data), size));   \
    return 0;                                                               \
  }                                                                         \
  static void FuzzOne(std::string_view bytes)
