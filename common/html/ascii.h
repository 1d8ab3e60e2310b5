// Blanks as HTML and CSS know them; for letters see base.
#pragma once

#include "common/base/ascii.h"

namespace kload::html {

inline bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f'; }

}  // namespace kload::html
