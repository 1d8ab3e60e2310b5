// The host of handleSummary(): scripts post their result somewhere from there, so requests and sleeps are real. What is
// measured meanwhile is forgotten: the run is over, and its result is what the script was given.
//
// Thread: the caller's, which waits in Sleep(), Fetch() and AwaitFetches().
#pragma once

#include <boost/asio/io_context.hpp>
#include <map>
#include <memory>
#include <vector>

#include "agent/fiber/fiber.h"
#include "agent/http/client.h"
#include "common/base/clock.h"
#include "common/k6/offline_host.h"

namespace kload::kctl {

class SummaryHost final : public k6::OfflineHost {
 public:
  // What is waited for ends at steady time `deadline` at the latest.
  SummaryHost(agent::HttpOptions options, Nanos deadline);
  ~SummaryHost() override;

  // Lines of the init code are not shown again: call this after it.
  void Show() { shown_ = true; }

  // Errors of all three: Cancelled when the deadline has passed.
  absl::Status Sleep(Nanos duration, bool may_group) override;
  absl::Status Fetch(const http::Request& request, const Tags& tags,
                     http::Response& response) override;
  absl::StatusOr<std::vector<k6::Fetched>> AwaitFetches(std::optional<Nanos> longest) override;
  void BeginFetch(uint64_t ticket, const http::Request& request, const Tags& tags) override;
  void AbandonFetches() override;
  void Log(k6::LogLevel level, std::string_view text, std::string_view source) override;

 private:
  struct Request;

  // Lets the loop work until `done` or steady time `until`.
  template <typename Done>
  void RunUntil(Nanos until, const Done& done);
  absl::Status Passed() const;

  const SystemClock clock_;
  const Nanos deadline_;
  bool shown_ = false;
  boost::asio::io_context io_{1};
  agent::HttpShared shared_;
  agent::HttpClient client_;
  std::map<uint64_t, std::unique_ptr<Request>> requests_;  // by ticket; begun and not handed out
};

}  // namespace kload::kctl
