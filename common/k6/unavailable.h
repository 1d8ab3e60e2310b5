// Modules that k6 has and kload does not: importing one is an error that names it.
#pragma once

#include <string>
#include <string_view>

namespace kload::k6 {

// What is said of such a module: its name, and what to do instead where there is something.
std::string UnavailableModule(std::string_view name);

}  // namespace kload::k6
