// Whether what is said to an address stays on this machine.
//
// Thread: pure.
#pragma once

#include <string>

namespace kload {

// `address`: HOST:PORT. True for localhost, 127.0.0.0/8 and ::1.
bool IsLoopback(const std::string& address);

}  // namespace kload
