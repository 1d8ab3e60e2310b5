// The runtime of Artillery tests: the files of runtime/, built into the program.
//
// Thread: constants.
#pragma once

#include <span>
#include <string_view>

namespace kload::artillery {

struct RuntimeFile {
  std::string_view name;  // main.js
  std::string_view text;
};

// Made by cmake/EmbedTexts.cmake.
extern const std::span<const RuntimeFile> kRuntimeFiles;

}  // namespace kload::artillery
