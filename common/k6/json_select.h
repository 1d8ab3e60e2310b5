// Finds a part of a JSON text by a path, without building values: what Response.json('a.b.0') needs.
//
// Pure. Paths: keys and array indices joined by dots, `arr.#` for the length, `arr.#.name` for that member of every
// element, `arr.#(name=="x")` for the first element that answers the query and `#(...)#` for all, `*` and `?` in keys as
// wildcards, `\.` for a dot in a key.
#pragma once

#include <absl/status/statusor.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace kload::k6 {

// Byte offset of the first error in the text; nullopt for valid JSON.
std::optional<size_t> FindJsonError(std::string_view text);

// "line 3, column 14" (1-based, columns in bytes).
std::string LineAndColumn(std::string_view text, size_t offset);

// The selected part as JSON text, nullopt when there is none. `text` must be valid JSON.
// Errors: InvalidArgument for a query that is not closed, and for what kload does not have: modifiers @, pipes |.
absl::StatusOr<std::optional<std::string>> SelectJson(std::string_view text, std::string_view path);

}  // namespace kload::k6
