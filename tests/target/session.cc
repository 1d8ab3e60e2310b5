#include "tests/target/session.h"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <optional>
#include <string>

#include "tests/target/gzip.h"
#include "tests/target/routes.h"

namespace kload::target {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using Request = http::request<http::string_body>;
using Response = http::response<http::string_body>;

constexpr size_t kBodyMax = 1 << 20;                      // larger ones end the connection
constexpr size_t kGzipMin = 256;                          // smaller bodies are not worth it
constexpr auto kIdleTimeout = std::chrono::minutes(5);    // longer than any scenario's sleep
constexpr auto kWriteTimeout = std::chrono::seconds(30);  // a client that does not read
constexpr const char* kMetricsType = "text/plain; version=0.0.4; charset=utf-8";

std::string Text(beast::string_view text) { return {text.data(), text.size()}; }

asio::awaitable<void> Sleep(Nanos duration) {
  if (duration <= Nanos{0}) co_return;
  asio::steady_timer timer(co_await asio::this_coro::executor, duration);
  boost::system::error_code ignored;  // nobody cancels it; the context's end destroys the frame
  co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

Nanos SteadyNow() { return std::chrono::steady_clock::now().time_since_epoch(); }

// Counts a request in until its answer is decided, whatever happens to it.
class InFlight {
 public:
  explicit InFlight(prometheus::Gauge& gauge) : gauge_(gauge) { gauge_.Increment(); }
  InFlight(const InFlight&) = delete;
  InFlight& operator=(const InFlight&) = delete;
  ~InFlight() { gauge_.Decrement(); }

 private:
  prometheus::Gauge& gauge_;
};

ApiAnswer AnswerWithoutDatabase(const Route& route, Service& service) {
  if (route.pattern == kMetricsRoute) {
    return {.body = service.counters.Exposition(service.pool.state()),
            .content_type = kMetricsType};
  }
  const auto up = std::chrono::duration_cast<std::chrono::seconds>(SteadyNow() - service.started);
  return {.body = Json{{"status", "ok"}, {"uptimeSeconds", up.count()}}.dump()};
}

asio::awaitable<ApiAnswer> Decide(const ApiRequest& request, const Match& match, uint64_t number,
                                  Service& service) {
  if (match.route == nullptr) {
    co_return match.path_known ? ErrorAnswer(405, "no such method here")
                               : ErrorAnswer(404, "no such path");
  }
  const Route& route = *match.route;
  if (route.fault == Fault::kInjected && FailsOf(service.options.faults, number)) {
    co_return ErrorAnswer(500, "injected by --error-rate");
  }
  const std::optional<std::string> user = service.signer.Verify(request.authorization);
  if (route.access == Access::kBearer && !user) {
    co_return ErrorAnswer(401, "a valid bearer token is required");
  }
  if (route.handler == nullptr) co_return AnswerWithoutDatabase(route, service);
  const bool cached = route.cached && service.cache.on();
  if (cached) {
    std::optional<ApiAnswer> kept = service.cache.Find(request.target, SteadyNow());
    service.counters.CountCache(kept.has_value());
    if (kept) co_return *std::move(kept);
  }
  const Call call{.request = request,
                  .query = match.query,
                  .parameter = match.parameter,
                  .user = user.value_or(""),
                  .signer = service.signer,
                  .anonymous_login = service.options.anonymous_login};
  ApiAnswer answer;
  const bool connected = co_await service.pool.Run(
      [&](Connection& connection) { answer = route.handler(call, connection); });
  if (!connected) co_return ErrorAnswer(503, "Connection pool exhausted");
  if (cached && answer.status == 200) service.cache.Put(request.target, answer, SteadyNow());
  co_return answer;
}

Response MakeResponse(const Request& request, ApiAnswer answer, bool gzip) {
  Response response(static_cast<http::status>(answer.status), request.version());
  response.set(http::field::server, "kushim-target");
  response.set(http::field::content_type, answer.content_type);
  response.body() = std::move(answer.body);
  const std::string accepted = Text(request[http::field::accept_encoding]);
  if (gzip && response.body().size() >= kGzipMin && accepted.find("gzip") != accepted.npos) {
    response.body() = Gzip(response.body());
    response.set(http::field::content_encoding, "gzip");
  }
  response.keep_alive(request.keep_alive());
  response.prepare_payload();
  return response;
}

// Waits, decides, counts; the answer is ready to be written afterwards.
asio::awaitable<Response> Handle(const Request& request, const Match& match, Service& service) {
  const Faults& faults = service.options.faults;
  const std::string_view route = match.route == nullptr ? "other" : match.route->pattern;
  const bool is_metrics = route == kMetricsRoute;  // looking must not change what is seen
  const uint64_t number = is_metrics ? 0 : service.requests.fetch_add(1);
  const ApiRequest api{.method = Text(request.method_string()),
                       .target = Text(request.target()),
                       .authorization = Text(request[http::field::authorization]),
                       .body = request.body()};
  ApiAnswer answer;
  if (is_metrics) {
    answer = co_await Decide(api, match, number, service);
  } else {
    const InFlight in_flight(service.counters.in_flight());
    co_await Sleep(StallLeft(faults, route, SteadyNow() - service.started));
    answer = co_await Decide(api, match, number, service);
    const bool known = request.method() != http::verb::unknown;
    service.counters.CountRequest(known ? api.method : "other", route, answer.status);
  }
  if (!is_metrics) co_await Sleep(LatencyOf(faults, number));
  co_return MakeResponse(request, std::move(answer), service.options.gzip);
}

// Reads one request. nullopt: the connection is over.
asio::awaitable<std::optional<Request>> Read(beast::tcp_stream& stream, beast::flat_buffer& buffer,
                                             Counters& counters) {
  http::request_parser<http::string_body> parser;
  parser.body_limit(kBodyMax);
  stream.expires_after(kIdleTimeout);
  boost::system::error_code error;
  const size_t bytes = co_await http::async_read(stream, buffer, parser,
                                                 asio::redirect_error(asio::use_awaitable, error));
  counters.AddReceived(bytes);
  if (!error) co_return parser.release();
  const bool is_http_error =
      error.category() == http::make_error_code(http::error::bad_method).category();
  if (is_http_error && error != http::error::end_of_stream &&
      error != http::error::partial_message) {
    counters.CountMalformed();
  }
  co_return std::nullopt;
}

}  // namespace

asio::awaitable<void> ServeConnection(asio::ip::tcp::socket socket, Service& service) {
  Counters& counters = service.counters;
  counters.connections().Increment();
  const InFlight open(counters.open_connections());
  boost::system::error_code error;
  socket.set_option(asio::ip::tcp::no_delay(true), error);
  beast::tcp_stream stream(std::move(socket));
  beast::flat_buffer buffer;
  bool keep_alive = true;
  while (keep_alive && !error) {
    const std::optional<Request> request = co_await Read(stream, buffer, counters);
    if (!request) break;
    const Nanos received = SteadyNow();
    const std::string target = Text(request->target());
    const Match match = FindRoute(Text(request->method_string()), target);
    Response response = co_await Handle(*request, match, service);
    keep_alive = response.keep_alive();
    stream.expires_after(kWriteTimeout);
    counters.AddSent(co_await http::async_write(stream, response,
                                                asio::redirect_error(asio::use_awaitable, error)));
    counters.ObserveDuration(match.route == nullptr ? "other" : match.route->pattern,
                             SteadyNow() - received);
  }
  stream.socket().shutdown(asio::ip::tcp::socket::shutdown_send, error);
}

}  // namespace kload::target
