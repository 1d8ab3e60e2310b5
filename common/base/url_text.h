// URLs in messages for people.
//
// Thread: pure functions.
#pragma once

#include <string>
#include <string_view>

namespace kload {

// The URL without the user and password that it may have before its host; what is no URL stays as it is.
std::string WithoutCredentials(std::string_view url);

}  // namespace kload
