// The bytes of a connection -> one final response: Beast's parser behind a small door, and a short way past it for plain ones
// (plain_response.h).
//
// Interim responses (1xx) are skipped; 101 is final, as nothing was asked to be upgraded.
// Thread: a plain value of one exchange.
// Bounds: 64 KiB of header block (interim ones included), kBodyBytesMax of stored body.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "agent/http/failure.h"
#include "common/http/message.h"

namespace kload::agent {

inline constexpr size_t kHeaderBytesMax = 64 * 1024;
inline constexpr size_t kBodyBytesMax = 256 * 1024 * 1024;

// What a response consists of once it is complete.
struct ParsedResponse {
  int status = 0;
  std::string status_text;  // "200 OK"
  std::string proto;        // HTTP/1.1 or HTTP/1.0
  http::HeaderBlock headers;
  std::string body;              // as sent: not yet decoded
  std::string content_encoding;  // all of these headers, joined by commas
  std::string location;          // the first one, empty when there is none
  bool sets_cookies = false;     // has a Set-Cookie header
  bool keep_alive = false;

  // As made anew, but for the memory that the larger texts hold.
  void Clear();
  // All but the body, which stays as it is.
  void CopyHead(const ParsedResponse& other);
};

class KnownHeads;

class ResponseParser {
 public:
  enum class State { kNeedMore, kDone, kFailed };

  // Fills in `response`, which must be empty. `head_request`: it has no body, whatever its headers say. `store_body`: false
  // reads and drops it. `known`: where heads that come again are looked up; nullptr: nowhere.
  ResponseParser(ParsedResponse& response, bool head_request, bool store_body,
                 KnownHeads* known = nullptr);
  ~ResponseParser();
  ResponseParser(const ResponseParser&) = delete;
  ResponseParser& operator=(const ResponseParser&) = delete;

  // Takes the next bytes. Bytes behind the end of the response make leftover() true.
  State Feed(std::string_view bytes);
  // The peer closed its side: the end of a body without length, else a failure.
  State FeedEnd();

  // After kFailed.
  const Failure& failure() const;
  // Complete after kDone.
  const ParsedResponse& response() const { return response_; }
  // After kDone: the server sent more than the response, so the connection can not be used again.
  bool leftover() const;

 private:
  class Message;
  static constexpr size_t kMessageBytes = 192;  // a Message, made in place when one is needed
  Message& message() { return *reinterpret_cast<Message*>(message_bytes_); }
  void StartMessage();
  void EndMessage();
  size_t Consume(std::string_view bytes);
  void Fail(std::string text);

  const bool head_request_;
  const bool store_body_;
  ParsedResponse& response_;
  KnownHeads* const known_;
  alignas(std::max_align_t) std::byte message_bytes_[kMessageBytes];
  bool has_message_ = false;
  std::string pending_;  // not consumed yet: an incomplete line
  size_t header_bytes_ = 0;
  int interims_ = 0;
  State state_ = State::kNeedMore;
  Failure failure_;
};

}  // namespace kload::agent
