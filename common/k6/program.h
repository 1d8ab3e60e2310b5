// A script's modules as bytecode of this process: compiled once, loaded into every VU's engine.
//
// Thread: immutable once compiled; any thread may load from it. The bytecode never leaves the process, because
//         the engine trusts it blindly.
#pragma once

#include <absl/status/statusor.h>

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "common/k6/files.h"
#include "common/k6/import_scan.h"
#include "common/k6/places.h"
#include "common/k6/script_needs.h"
#include "common/k6/shared_arrays.h"

namespace kload::k6 {

struct Program {
  std::string main;
  std::map<std::string, std::string> bytecode;  // module name -> what JS_ReadObject takes
  // Those of the above that are CommonJS: their bytecode makes a function(module, exports, require).
  std::set<std::string> commonjs;
  std::map<std::string, std::vector<ImportSite>> imports;  // module name -> its imports
  // Module -> names that the script imports from it: those that a built-in or CommonJS module lacks are undefined, as
  // in k6.
  std::map<std::string, std::set<std::string>> asked_names;
  std::set<std::string> star_imported;  // modules that somebody imports by *
  bool imports_dynamically = false;     // somewhere it says import(...)
  std::set<std::string> meta_users;     // ES modules that say import.meta
  ScriptNeeds needs;                    // of all modules together
  std::unique_ptr<Files> files;         // for open() and for require() of computed names
  Places places;                        // where the bytecode's lines stand in the user's files
  // Filled by init code of the first VU; all else never changes.
  std::unique_ptr<SharedArrays> shared_arrays = std::make_unique<SharedArrays>();
};

// The source without byte order mark, as the body of a function(module, exports, require). A source with import or export
// statements or top-level await is no such body, which is what tells ES modules from CommonJS.
std::string WrapCommonJs(std::string_view source);
std::string_view WithoutMark(std::string_view source);

// Compiles the main module, all that it imports and, as far as they are there, modules that it requires by a literal
// name.
// Errors: NotFound (a module that is not there) and InvalidArgument (syntax, a specifier that kload does not
//         load), both beginning with file:line:column.
absl::StatusOr<std::shared_ptr<const Program>> CompileProgram(std::unique_ptr<Files> files,
                                                              const std::string& main);

// "script.js:3:1: " of the import of `specifier` in `module`, "script.js: " when it was not found.
std::string PlaceOfImport(const Program& program, const std::string& module,
                          const std::string& specifier);

// Adds file:line to the engine's `Could not find export 'x' in module 'y.js'`; other texts stay.
std::string PlaceMissingExport(const Program& program, const std::string& text);

}  // namespace kload::k6
