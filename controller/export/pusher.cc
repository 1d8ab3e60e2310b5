#include "controller/export/pusher.h"

#include <curl/curl.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>

namespace kload::controller {
namespace {

constexpr size_t kAnswerBytesMax = 300;  // of what the other side says to an error

struct Job {
  std::shared_ptr<const RemoteWriteSettings> settings;
  std::vector<std::string> bodies;
  Pusher::Done done;
};

// libcurl's callback: keeps the answer's beginning.
size_t TakeAnswer(char* bytes, size_t size, size_t count, void* answer) {
  auto& text = *static_cast<std::string*>(answer);
  const size_t length = size * count;
  text.append(bytes, std::min(length, kAnswerBytesMax - std::min(kAnswerBytesMax, text.size())));
  return length;
}

class HeaderList {
 public:
  ~HeaderList() { curl_slist_free_all(list_); }
  void Add(const std::string& line) { list_ = curl_slist_append(list_, line.c_str()); }
  curl_slist* get() const { return list_; }

 private:
  curl_slist* list_ = nullptr;
};

long TlsVersion(const std::string& minimum) {
  if (minimum == "1.0") return CURL_SSLVERSION_TLSv1_0;
  if (minimum == "1.1") return CURL_SSLVERSION_TLSv1_1;
  if (minimum == "1.3") return CURL_SSLVERSION_TLSv1_3;
  return CURL_SSLVERSION_TLSv1_2;
}

// One line for people.
std::string FirstLine(const std::string& text) {
  const std::string line = text.substr(0, text.find_first_of("\r\n"));
  return line.empty() ? "" : ": " + line;
}

}  // namespace

struct Pusher::Impl {
  explicit Impl(std::string agent) : user_agent(std::move(agent)) {}

  void Run();
  absl::Status PostAll(const Job& job);
  absl::Status Post(const RemoteWriteSettings& settings, const std::string& body);
  void SetOptions(const RemoteWriteSettings& settings, const std::string& body,
                  const HeaderList& headers);

  const std::string user_agent;
  CURL* curl = nullptr;  // of the thread
  std::mutex mutex;  // guards what follows: jobs come from the core thread, a few a second at most
  std::condition_variable changed;
  std::deque<Job> jobs;
  bool ending = false;
  std::thread thread;
};

void Pusher::Impl::Run() {
  curl = curl_easy_init();
  while (true) {
    Job job;
    {
      std::unique_lock lock(mutex);
      changed.wait(lock, [&] { return ending || !jobs.empty(); });
      if (ending) break;
      job = std::move(jobs.front());
      jobs.pop_front();
    }
    job.done(PostAll(job));
  }
  curl_easy_cleanup(curl);
}

absl::Status Pusher::Impl::PostAll(const Job& job) {
  if (curl == nullptr) return absl::UnavailableError("out of memory");
  for (const std::string& body : job.bodies) {
    if (const absl::Status posted = Post(*job.settings, body); !posted.ok()) return posted;
  }
  return absl::OkStatus();
}

void Pusher::Impl::SetOptions(const RemoteWriteSettings& settings, const std::string& body,
                              const HeaderList& headers) {
  curl_easy_reset(curl);
  curl_easy_setopt(curl, CURLOPT_URL, settings.url.c_str());
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");  // a proxy for web pages is none for a cluster
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS,
                   long(std::chrono::duration_cast<std::chrono::milliseconds>(kTimeout).count()));
  curl_easy_setopt(curl, CURLOPT_USERAGENT, user_agent.c_str());
  curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(body.size()));
  curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body.data());
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, TakeAnswer);
  curl_easy_setopt(curl, CURLOPT_SSLVERSION, TlsVersion(settings.tls_minimum_version));
  if (settings.insecure_skip_tls_verify) {
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
  }
  if (!settings.username.empty()) {
    curl_easy_setopt(curl, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
    curl_easy_setopt(curl, CURLOPT_USERNAME, settings.username.c_str());
    curl_easy_setopt(curl, CURLOPT_PASSWORD, settings.password.c_str());
  }
}

absl::Status Pusher::Impl::Post(const RemoteWriteSettings& settings, const std::string& body) {
  HeaderList headers;
  headers.Add("Content-Type: application/x-protobuf");
  headers.Add("Content-Encoding: snappy");
  headers.Add("X-Prometheus-Remote-Write-Version: 0.1.0");
  headers.Add("Expect:");
  if (!settings.bearer_token.empty()) {
    headers.Add("Authorization: Bearer " + settings.bearer_token);
  }
  for (const auto& [name, value] : settings.headers) headers.Add(name + ": " + value);
  SetOptions(settings, body, headers);
  std::string answer;
  char error[CURL_ERROR_SIZE] = "";
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer);
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error);
  const CURLcode code = curl_easy_perform(curl);
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, nullptr);
  if (code != CURLE_OK) {
    return absl::UnavailableError(error[0] != '\0' ? error : curl_easy_strerror(code));
  }
  long status = 0;
  curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
  if (status >= 200 && status < 300) return absl::OkStatus();
  return absl::UnavailableError(fmt::format("answered {}{}", status, FirstLine(answer)));
}

Pusher::Pusher(std::string user_agent) : impl_(std::make_unique<Impl>(std::move(user_agent))) {
  curl_global_init(CURL_GLOBAL_DEFAULT);
  impl_->thread = std::thread([impl = impl_.get()] {
    try {
      impl->Run();
    } catch (const std::exception& error) {
      spdlog::critical("pushing met an exception that nobody expected: {}", error.what());
      std::abort();
    }
  });
}

Pusher::~Pusher() { Shutdown(); }

void Pusher::Push(std::shared_ptr<const RemoteWriteSettings> settings,
                  std::vector<std::string> bodies, Done done) {
  const std::lock_guard lock(impl_->mutex);
  impl_->jobs.push_back({std::move(settings), std::move(bodies), std::move(done)});
  impl_->changed.notify_one();
}

void Pusher::Shutdown() {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->ending = true;
    impl_->changed.notify_one();
  }
  if (impl_->thread.joinable()) impl_->thread.join();
}

}  // namespace kload::controller
