// gzip of a whole body, for clients that accept it.
#pragma once

#include <string>

namespace kload::target {

// Thread: any. zlib's level 1: the target should spend its time elsewhere.
std::string Gzip(const std::string& body);

}  // namespace kload::target
