#include "agent/http/response_parser.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <utility>

#include "agent/http/plain_response.h"

namespace kload::agent {
namespace {

namespace beast_http = boost::beast::http;
using boost::system::error_code;

constexpr int kInterimsMax = 5;                   // Go's bound
constexpr size_t kReserveBytesMax = 1024 * 1024;  // a length is a claim, not a fact
constexpr size_t kHeadersReserve = 8;             // what most responses have
constexpr size_t kHeaderReserveBytes = 256;
constexpr size_t kStatusLineWithoutReason = 12;  // HTTP/1.1 200

std::string_view View(boost::beast::string_view text) { return {text.data(), text.size()}; }

}  // namespace

// One message, interim or final; fills the ParsedResponse that the parser owns.
class ResponseParser::Message final : public beast_http::basic_parser<false> {
 public:
  Message(ParsedResponse& response, size_t& header_bytes, bool store_body)
      : response_(response), header_bytes_(header_bytes), store_body_(store_body) {
    eager(true);
    header_limit(kHeaderBytesMax);
    body_limit(boost::none);  // on_body_impl() has its own, for stored bodies
  }

  bool has_status() const { return response_.status != 0; }

 private:
  void on_request_impl(beast_http::verb, boost::beast::string_view, boost::beast::string_view, int,
                       error_code&) override {}

  void on_response_impl(int code, boost::beast::string_view reason, int version,
                        error_code&) override {
    response_.status = code;
    response_.status_text = fmt::format_int(code).c_str();
    if (!reason.empty()) response_.status_text.append(" ").append(View(reason));
    response_.proto = version == 11 ? "HTTP/1.1" : "HTTP/1.0";
    header_bytes_ += reason.size();
    response_.headers.Reserve(kHeadersReserve, kHeaderReserveBytes);
  }

  void on_field_impl(beast_http::field field, boost::beast::string_view name,
                     boost::beast::string_view value, error_code& error) override {
    header_bytes_ += name.size() + value.size() + 4;
    if (header_bytes_ > kHeaderBytesMax) {
      error = beast_http::error::header_limit;
      return;
    }
    if (is_header_done()) return;  // a trailer
    if (field == beast_http::field::content_encoding) {
      if (!response_.content_encoding.empty()) response_.content_encoding += ',';
      response_.content_encoding.append(View(value));
    } else if (field == beast_http::field::location && response_.location.empty()) {
      response_.location = View(value);
    } else if (field == beast_http::field::set_cookie) {
      response_.sets_cookies = true;
    }
    response_.headers.Add(View(name), View(value));
  }

  void on_header_impl(error_code&) override {}

  void on_body_init_impl(const boost::optional<uint64_t>& length, error_code&) override {
    if (store_body_ && length) {
      response_.body.reserve(static_cast<size_t>(std::min<uint64_t>(*length, kReserveBytesMax)));
    }
  }

  size_t Store(boost::beast::string_view bytes, error_code& error) {
    if (!store_body_) return bytes.size();
    if (response_.body.size() + bytes.size() > kBodyBytesMax) {
      error = beast_http::error::body_limit;
      return 0;
    }
    response_.body.append(bytes.data(), bytes.size());
    return bytes.size();
  }

  size_t on_body_impl(boost::beast::string_view bytes, error_code& error) override {
    return Store(bytes, error);
  }
  void on_chunk_header_impl(uint64_t, boost::beast::string_view, error_code&) override {}
  size_t on_chunk_body_impl(uint64_t, boost::beast::string_view bytes, error_code& error) override {
    return Store(bytes, error);
  }
  void on_finish_impl(error_code&) override {}

  ParsedResponse& response_;
  size_t& header_bytes_;
  const bool store_body_;
};

void ParsedResponse::Clear() {
  ParsedResponse empty;
  headers.Clear();
  body.clear();
  empty.headers = std::move(headers);
  empty.body = std::move(body);
  *this = std::move(empty);
}

void ParsedResponse::CopyHead(const ParsedResponse& other) {
  status = other.status;
  status_text = other.status_text;
  proto = other.proto;
  headers = other.headers;
  content_encoding = other.content_encoding;
  location = other.location;
  sets_cookies = other.sets_cookies;
  keep_alive = other.keep_alive;
}

ResponseParser::ResponseParser(ParsedResponse& response, bool head_request, bool store_body,
                               KnownHeads* known)
    : head_request_(head_request), store_body_(store_body), response_(response), known_(known) {}

ResponseParser::~ResponseParser() { EndMessage(); }

void ResponseParser::StartMessage() {
  static_assert(sizeof(Message) <= kMessageBytes && alignof(Message) <= alignof(std::max_align_t));
  new (message_bytes_) Message(response_, header_bytes_, store_body_);
  has_message_ = true;
  message().skip(head_request_);
}

void ResponseParser::EndMessage() {
  if (std::exchange(has_message_, false)) message().~Message();
}

void ResponseParser::Fail(std::string text) {
  state_ = State::kFailed;
  failure_ = {FailureCode::kUnclassified, std::move(text)};
}

// Hands `bytes` to the parser, over several messages if interim ones come first; returns how many
// were taken.
size_t ResponseParser::Consume(std::string_view bytes) {
  size_t taken = 0;
  while (taken < bytes.size() && state_ == State::kNeedMore) {
    error_code error;
    const size_t step = message().put({bytes.data() + taken, bytes.size() - taken}, error);
    taken += step;
    if (error == beast_http::error::need_more) return taken;
    if (error == beast_http::error::header_limit) {
      Fail(fmt::format("response headers are larger than {} KiB", kHeaderBytesMax / 1024));
    } else if (error == beast_http::error::body_limit) {
      Fail(fmt::format("response body is larger than {} MiB", kBodyBytesMax / 1024 / 1024));
    } else if (error) {
      Fail("malformed HTTP response: " + error.message());
    } else if (!message().is_done()) {
      if (step == 0) return taken;
    } else if (response_.status / 100 != 1 || response_.status == 101) {
      response_.keep_alive = message().keep_alive();
      state_ = State::kDone;
    } else if (++interims_ > kInterimsMax) {
      Fail("too many interim (1xx) responses");
    } else {
      EndMessage();
      response_.Clear();
      StartMessage();
    }
  }
  return taken;
}

ResponseParser::State ResponseParser::Feed(std::string_view bytes) {
  if (!has_message_) {
    if (const auto taken =
            ParsePlainResponse(bytes, head_request_, store_body_, response_, known_)) {
      if (*taken < bytes.size()) pending_.assign(bytes.substr(*taken));
      return state_ = State::kDone;
    }
    StartMessage();
  }
  const bool joined = !pending_.empty();
  if (joined) pending_.append(bytes);
  // Some servers leave out the space before an empty reason, and Beast insists on it.
  const std::string_view all = joined ? std::string_view(pending_) : bytes;
  if (!message().has_status() && all.size() > kStatusLineWithoutReason &&
      all[kStatusLineWithoutReason] == '\r' && all.substr(0, 7) == "HTTP/1.") {
    std::string repaired(all);
    repaired.insert(kStatusLineWithoutReason, " ");
    const size_t taken = Consume(repaired);
    pending_.assign(repaired, taken);
  } else if (joined) {
    pending_.erase(0, Consume(pending_));
  } else {
    pending_.assign(bytes.substr(Consume(bytes)));
  }
  if (state_ == State::kNeedMore && pending_.size() > kHeaderBytesMax) {
    Fail("malformed HTTP response: a line without end");
  }
  return state_;
}

ResponseParser::State ResponseParser::FeedEnd() {
  if (state_ != State::kNeedMore) return state_;
  if (!has_message_ || !message().got_some()) {
    Fail(interims_ == 0 ? "EOF" : "unexpected EOF");
    return state_;
  }
  error_code error;
  message().put_eof(error);
  if (error) {
    Fail("unexpected EOF");
  } else {
    response_.keep_alive = false;
    state_ = State::kDone;
  }
  return state_;
}

const Failure& ResponseParser::failure() const { return failure_; }
bool ResponseParser::leftover() const { return !pending_.empty(); }

}  // namespace kload::agent
