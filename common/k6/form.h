// Encodings of HTTP that scripts see: form bodies and canonical header names.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace kload::k6 {

// application/x-www-form-urlencoded, keys sorted, a key with several values repeated. Space is '+'; letters,
// digits and -_.~ stay as they are.
std::string EncodeForm(const std::map<std::string, std::vector<std::string>>& fields);

// "content-type" -> "Content-Type". Names that are no HTTP tokens stay as they are.
std::string CanonicalHeader(std::string_view name);

// Whether the text may stand in a header: no control characters but tab.
bool IsHeaderText(std::string_view text);

}  // namespace kload::k6
