#include "common/modules/module_cache.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

namespace kload::modules {

namespace fs = std::filesystem;

std::string CacheFolder() {
  const char* cache = std::getenv("XDG_CACHE_HOME");
  if (cache != nullptr && *cache != '\0') return std::string(cache) + "/kload/modules";
  const char* home = std::getenv("HOME");
  if (home != nullptr && *home != '\0') return std::string(home) + "/.cache/kload/modules";
  return "";
}

std::string Sha256Hex(std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr);
  std::string hex;
  for (unsigned i = 0; i < size; ++i) hex += fmt::format("{:02x}", digest[i]);
  return hex;
}

std::string ModuleCache::PathOf(const std::string& url) const {
  return fmt::format("{}/{}.js", folder_, Sha256Hex(url));
}

std::optional<std::string> ModuleCache::Find(const std::string& url) const {
  if (folder_.empty()) return std::nullopt;
  std::ifstream in(PathOf(url), std::ios::binary);
  if (!in) return std::nullopt;
  std::string content{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  if (in.bad()) return std::nullopt;
  return content;
}

absl::Status ModuleCache::Keep(const std::string& url, std::string_view content) const {
  if (folder_.empty()) return absl::OkStatus();
  std::error_code error;
  fs::create_directories(folder_, error);
  const std::string path = PathOf(url);
  const std::string draft = fmt::format("{}.{}", path, getpid());
  std::ofstream out(draft, std::ios::binary);
  out.write(content.data(), static_cast<std::streamsize>(content.size()));
  out.close();
  if (out) fs::rename(draft, path, error);
  if (!out || error) {
    return absl::UnavailableError(
        fmt::format("cannot keep {} in the module cache: {} is not writable", url, path));
  }
  return absl::OkStatus();
}

}  // namespace kload::modules
