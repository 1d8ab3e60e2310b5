#include "kctl/summary_host.h"

#include <algorithm>
#include <utility>

#include "common/base/log.h"

namespace kload::kctl {

// One request on a fiber of its own.
struct SummaryHost::Request {
  Request(agent::HttpShared& shared, agent::HttpClient& main, const http::Request& request)
      : client(shared, main),
        fiber([this, &request](agent::Fiber& own) { response = client.Fetch(own, request); }) {}

  agent::HttpClient client;
  http::Response response;
  agent::Fiber fiber;
};

SummaryHost::SummaryHost(agent::HttpOptions options, Nanos deadline)
    : deadline_(deadline), shared_(io_, clock_, std::move(options)), client_(shared_) {}

SummaryHost::~SummaryHost() { AbandonFetches(); }

template <typename Done>
void SummaryHost::RunUntil(Nanos until, const Done& done) {
  while (!done()) {
    const Nanos left = until - clock_.Now();
    if (left <= Nanos::zero()) return;
    io_.restart();  // it stops when it has nothing to do
    io_.run_one_for(left);
  }
}

absl::Status SummaryHost::Passed() const {
  return clock_.Now() < deadline_ ? absl::OkStatus()
                                  : absl::CancelledError("handleSummaryTimeout has passed");
}

absl::Status SummaryHost::Sleep(Nanos duration, bool) {
  // Work for the loop, so that it does not come back at once.
  const auto work = boost::asio::make_work_guard(io_);
  RunUntil(std::min(deadline_, clock_.Now() + duration), [] { return false; });
  return Passed();
}

absl::Status SummaryHost::Fetch(const http::Request& request, const Tags& tags,
                                http::Response& response) {
  constexpr uint64_t kOwn = 0;  // tickets of scripts begin with 1
  BeginFetch(kOwn, request, tags);
  Request& own = *requests_.at(kOwn);
  RunUntil(deadline_, [&] { return own.fiber.done(); });
  if (!own.fiber.done()) {
    AbandonFetches();
    return absl::CancelledError("handleSummaryTimeout has passed");
  }
  response = std::move(own.response);
  requests_.erase(kOwn);
  return absl::OkStatus();
}

void SummaryHost::BeginFetch(uint64_t ticket, const http::Request& request, const Tags&) {
  auto& begun = requests_[ticket] = std::make_unique<Request>(shared_, client_, request);
  begun->fiber.Resume();
}

absl::StatusOr<std::vector<k6::Fetched>> SummaryHost::AwaitFetches(std::optional<Nanos> longest) {
  const auto ended = [this] {
    return std::any_of(requests_.begin(), requests_.end(),
                       [](const auto& each) { return each.second->fiber.done(); });
  };
  const Nanos until = longest ? std::min(deadline_, clock_.Now() + *longest) : deadline_;
  const auto work = boost::asio::make_work_guard(io_);
  RunUntil(until, ended);
  if (absl::Status passed = Passed(); !passed.ok()) return passed;
  std::vector<k6::Fetched> fetched;
  for (auto& [ticket, request] : requests_) {
    if (request->fiber.done()) fetched.push_back({ticket, std::move(request->response)});
  }
  std::erase_if(requests_, [](const auto& each) { return each.second->fiber.done(); });
  return fetched;
}

void SummaryHost::AbandonFetches() {
  for (const auto& [ticket, request] : requests_) {
    if (!request->fiber.done()) request->client.Cancel();
  }
  const auto all_done = [this] {
    return std::all_of(requests_.begin(), requests_.end(),
                       [](const auto& each) { return each.second->fiber.done(); });
  };
  // A cancelled request ends by itself, soon.
  while (!all_done()) {
    io_.restart();
    io_.run_one();
  }
  requests_.clear();
}

void SummaryHost::Log(k6::LogLevel level, std::string_view text, std::string_view source) {
  if (!shown_) return;
  LogFrom(level == k6::LogLevel::kError     ? spdlog::level::err
          : level == k6::LogLevel::kWarning ? spdlog::level::warn
          : level == k6::LogLevel::kDebug   ? spdlog::level::debug
                                            : spdlog::level::info,
          source, text);
}

}  // namespace kload::kctl
