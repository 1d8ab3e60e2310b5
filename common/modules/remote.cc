#include "common/modules/remote.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <array>
#include <cstdlib>
#include <memory>

namespace kload::modules {
namespace {

constexpr size_t kBodyBytesMax = size_t{16} << 20;
constexpr long kSecondsMax = 60;
constexpr long kRedirectsMax = 10;

struct Body {
  std::string bytes;
  bool too_long = false;
};

// Called by curl: must not throw.
size_t Append(char* data, size_t size, size_t count, void* into) noexcept {
  auto& body = *static_cast<Body*>(into);
  body.too_long = body.bytes.size() + size * count > kBodyBytesMax;
  if (body.too_long) return 0;
  body.bytes.append(data, size * count);
  return size * count;
}

std::string WithMark(const std::string& url) {
  return url + (url.find('?') == std::string::npos ? "?" : "&") + "_k6=1";
}

void SetTrust(CURL* curl) {
  if (const char* file = std::getenv("SSL_CERT_FILE")) {
    curl_easy_setopt(curl, CURLOPT_CAINFO, file);
  }
  if (const char* folder = std::getenv("SSL_CERT_DIR")) {
    curl_easy_setopt(curl, CURLOPT_CAPATH, folder);
  }
}

absl::Status Failed(const std::string& url, std::string_view why) {
  return absl::NotFoundError(fmt::format(
      "cannot fetch {}: {}; where there is no network, save the module beside the script and "
      "import it as './name.js'",
      url, why));
}

absl::StatusOr<std::string> Get(const std::string& url) {
  const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> curl(curl_easy_init(),
                                                                 curl_easy_cleanup);
  if (curl == nullptr) return absl::InternalError("libcurl does not start");
  Body body;
  std::array<char, CURL_ERROR_SIZE> error{};
  curl_easy_setopt(curl.get(), CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_PROTOCOLS_STR, "https");
  curl_easy_setopt(curl.get(), CURLOPT_REDIR_PROTOCOLS_STR, "https");
  curl_easy_setopt(curl.get(), CURLOPT_FOLLOWLOCATION, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_MAXREDIRS, kRedirectsMax);
  curl_easy_setopt(curl.get(), CURLOPT_TIMEOUT, kSecondsMax);
  curl_easy_setopt(curl.get(), CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_ACCEPT_ENCODING, "");
  curl_easy_setopt(curl.get(), CURLOPT_USERAGENT, "kload");
  curl_easy_setopt(curl.get(), CURLOPT_ERRORBUFFER, error.data());
  curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, Append);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &body);
  SetTrust(curl.get());
  const CURLcode code = curl_easy_perform(curl.get());
  if (body.too_long) return Failed(url, fmt::format("longer than {} MiB", kBodyBytesMax >> 20));
  if (code != CURLE_OK) {
    const std::string_view detail(error.data());
    return Failed(url, detail.empty() ? curl_easy_strerror(code) : detail);
  }
  long status = 0;
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
  if (status != 200) return Failed(url, fmt::format("the server answered {}", status));
  return std::move(body.bytes);
}

}  // namespace

absl::StatusOr<std::string> FetchModule(const std::string& url) {
  auto body = Get(WithMark(url));
  return body.ok() ? std::move(body) : Get(url);
}

}  // namespace kload::modules
