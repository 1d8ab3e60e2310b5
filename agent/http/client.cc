#include "agent/http/client.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "agent/http/connection.h"
#include "agent/http/deadline.h"
#include "agent/http/decode.h"
#include "agent/http/dial_rules.h"
#include "agent/http/digest_auth.h"
#include "agent/http/failure.h"
#include "agent/http/http_dump.h"
#include "agent/http/idle_pool.h"
#include "agent/http/known_heads.h"
#include "agent/http/poller.h"
#include "agent/http/rate_limit.h"
#include "agent/http/redirect.h"
#include "agent/http/request_head.h"
#include "agent/http/resolver.h"
#include "agent/http/response_parser.h"
#include "agent/http/tls.h"
#include "agent/http/url.h"
#include "agent/http/url_cache.h"
#include "common/base/check.h"
#include "common/base/status.h"
#include "common/http/cookie_jar.h"

namespace kload::agent {
namespace {

constexpr Nanos kDialTime = std::chrono::seconds(30);  // look-up and all addresses together
constexpr Nanos kDialTimePerAddress = std::chrono::seconds(2);  // at least, while there are others
constexpr size_t kScratchBytes = 64 * 1024;

Failure TimedOut() { return {FailureCode::kRequestTimeout, "request timeout"}; }

// k6 gives error statuses a code, but no text.
int CodeOfStatus(int status) { return status >= 400 && status < 600 ? 1000 + status : 0; }

// Of what can not be asked of any server.
std::optional<Failure> CheckTarget(const Target& target) {
  if (target.scheme != "http" && target.scheme != "https") {
    return Failure{FailureCode::kUnclassified,
                   fmt::format("unsupported protocol scheme \"{}\"", target.scheme)};
  }
  if (target.host.empty()) return Failure{FailureCode::kUnclassified, "no Host in request URL"};
  return std::nullopt;
}

// What the response says of the last hop and its connection, nullptr when there was none.
void Describe(const Connection* connection, const http::Hop& hop, http::Response& response) {
  static const std::string kNone;
  const bool connected = connection != nullptr;
  response.remote_ip = connected ? connection->remote_ip() : kNone;
  response.remote_port = connected ? connection->remote_port() : 0;
  response.tls_version = connected ? connection->tls_version() : kNone;
  response.tls_cipher_suite = connected ? connection->tls_cipher() : kNone;
  response.timings = hop.timings;
  response.error_code = hop.error_code;
}

// Makes the next request of the chain the same one with credentials, if the response asks for them and they have not
// been refused before.
bool AnswerChallenge(const ParsedResponse& response, Chain& chain) {
  HopRequest& request = chain.request;
  const Target& target = *chain.target;
  const bool asked = request.digest && response.status == 401 && request.authorization.empty() &&
                     !target.authorization.empty();
  if (!asked) return false;
  const std::optional<DigestChallenge> challenge = FindDigestChallenge(response.headers);
  if (!challenge) return false;
  request.authorization = DigestAuthorization(
      *challenge, {request.method, target.path, target.user, target.password}, NewClientNonce());
  return true;
}

void TakeOver(ParsedResponse& parsed, http::Response& response) {
  response.status = parsed.status;
  response.status_text = std::move(parsed.status_text);
  response.proto = std::move(parsed.proto);
  response.headers = std::move(parsed.headers);
  response.body = std::move(parsed.body);
}

}  // namespace

struct HttpShared::Impl {
  Impl(boost::asio::io_context& context, const Clock& c, HttpOptions o)
      : io(context),
        clock(c),
        options(std::move(o)),
        poller(context, c),
        rules(options.network, options.allow),
        resolver(context, c, options.network.dns, options.first_dns_turn),
        deadlines(context, c),
        tls(TlsContext::Create(
            {!options.insecure_skip_tls_verify, options.ca_file, options.network.tls})),
        urls(options.user_agent),
        scratch(kScratchBytes) {
    if (options.next_slot) rate.emplace(options.next_slot);
  }

  boost::asio::io_context& io;
  const Clock& clock;
  const HttpOptions options;
  Poller poller;
  const DialRules rules;
  Resolver resolver;
  DeadlineQueue deadlines;
  // Made at once: reading the system's roots takes some 25 ms, which would show in the latencies of
  // a run.
  const absl::StatusOr<std::unique_ptr<TlsContext>> tls;
  UrlCache urls;
  KnownHeads known_heads;
  uint64_t generator_errors = 0;
  uint64_t dumps = 0;  // clients that log what they send
  std::optional<RateLimit> rate;
  std::vector<char> scratch;
};

HttpShared::HttpShared(boost::asio::io_context& io, const Clock& clock, HttpOptions options)
    : impl_(std::make_unique<Impl>(io, clock, std::move(options))) {}
HttpShared::~HttpShared() = default;
void HttpShared::BeforeOne(bool more) { impl_->poller.BeforeOne(more); }
void HttpShared::AfterOne() { impl_->poller.AfterOne(); }
void HttpShared::AfterAll() { impl_->poller.AfterAll(); }
uint64_t HttpShared::generator_errors() const { return impl_->generator_errors; }

// Fetch() runs on a fiber; OnDeadline() and Cancel() only while that is suspended.
struct HttpClient::Impl {
  Impl(HttpShared::Impl& s, ClientOwner o, IdlePool* pool)
      : shared(s),
        own_pool(s.options.idle),
        idle(pool == nullptr ? own_pool : *pool),
        owner(std::move(o)),
        deadline(s.deadlines, [this] { OnDeadline(); }),
        local(AddressOfVu(s.options.network.local_ips, owner.vu)) {
    const HttpDebug debug = s.options.network.http_debug;
    if (debug == HttpDebug::kOff || !owner.log) return;
    dump = std::make_unique<HttpDump>(fmt::format("{}-{}", owner.vu, ++s.dumps),
                                      debug == HttpDebug::kFull, owner.log);
  }
  ~Impl() { KLOAD_CHECK(!busy, "an HTTP client was destroyed during a Fetch()"); }

  void Fetch(Fiber& fiber, const http::Request& request, http::Response& response);
  void Cancel() {
    cancelled = true;
    Abort();
  }

  HttpShared::Impl& shared;
  bool cancelled = false;
  IdlePool own_pool;
  IdlePool& idle;
  const ClientOwner owner;

 private:
  // What came back for one hop, and over which connection.
  struct Answer {
    bool may_redirect = false;
    ParsedResponse response;
    std::shared_ptr<Connection> connection;

    bool redirects() const {
      return may_redirect && IsRedirect(response.status, response.location);
    }
  };

  bool AwaitSlot(Fiber& fiber);
  bool stopped() const { return cancelled || expired; }
  void OnDeadline();
  void Abort();
  void RunChain(Fiber& fiber, const http::Request& request, Chain& chain, http::Response& response);
  std::optional<Failure> RunHop(Fiber& fiber, const http::Request& request, const Chain& chain,
                                http::Hop& hop, Answer& answer);
  std::optional<Failure> Send(Fiber& fiber, const http::Request& request, const Chain& chain,
                              http::Hop& hop, Answer& answer);
  std::optional<Failure> Open(Fiber& fiber, const Target& target, http::Timings& timings,
                              std::shared_ptr<Connection>& connection);
  std::optional<Failure> Route(Fiber& fiber, const Target& target);
  std::optional<Failure> Dial(Fiber& fiber, Nanos dial_limit, Connection& connection);
  std::optional<Failure> Secure(Fiber& fiber, const Target& target, http::Timings& timings,
                                Connection& connection);

  bool busy = false;
  bool expired = false;            // the deadline has passed since it was armed last
  Nanos limit{0};                  // steady time at which the chain must be over
  Connection* current = nullptr;   // in use
  std::unique_ptr<HttpDump> dump;  // `httpDebug`; null: off
  std::string head;
  Deadline deadline;
  std::unique_ptr<SlotWait> slot;  // made when a request has to wait for the first time
  Lookup lookup;                   // waited for, or nothing
  // Where to connect to, see Route().
  std::vector<boost::asio::ip::address> addresses;
  uint16_t port = 0;
  const std::optional<IpAddress> local;  // where from; nothing: the system's choice
};

void HttpClient::Impl::OnDeadline() {
  expired = true;
  Abort();
}

void HttpClient::Impl::Abort() {
  lookup.Abandon();
  if (slot != nullptr) slot->Cancel();
  if (current != nullptr) current->Close();
}

void HttpClient::Impl::Fetch(Fiber& fiber, const http::Request& request, http::Response& response) {
  KLOAD_CHECK(!busy, "an HTTP client does one Fetch() at a time");
  KLOAD_CHECK(response.hops.empty(), "a response is filled in once");
  response.url = request.url;
  std::shared_ptr<const Target> target = shared.urls.Parse(request.url);
  if (target == nullptr) {
    response.error = "invalid URL";
    response.error_code = static_cast<int>(FailureCode::kInvalidUrl);
    return;
  }
  Chain chain(request, std::move(target));
  chain.request.close = shared.options.no_connection_reuse;
  busy = true;
  limit = shared.clock.Now() + request.timeout;
  expired = request.timeout <= Nanos::zero();
  if (!expired) deadline.Arm(limit);
  RunChain(fiber, request, chain, response);
  deadline.Disarm();
  busy = false;
}

void HttpClient::Impl::RunChain(Fiber& fiber, const http::Request& request, Chain& chain,
                                http::Response& response) {
  std::optional<Failure> failure;
  for (int followed = 0;; ++followed) {
    if (shared.rate && !AwaitSlot(fiber)) return;
    http::Hop& hop = response.hops.emplace_back();
    Answer answer;
    answer.may_redirect = followed < request.max_redirects;
    answer.response.headers = std::move(response.headers);  // both empty: for their memory
    answer.response.body = std::move(response.body);
    chain.request.cookies = http::CookieLine(request, *chain.target, shared.clock);
    if (response.hops.size() == 1) response.sent_cookies = chain.request.cookies;
    failure = RunHop(fiber, request, chain, hop, answer);
    if (answer.response.sets_cookies) {
      http::StoreCookies(request, *chain.target, answer.response.headers, shared.clock);
    }
    Describe(answer.connection.get(), hop, response);
    if (failure) break;
    if (AnswerChallenge(answer.response, chain)) {
      // k6's rule: the 401 that asks for credentials is what one expects.
      const bool judged = request.rule == nullptr || request.rule->judged;
      hop.expectation = judged ? http::Expectation::kMet : http::Expectation::kNotJudged;
      --followed;
      continue;
    }
    if (!answer.redirects()) {
      TakeOver(answer.response, response);
      if (followed > 0) response.url = chain.target->encoded;
      return;
    }
    failure = Follow(answer.response.status, answer.response.location, chain);
    if (failure) {
      // Nothing was sent: the chain's last hop is the redirect itself.
      response.error_code = static_cast<int>(failure->code);
      break;
    }
  }
  if (!response.hops.back().interrupted) response.error = failure->text;
}

// `rps`: the wait is part of no phase and takes nothing from the request's time. False: cancelled.
bool HttpClient::Impl::AwaitSlot(Fiber& fiber) {
  if (stopped()) return !cancelled;
  const Nanos begun = shared.clock.Now();
  const Nanos due = shared.rate->Reserve(begun);
  if (due <= begun) return true;
  deadline.Disarm();
  if (slot == nullptr) slot = std::make_unique<SlotWait>(shared.deadlines);
  slot->Until(fiber, due);
  if (cancelled) return false;
  limit += shared.clock.Now() - begun;
  deadline.Arm(limit);
  return true;
}

// Fills in the hop, whatever happens. Failure: also when the hop is interrupted.
std::optional<Failure> HttpClient::Impl::RunHop(Fiber& fiber, const http::Request& request,
                                                const Chain& chain, http::Hop& hop,
                                                Answer& answer) {
  hop.method = chain.request.method;
  hop.url = chain.target->masked;
  std::optional<Failure> failure = Send(fiber, request, chain, hop, answer);
  if (cancelled) {
    hop.interrupted = true;
    return Failure{};
  }
  ParsedResponse& response = answer.response;
  if (!failure && response.status == 101) {
    failure = Failure{FailureCode::kUnclassified,
                      fmt::format("unsupported response status: {}", response.status_text)};
  }
  // Of a redirect nobody looks at the body.
  if (!failure && !response.content_encoding.empty() && !answer.redirects()) {
    const absl::Status decoded = DecodeBody(response.content_encoding, response.body);
    if (!decoded.ok()) failure = Failure{FailureCode::kDecompression, Message(decoded)};
  }
  if (dump && response.status != 0) dump->Response(response);
  if (failure) {
    hop.error = failure->text;
    hop.error_code = static_cast<int>(failure->code);
    return failure;
  }
  hop.status = response.status;
  hop.proto = response.proto;
  hop.tls_version = answer.connection->tls_version();
  if (shared.options.hop_addresses) hop.remote_ip = answer.connection->remote_ip();
  hop.error_code = CodeOfStatus(response.status);
  return std::nullopt;
}

// One request on the wire; a second time only when a kept-alive connection proved to be closed.
std::optional<Failure> HttpClient::Impl::Send(Fiber& fiber, const http::Request& request,
                                              const Chain& chain, http::Hop& hop, Answer& answer) {
  if (cancelled) return Failure{};
  if (expired) return TimedOut();
  if (std::optional<Failure> failure = CheckTarget(*chain.target)) return failure;
  if (std::optional<Failure> failure =
          WriteHead(chain.request, *chain.target, shared.options.user_agent, head)) {
    return failure;
  }
  const bool keep = !shared.options.no_connection_reuse && !WantsClose(*chain.request.headers);
  const std::string* const body = chain.request.body;
  const RequestBytes out{head, body == nullptr ? std::string_view() : std::string_view(*body)};
  if (dump) dump->Request(out.head, out.body);
  while (true) {
    std::shared_ptr<Connection> connection = idle.Take(*chain.target);
    if (connection == nullptr) {
      std::optional<Failure> failure = Open(fiber, *chain.target, hop.timings, connection);
      if (failure) return cancelled || !expired ? failure : TimedOut();
    }
    answer.connection = connection;
    ResponseParser parser(
        answer.response, chain.request.method == "HEAD",
        request.response_type != http::ResponseType::kNone || (dump && dump->with_bodies()),
        &shared.known_heads);
    current = connection.get();
    std::optional<ExchangeFailure> failure = connection->Exchange(fiber, out, parser, hop);
    current = nullptr;
    if (!failure) {
      if (keep && connection->reusable()) {
        idle.Put(*chain.target, std::move(connection));
      } else {
        connection->Close();
      }
      return std::nullopt;
    }
    answer.response.Clear();
    connection->Close();
    if (stopped()) return TimedOut();
    // Unsent, anything may be sent again; else only what does no harm twice. Ends when the pool is
    // empty.
    if (!failure->stale || (hop.bytes_sent > 0 && !IsReplayable(chain.request))) {
      return failure->failure;
    }
    hop.bytes_sent = 0;
    hop.timings = {};
  }
}

// A new connection, with its part of the timings.
std::optional<Failure> HttpClient::Impl::Open(Fiber& fiber, const Target& target,
                                              http::Timings& timings,
                                              std::shared_ptr<Connection>& connection) {
  connection = std::make_shared<Connection>(shared.io, shared.poller, shared.clock,
                                            std::span(shared.scratch));
  current = connection.get();
  connection->AwaitTurn(fiber);
  if (stopped()) {
    current = nullptr;
    return TimedOut();
  }
  const Nanos begun = shared.clock.Now();
  const Nanos dial_limit = std::min(limit, begun + kDialTime);
  deadline.Arm(dial_limit);
  std::optional<Failure> failure = Route(fiber, target);
  const Nanos connecting = shared.clock.Now();
  if (!failure) failure = Dial(fiber, dial_limit, *connection);
  const Nanos connected = shared.clock.Now();
  deadline.Arm(limit);
  if (!failure) {
    timings.connecting = connected - connecting;
    if (target.tls()) failure = Secure(fiber, target, timings, *connection);
  }
  current = nullptr;
  if (!failure) {
    timings.blocked = shared.clock.Now() - begun;
    return std::nullopt;
  }
  connection->Close();
  return failure;
}

// Finds out where the target's connections go, within the dial's time.
std::optional<Failure> HttpClient::Impl::Route(Fiber& fiber, const Target& target) {
  if (std::optional<Failure> blocked = shared.rules.Blocked(target)) return blocked;
  port = target.port;
  if (const std::optional<HostAddress> elsewhere = shared.rules.Override(target)) {
    addresses.assign(1, ToAsio(elsewhere->ip));
    port = elsewhere->port;
    if (auto forbidden = shared.rules.Forbidden(target, true, addresses)) return forbidden;
    return shared.rules.Refused(addresses);
  }
  const boost::system::error_code error =
      shared.resolver.Resolve(fiber, target.host, lookup, addresses);
  if (error) {
    const bool too_late = expired && shared.clock.Now() < limit;
    if (too_late) expired = false;
    return LookupFailure(too_late ? boost::asio::error::timed_out : error);
  }
  if (auto forbidden = shared.rules.Forbidden(target, false, addresses)) return forbidden;
  return shared.rules.Refused(addresses);
}

// Tries the addresses in turn; each has its share of the time that is left.
std::optional<Failure> HttpClient::Impl::Dial(Fiber& fiber, Nanos dial_limit,
                                              Connection& connection) {
  std::optional<Failure> first;
  for (size_t i = 0; i < addresses.size() && !stopped(); ++i) {
    const Nanos now = shared.clock.Now();
    const Nanos share = (dial_limit - now) / static_cast<int64_t>(addresses.size() - i);
    deadline.Arm(std::min(dial_limit, now + std::max(share, kDialTimePerAddress)));
    boost::system::error_code error = connection.Connect(fiber, {addresses[i], port}, local);
    if (!error) return std::nullopt;
    if (expired && shared.clock.Now() < limit) {
      expired = false;
      error = boost::asio::error::timed_out;
    }
    if (IsOwnLack(error)) ++shared.generator_errors;
    if (!first) first = DialFailure(error);
  }
  return first ? first : TimedOut();
}

std::optional<Failure> HttpClient::Impl::Secure(Fiber& fiber, const Target& target,
                                                http::Timings& timings, Connection& connection) {
  if (!shared.tls.ok()) return Failure{FailureCode::kTls, Message(shared.tls.status())};
  const Nanos begun = shared.clock.Now();
  std::optional<Failure> failure = connection.Handshake(fiber, **shared.tls, target);
  if (!failure) timings.tls_handshaking = shared.clock.Now() - begun;
  return failure;
}

HttpClient::HttpClient(HttpShared& shared, ClientOwner owner)
    : impl_(std::make_unique<Impl>(*shared.impl_, std::move(owner), nullptr)) {}
HttpClient::HttpClient(HttpShared& shared, HttpClient& main)
    : impl_(std::make_unique<Impl>(*shared.impl_, main.impl_->owner, &main.impl_->idle)) {}
HttpClient::~HttpClient() = default;

void HttpClient::Fetch(Fiber& fiber, const http::Request& request, http::Response& response) {
  impl_->Fetch(fiber, request, response);
}
http::Response HttpClient::Fetch(Fiber& fiber, const http::Request& request) {
  http::Response response;
  impl_->Fetch(fiber, request, response);
  return response;
}
void HttpClient::Cancel() { impl_->Cancel(); }
void HttpClient::Reset() { impl_->cancelled = false; }
void HttpClient::CloseIdle() { impl_->idle.CloseAll(); }

}  // namespace kload::agent
