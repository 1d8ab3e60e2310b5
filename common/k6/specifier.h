// Import specifiers and open() paths to module names.
//
// Pure. A module name is a built-in's own ("k6/http"), a path relative to the bundle's root ("lib/users.js"; the
// root is the main script's folder until the bundle is made, so "../lib/users.js" is possible then), an absolute path
// where the script wrote one, or an https URL.
#pragma once

#include <absl/status/statusor.h>

#include <string>
#include <string_view>

namespace kload::k6 {

// Whether the name is k6's own: "k6" or "k6/...".
bool IsBuiltinName(std::string_view name);
// Whether it begins with "https://".
bool IsUrl(std::string_view name);
// Whether the module is TypeScript: its path, which a URL's query is no part of, ends in ".ts".
bool IsTypeScriptName(std::string_view name);

// What a remote module imports by a path is relative to its URL.
// Errors: InvalidArgument for what kload does not load: bare package names, http URLs, .json, and local files where the
//         importer is remote.
absl::StatusOr<std::string> ResolveImport(std::string_view importer, std::string_view specifier);

// open()'s path, relative to the module that calls it.
std::string ResolvePath(std::string_view importer, std::string_view path);

// The name as a URL that open() and imports of any module take: a name relative to the bundle's root becomes
// "file://./name".
std::string ToFileUrl(std::string_view name);

}  // namespace kload::k6
