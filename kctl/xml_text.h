// Text that may stand in XML, in an attribute or between tags.
//
// Thread: pure function.
#pragma once

#include <string>
#include <string_view>

namespace kload::kctl {

// Escapes & < > " ' and line breaks; control characters that XML 1.0 cannot have become U+FFFD.
std::string XmlText(std::string_view text);

}  // namespace kload::kctl
