#include "agent/http/plain_response.h"

#include <cstdint>
#include <cstring>
#include <type_traits>

#include "agent/http/known_heads.h"
#include "common/http/token.h"

namespace kload::agent {
namespace {

constexpr std::string_view kVersion = "HTTP/1.1 ";
constexpr size_t kStatusDigits = 3;
constexpr size_t kLengthDigitsMax = 9;

// Bytes 8 at a time, all of them in one word (Warren, Hacker's Delight, 6-1).
constexpr uint64_t kOnes = 0x0101010101010101;
constexpr uint64_t kTops = kOnes * 0x80;
constexpr uint64_t kSpaces = kOnes * ' ';
constexpr uint64_t kDeletes = kOnes * 0x7f;

// Whether all characters are printable ASCII or spaces, but for `controls` ones below that.
bool HasOnly(size_t controls, std::string_view text) {
  uint64_t found = 0;  // below a space
  uint64_t wrong = 0;
  const auto look = [&](uint64_t word) {
    const uint64_t low = word & ~kTops;
    // No sum of a byte reaches the next one.
    const uint64_t below = ~(low + kOnes * (0x80 - ' ')) & kTops;
    wrong |= word | ~((low ^ kDeletes) + kDeletes);
    found += ((below >> 7) * kOnes) >> 56;
  };
  size_t at = 0;
  for (; at + sizeof(uint64_t) <= text.size(); at += sizeof(uint64_t)) {
    uint64_t word = 0;
    std::memcpy(&word, text.data() + at, sizeof(word));
    look(word);
  }
  uint64_t rest = kSpaces;
  std::memcpy(&rest, text.data() + at, text.size() - at);
  look(rest);
  return (wrong & kTops) == 0 && found == controls;
}

// Whether `text`, printable and as long as it, is `lower` whatever its case: of small letters and '-', which setting the bit
// that tells letters apart makes of no other printable character.
template <size_t size>
bool Is(std::string_view text, const char (&lower)[size]) {
  static_assert(size > sizeof(uint32_t));
  using Word = std::conditional_t<(size > sizeof(uint64_t)), uint64_t, uint32_t>;
  const auto same = [&](size_t at) {
    Word a = 0;
    Word b = 0;
    std::memcpy(&a, text.data() + at, sizeof(a));
    std::memcpy(&b, lower + at, sizeof(b));
    return (a | static_cast<Word>(kSpaces)) == b;
  };
  bool all = same(size - 1 - sizeof(Word));  // the last ones; before them whole words
  for (size_t at = 0; at + sizeof(Word) < size; at += sizeof(Word)) all = all && same(at);
  return all;
}

class PlainReader {
 public:
  PlainReader(std::string_view bytes, ParsedResponse& response)
      : bytes_(bytes), response_(response) {}

  // The head, as `known` says or by reading it; false: not for us.
  bool ReadHead(KnownHeads* known) {
    if (known == nullptr) return ReadNewHead();
    if (const KnownHeads::Head* const head = known->Find(bytes_)) {
      response_.CopyHead(head->said);
      next_ = head->bytes.size();
      length_ = head->body_length;
      return true;
    }
    if (!ReadNewHead()) return false;
    // Cookies come with a new value each time.
    if (!response_.sets_cookies) known->Keep(bytes_.substr(0, next_), response_, length_);
    return true;
  }

  // The body behind it; how many bytes that are in all.
  std::optional<size_t> ReadBody(bool head_request, bool store_body) {
    const int status = response_.status;
    if (head_request || status == 204 || status == 304) return next_;
    if (!length_ || *length_ > bytes_.size() - next_) return std::nullopt;
    if (store_body) response_.body.assign(bytes_.substr(next_, *length_));
    return next_ + *length_;
  }

 private:
  bool ReadNewHead() {
    if (!bytes_.starts_with(kVersion) || !ReadStatus()) return false;
    std::string_view line;
    while (true) {
      if (!NextLine(line)) return false;
      if (line.empty()) break;
      if (!ReadField(line)) return false;
    }
    // Beast's bound counts a field as if it had a space behind its colon.
    if (next_ + lines_ > kHeaderBytesMax || !HasOnly(2 * lines_, bytes_.substr(0, next_)))
      return false;
    response_.headers.SetText(bytes_.substr(0, next_));
    response_.keep_alive = !close_;
    return true;
  }

  // Without its end; false when it has none yet. What it holds is looked at in the end, for all lines at once.
  bool NextLine(std::string_view& line) {
    const char* const begin = bytes_.data() + next_;
    const void* const found = std::memchr(begin, '\n', bytes_.size() - next_);
    if (found == nullptr) return false;
    const auto size = static_cast<size_t>(static_cast<const char*>(found) - begin);
    if (size == 0 || begin[size - 1] != '\r') return false;
    line = {begin, size - 1};
    next_ += size + 1;
    ++lines_;
    return true;
  }

  bool ReadStatus() {
    std::string_view line;
    if (!NextLine(line)) return false;
    line.remove_prefix(kVersion.size());
    int status = 0;
    for (size_t i = 0; i < kStatusDigits; ++i) {
      if (i >= line.size() || line[i] < '0' || line[i] > '9') return false;
      status = status * 10 + (line[i] - '0');
    }
    // Beast's: interim responses, and lines without a reason.
    if (status < 200 || line.size() < kStatusDigits + 2 || line[kStatusDigits] != ' ') return false;
    if (line[kStatusDigits + 1] == ' ' || line.back() == ' ') return false;
    response_.status = status;
    response_.status_text = line;
    response_.proto = "HTTP/1.1";
    return true;
  }

  bool ReadField(std::string_view line) {
    size_t colon = 0;
    while (http::IsTokenChar(line.data()[colon])) ++colon;  // ends at the line's end, which is none
    if (colon == 0 || line.data()[colon] != ':') return false;
    const std::string_view name = line.substr(0, colon);
    std::string_view value = line.substr(colon + 1);
    while (value.starts_with(' ')) value.remove_prefix(1);
    while (value.ends_with(' ')) value.remove_suffix(1);
    response_.headers.AddAt(Offset(name), name.size(), Offset(value), value.size());
    return Understand(name, value);
  }

  size_t Offset(std::string_view part) const {
    return static_cast<size_t>(part.data() - bytes_.data());
  }

  // Fields that say something about the message; false: not for us. By length first: most names are none of these.
  bool Understand(std::string_view name, std::string_view value) {
    switch (name.size()) {
      case 7:
        return !Is(name, "upgrade");
      case 8:
        if (Is(name, "location") && response_.location.empty()) response_.location = value;
        return true;
      case 10:
        if (Is(name, "connection")) return ReadConnection(value);
        response_.sets_cookies = response_.sets_cookies || Is(name, "set-cookie");
        return true;
      case 14:
        return !Is(name, "content-length") || ReadLength(value);
      case 16:
        if (Is(name, "content-encoding")) {
          if (!response_.content_encoding.empty()) response_.content_encoding += ',';
          response_.content_encoding.append(value);
        }
        return !Is(name, "proxy-connection");
      case 17:
        return !Is(name, "transfer-encoding");
      default:
        return true;
    }
  }

  bool ReadConnection(std::string_view value) {
    if (has_connection_) return false;
    has_connection_ = true;
    close_ = value.size() == 5 && Is(value, "close");
    return close_ || (value.size() == 10 && Is(value, "keep-alive"));
  }

  bool ReadLength(std::string_view value) {
    if (length_ || value.empty() || value.size() > kLengthDigitsMax) return false;
    size_t length = 0;
    for (const char c : value) {
      if (c < '0' || c > '9') return false;
      length = length * 10 + static_cast<size_t>(c - '0');
    }
    length_ = length;
    return true;
  }

  const std::string_view bytes_;
  ParsedResponse& response_;
  size_t next_ = 0;  // where the next line begins
  size_t lines_ = 0;
  std::optional<size_t> length_;  // of the body, as announced
  bool has_connection_ = false;
  bool close_ = false;
};

}  // namespace

std::optional<size_t> ParsePlainResponse(std::string_view bytes, bool head_request, bool store_body,
                                         ParsedResponse& response, KnownHeads* known) {
  PlainReader reader(bytes, response);
  if (reader.ReadHead(known)) {
    if (const auto taken = reader.ReadBody(head_request, store_body)) return taken;
  }
  response.Clear();
  return std::nullopt;
}

}  // namespace kload::agent
