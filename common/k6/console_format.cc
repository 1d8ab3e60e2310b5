#include "common/k6/console_format.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <string_view>
#include <vector>

#include "common/js/value.h"
#include "common/k6/realm.h"

namespace kload::k6 {
namespace {

constexpr size_t kTextBytesMax = 64u << 10;
// A VU's stack is small, and each level is a few C++ frames on it.
constexpr size_t kLevelsMax = 16;

bool IsIdentifier(std::string_view text) {
  return !text.empty() && std::isdigit(static_cast<unsigned char>(text[0])) == 0 &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '$';
         });
}

void AppendQuoted(std::string_view text, std::string& out) {
  const char quote = text.find('\'') != text.npos && text.find('"') == text.npos ? '"' : '\'';
  out += quote;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == quote || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c == '\t') {
      out += "\\t";
    } else if (byte < 0x20 || byte == 0x7f) {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  out += quote;
}

class Formatter {
 public:
  Formatter(JSContext* cx, std::string& out)
      : cx_(cx), out_(out), end_(out.size() + kTextBytesMax) {}

  bool Append(JSValueConst value) {
    if (JS_IsString(value)) {
      const auto text = js::ToText(cx_, value);
      if (!text.has_value()) return false;
      if (parents_.empty()) {
        out_ += *text;
      } else {
        AppendQuoted(*text, out_);
      }
      return true;
    }
    if (JS_IsObject(value)) return AppendObject(value);
    if (!JS_IsSymbol(value)) return AppendText(value);
    const js::Atom to_string(cx_, "toString");
    const js::Value text(cx_, JS_Invoke(cx_, value, to_string.get(), 0, nullptr));
    return !text.IsException() && AppendText(text.get());
  }

  // Cuts what is too long, not within a character.
  void Cut() {
    if (out_.size() <= end_) return;
    size_t size = end_;
    while (size > 0 && (static_cast<unsigned char>(out_[size]) & 0xc0) == 0x80) --size;
    out_.resize(size);
    out_ += "...";
  }

 private:
  bool full() const { return out_.size() > end_; }

  bool AppendText(JSValueConst value) {
    const auto text = js::ToText(cx_, value);
    if (text.has_value()) out_ += *text;
    return text.has_value();
  }

  bool AppendObject(JSValueConst value) {
    void* const identity = JS_VALUE_GET_PTR(value);
    if (std::find(parents_.begin(), parents_.end(), identity) != parents_.end()) {
      out_ += "[Circular]";
      return true;
    }
    if (JS_IsFunction(cx_, value)) {
      out_ += "[object Function]";
      return true;
    }
    if (JS_IsError(cx_, value)) return AppendError(value);
    if (parents_.size() >= kLevelsMax) {
      out_ += "...";
      return true;
    }
    parents_.push_back(identity);
    const bool ok = AppendInside(value);
    parents_.pop_back();
    return ok;
  }

  bool AppendInside(JSValueConst value) {
    const js::Value to_json = js::Get(cx_, value, "toJSON");  // dates, for one
    if (to_json.IsException()) return false;
    if (JS_IsFunction(cx_, to_json.get())) {
      const js::Value plain(cx_, JS_Call(cx_, to_json.get(), value, 0, nullptr));
      return !plain.IsException() && Append(plain.get());
    }
    const bool list = JS_IsArray(cx_, value) > 0 || IsTypedArray(value);
    return AppendMembers(value, list);
  }

  bool AppendMembers(JSValueConst value, bool list) {
    bool any = false;
    const bool ok = js::ForEachProperty(cx_, value, [&](JSAtom name, JSValueConst member) {
      if (full()) return true;
      out_ += any ? ", " : list ? "[ " : "{ ";
      any = true;
      const std::string key = js::AtomText(cx_, name);
      if (!list ||
          !std::all_of(key.begin(), key.end(), [](char c) { return c >= '0' && c <= '9'; })) {
        if (IsIdentifier(key)) {
          out_ += key;
        } else {
          AppendQuoted(key, out_);
        }
        out_ += ": ";
      }
      return Append(member);
    });
    if (any) {
      out_ += list ? " ]" : " }";
    } else if (ok) {
      out_ += list ? "[]" : "{}";
    }
    return ok;
  }

  // With its stack where it is the subject, in brackets where it is a member.
  bool AppendError(JSValueConst value) {
    if (!parents_.empty()) out_ += '[';
    if (!AppendText(value)) return false;
    if (!parents_.empty()) {
      out_ += ']';
      return true;
    }
    const js::Value stack = js::Get(cx_, value, "stack");
    if (stack.IsException()) return false;
    const auto text = JS_IsString(stack.get()) ? js::ToText(cx_, stack.get()) : std::string();
    if (!text.has_value()) return false;
    if (!text->empty()) out_ += '\n' + RealmOf(cx_).program->places.Translate(*text);
    while (out_.ends_with('\n')) out_.pop_back();
    return true;
  }

  bool IsTypedArray(JSValueConst value) {
    const js::Value buffer(cx_, JS_GetTypedArrayBuffer(cx_, value, nullptr, nullptr, nullptr));
    if (!buffer.IsException()) return true;
    JS_FreeValue(cx_, JS_GetException(cx_));
    return false;
  }

  JSContext* const cx_;
  std::string& out_;
  const size_t end_;
  std::vector<void*> parents_;
};

}  // namespace

bool AppendConsoleText(JSContext* cx, JSValueConst value, std::string& out) {
  Formatter formatter(cx, out);
  if (!formatter.Append(value)) return false;
  formatter.Cut();
  return true;
}

}  // namespace kload::k6
