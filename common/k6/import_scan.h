// Where a module imports what: the engine does not tell, and messages need file:line.
//
// Pure. A scan by eye, not a parser: it skips comments, strings, templates and regular expressions, and what it
// gets wrong in odd source costs a line number in an error or a module compiled later, never a wrong result.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kload::k6 {

struct ImportSite {
  std::string specifier;
  // Exported names asked for; "default" for a default import, none for * or side effects.
  std::vector<std::string> names;
  bool star = false;  // import * as x, export *: any name may be asked for
  int line = 0;       // 1-based, of the import or export keyword, or of require
  int column = 0;     // 1-based
};

// `import ... from 'x'`, `import 'x'`, `export ... from 'x'`, in order.
std::vector<ImportSite> ScanImports(std::string_view source);

// `require('x')` with a literal argument, in order.
std::vector<ImportSite> ScanRequires(std::string_view source);

// Whether the source has any import or export statement, i.e. is an ES module.
bool LooksLikeModule(std::string_view source);

}  // namespace kload::k6
