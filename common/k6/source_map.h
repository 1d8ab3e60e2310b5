// A source map: from a place in compiled JavaScript back to the source it was made of.
//
// Pure. Source: the source map format, revision 3 (ECMA-426): base64 VLQ groups, `;` between lines.
#pragma once

#include <absl/status/statusor.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kload::k6 {

struct Position {
  int line = 1;    // 1-based
  int column = 1;  // 1-based
  friend bool operator==(const Position&, const Position&) = default;
};

class SourceMap {
 public:
  // Errors: InvalidArgument for what is no map of one source.
  static absl::StatusOr<SourceMap> Parse(const std::string& json);
  // The map in a `//# sourceMappingURL=data:application/json;base64,...` comment at the end of a module; nullopt when
  // it has none that can be read.
  static std::optional<SourceMap> OfModule(std::string_view javascript);

  // The nearest mapped place at or before `compiled`; `compiled` itself when its line has none.
  Position Original(Position compiled) const;

 private:
  struct Segment {
    int column = 0;  // of the compiled line, 0-based
    Position source;
  };
  std::vector<std::vector<Segment>> lines_;
};

}  // namespace kload::k6
