#include "common/html/depth.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string>

namespace kload::html {
namespace {

// No closing tag is needed for these, or none is possible: they do not add to the depth.
bool ClosesItself(std::string_view name) {
  static constexpr std::array<std::string_view, 32> kNames = {
      "area",  "base",     "body",   "br",   "col",   "colgroup", "dd",    "dt",
      "embed", "head",     "hr",     "html", "img",   "input",    "li",    "link",
      "meta",  "optgroup", "option", "p",    "param", "rp",       "rt",    "source",
      "tbody", "td",       "tfoot",  "th",   "thead", "tr",       "track", "wbr"};
  return std::binary_search(kNames.begin(), kNames.end(), name);
}

// What is in these is text up to their closing tag.
bool HoldsText(std::string_view name) {
  static constexpr std::array<std::string_view, 4> kNames = {"script", "style", "textarea",
                                                             "title"};
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

class Scan {
 public:
  explicit Scan(std::string_view source) : source_(source) {}

  size_t Run() {
    while ((at_ = source_.find('<', at_)) != std::string_view::npos) {
      ++at_;
      if (source_.substr(at_, 3) == "!--") {
        at_ = std::min(source_.find("-->", at_), source_.size());
      } else {
        ReadTag();
      }
    }
    return deepest_;
  }

 private:
  // Behind the '<'.
  void ReadTag() {
    const bool closing = source_.substr(at_, 1) == "/";
    if (closing) ++at_;
    const std::string name = ReadName();
    if (name.empty() || ClosesItself(name)) return;
    if (closing) return Close(name);
    if (SkipAttributes() && foreign_ > html_within_) return;
    deepest_ = std::max(deepest_, ++depth_);
    if (name == "svg" || name == "math") ++foreign_;
    if (name == "foreignobject") ++html_within_;
    if (HoldsText(name) && foreign_ == html_within_) SkipText(name);
  }

  void Close(std::string_view name) {
    if (depth_ > 0) --depth_;
    if ((name == "svg" || name == "math") && foreign_ > 0) --foreign_;
    if (name == "foreignobject" && html_within_ > 0) --html_within_;
  }

  std::string ReadName() {
    std::string name;
    if (at_ >= source_.size() || std::isalpha(static_cast<unsigned char>(source_[at_])) == 0) {
      return name;
    }
    for (; at_ < source_.size(); ++at_) {
      const auto c = static_cast<unsigned char>(source_[at_]);
      if (std::isspace(c) != 0 || c == '/' || c == '>') break;
      name += static_cast<char>(std::tolower(c));
    }
    return name;
  }

  // To the tag's '>'. Returns whether it ends with "/>".
  bool SkipAttributes() {
    char quote = '\0';
    char before = '\0';
    for (; at_ < source_.size(); ++at_) {
      const char c = source_[at_];
      if (quote != '\0') {
        if (c == quote) quote = '\0';
      } else if ((c == '"' || c == '\'') && before == '=') {
        quote = c;
      } else if (c == '>') {
        return before == '/';
      }
      if (std::isspace(static_cast<unsigned char>(c)) == 0) before = c;
    }
    return false;
  }

  void SkipText(std::string_view name) {
    while ((at_ = source_.find("</", at_)) != std::string_view::npos) {
      at_ += 2;
      if (ReadName() == name) return Close(name);
    }
    at_ = source_.size();
  }

  const std::string_view source_;
  size_t at_ = 0;
  size_t depth_ = 0;
  size_t deepest_ = 0;
  size_t foreign_ = 0;      // open svg and math elements, where "/>" closes
  size_t html_within_ = 0;  // open foreignObject elements, where it does not
};

}  // namespace

size_t DepthOf(std::string_view source) { return Scan(source).Run(); }

}  // namespace kload::html
