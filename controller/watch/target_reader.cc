#include "controller/watch/target_reader.h"

#include <absl/status/statusor.h>
#include <curl/curl.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "controller/watch/exposition.h"

namespace kload::watch {
namespace {

constexpr int kPollMax = 1000;        // ms; what there is to do wakes the thread anyway
constexpr long kConnectionsMax = 16;  // kept open between looks

struct CleanEasy {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};

struct Job {
  std::shared_ptr<WatchedTarget> target;
  TargetReader::Done done;
};

// A request at work; at a fixed place, because libcurl holds on to it.
struct Request {
  explicit Request(Job asked) : job(std::move(asked)), easy(curl_easy_init()) {}

  Job job;
  std::unique_ptr<CURL, CleanEasy> easy;
  Nanos begun{0};
  std::string page;
  bool too_large = false;
  char error[CURL_ERROR_SIZE] = "";
};

// libcurl's callback: what is too large ends the request.
size_t TakePage(char* bytes, size_t size, size_t count, void* request) {
  auto& into = *static_cast<Request*>(request);
  const size_t length = size * count;
  into.too_large = into.page.size() + length > kPageBytesMax;
  if (into.too_large) return 0;
  into.page.append(bytes, length);
  return length;
}

void SetOptions(Request& request, const std::string& user_agent, const curl_slist* headers) {
  CURL* const easy = request.easy.get();
  using std::chrono::milliseconds;
  curl_easy_setopt(easy, CURLOPT_URL, request.job.target->url().c_str());
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");  // a proxy for web pages is none for a target
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS,
                   long(std::chrono::duration_cast<milliseconds>(TargetReader::kTimeout).count()));
  curl_easy_setopt(easy, CURLOPT_USERAGENT, user_agent.c_str());
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "");  // all that libcurl can unpack
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, TakePage);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &request);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, request.error);
  curl_easy_setopt(easy, CURLOPT_PRIVATE, &request);
}

absl::StatusOr<std::string> PageOf(Request& request, CURLcode code) {
  if (request.too_large) {
    return absl::ResourceExhaustedError(
        fmt::format("the page is larger than {} MiB", kPageBytesMax / (1024 * 1024)));
  }
  if (code != CURLE_OK) {
    return absl::UnavailableError(request.error[0] != '\0' ? request.error
                                                           : curl_easy_strerror(code));
  }
  long status = 0;
  curl_easy_getinfo(request.easy.get(), CURLINFO_RESPONSE_CODE, &status);
  if (status == 200) return std::move(request.page);
  const bool elsewhere = status >= 300 && status < 400;
  return absl::UnavailableError(
      fmt::format("answered {}{}", status, elsewhere ? ", and redirects are not followed" : ""));
}

}  // namespace

struct TargetReader::Impl {
  Impl(std::string agent, const Clock& the_clock)
      : user_agent(std::move(agent)), clock(the_clock) {}

  void Run();
  // False: the reader is to end.
  bool TakeJobs();
  void Begin(Job job);
  void End(const CURLMsg& message);
  void GiveUp();

  const std::string user_agent;
  const Clock& clock;
  CURLM* multi = nullptr;                          // of the thread, but for waking it
  curl_slist* headers = nullptr;                   // of the thread
  std::vector<std::unique_ptr<Request>> requests;  // likewise
  std::mutex
      mutex;  // guards what follows: jobs come from the core thread, a few a second per run at most
  std::deque<Job> jobs;
  bool ending = false;
  std::thread thread;
};

void TargetReader::Impl::Run() {
  headers = curl_slist_append(
      nullptr, "Accept: text/plain;version=0.0.4, application/openmetrics-text;q=0.5, */*;q=0.1");
  curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, kConnectionsMax);
  while (TakeJobs()) {
    int running = 0;
    curl_multi_perform(multi, &running);
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi, &left)) {
      if (message->msg == CURLMSG_DONE) End(*message);
    }
    curl_multi_poll(multi, nullptr, 0, kPollMax, nullptr);
  }
  GiveUp();
}

bool TargetReader::Impl::TakeJobs() {
  std::deque<Job> taken;
  {
    const std::lock_guard lock(mutex);
    if (ending) return false;
    taken.swap(jobs);
  }
  for (Job& job : taken) Begin(std::move(job));
  return true;
}

void TargetReader::Impl::Begin(Job job) {
  auto request = std::make_unique<Request>(std::move(job));
  request->begun = clock.Now();
  const bool begun =
      request->easy != nullptr && (SetOptions(*request, user_agent, headers),
                                   curl_multi_add_handle(multi, request->easy.get()) == CURLM_OK);
  if (begun) return requests.push_back(std::move(request));
  request->job.done(
      request->job.target->Take(clock.Now(), absl::UnavailableError("out of memory")));
}

void TargetReader::Impl::End(const CURLMsg& message) {
  CURL* const easy = message.easy_handle;
  const CURLcode code = message.data.result;  // the message goes with the handle
  const auto found = std::find_if(requests.begin(), requests.end(),
                                  [&](const auto& each) { return each->easy.get() == easy; });
  curl_multi_remove_handle(multi, easy);
  if (found == requests.end()) return;
  const std::unique_ptr<Request> request = std::move(*found);
  requests.erase(found);
  const Nanos middle = request->begun + (clock.Now() - request->begun) / 2;
  request->job.done(request->job.target->Take(middle, PageOf(*request, code)));
}

void TargetReader::Impl::GiveUp() {
  for (const auto& request : requests) curl_multi_remove_handle(multi, request->easy.get());
  requests.clear();
  curl_slist_free_all(headers);
}

TargetReader::TargetReader(std::string user_agent, const Clock& clock)
    : impl_(std::make_unique<Impl>(std::move(user_agent), clock)) {
  curl_global_init(CURL_GLOBAL_DEFAULT);
  impl_->multi = curl_multi_init();
  impl_->thread = std::thread([impl = impl_.get()] {
    try {
      impl->Run();
    } catch (const std::exception& error) {
      spdlog::critical("watching targets met an exception that nobody expected: {}", error.what());
      std::abort();
    }
  });
}

TargetReader::~TargetReader() {
  Shutdown();
  curl_multi_cleanup(impl_->multi);
}

void TargetReader::Read(std::shared_ptr<WatchedTarget> target, Done done) {
  const std::lock_guard lock(impl_->mutex);
  impl_->jobs.push_back({std::move(target), std::move(done)});
  curl_multi_wakeup(impl_->multi);
}

void TargetReader::Shutdown() {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->ending = true;
    curl_multi_wakeup(impl_->multi);
  }
  if (impl_->thread.joinable()) impl_->thread.join();
}

}  // namespace kload::watch
