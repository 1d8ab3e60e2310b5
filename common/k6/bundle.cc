#include "common/k6/bundle.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <memory>
#include <string_view>
#include <utility>

#include "common/base/check.h"
#include "common/base/status.h"
#include "common/js/engine.h"
#include "common/k6/evaluate.h"
#include "common/k6/files.h"
#include "common/k6/offline_host.h"
#include "common/k6/program.h"
#include "common/k6/realm.h"
#include "common/k6/specifier.h"

namespace kload::k6 {
namespace {

namespace fs = std::filesystem;

// As for inspection: what asks for more would need it once per VU on the agents.
constexpr size_t kMemoryMax = size_t{256} << 20;

// ---- Hash ----

class Sha256 {
 public:
  Sha256() : context_(EVP_MD_CTX_new()) {
    KLOAD_CHECK(
        context_ != nullptr && EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1,
        "OpenSSL has SHA-256");
  }
  // With its length before it, as eight bytes, the highest first: no two lists of texts look alike.
  void Add(std::string_view text) {
    std::array<unsigned char, 8> length;
    for (size_t i = 0; i < length.size(); ++i) {
      length[i] = static_cast<unsigned char>(uint64_t{text.size()} >> (56 - 8 * i));
    }
    Update(length.data(), length.size());
    Update(text.data(), text.size());
  }
  std::string Hex() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
    unsigned int size = 0;
    KLOAD_CHECK(EVP_DigestFinal_ex(context_.get(), digest.data(), &size) == 1, "SHA-256 ends");
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string hex;
    for (unsigned int i = 0; i < size; ++i) {
      hex += kDigits[digest[i] >> 4];
      hex += kDigits[digest[i] & 15];
    }
    return hex;
  }

 private:
  struct Free {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };
  void Update(const void* data, size_t size) {
    KLOAD_CHECK(EVP_DigestUpdate(context_.get(), data, size) == 1, "SHA-256 takes any bytes");
  }
  std::unique_ptr<EVP_MD_CTX, Free> context_;
};

// ---- Init code, run to see what it opens ----

// The controller runs init code again and shows what it prints: here it is silent.
class BundlingHost final : public OfflineHost {
 public:
  void Log(LogLevel, std::string_view, std::string_view) override {}
};

absl::Status RunInitCode(std::shared_ptr<const Program> program,
                         const std::map<std::string, std::string>& env) {
  KLOAD_ASSIGN_OR_RETURN(auto engine,
                         js::Engine::Create({.memory_bytes = kMemoryMax, .stack_bytes = 0}));
  BundlingHost host;
  ScriptSettings settings;
  settings.memory_limit_bytes = kMemoryMax;
  settings.env = std::make_shared<const std::map<std::string, std::string>>(env);
  Realm realm(std::move(program), host, settings, std::move(engine));
  const absl::Status status = EvaluateScript(realm).status();
  // Who inspects the script learns it as well, and can say what that means.
  return host.aborted() ? absl::OkStatus() : status;
}

// ---- Names ----

size_t LeadingUps(const fs::path& name) {
  return static_cast<size_t>(std::distance(
      name.begin(),
      std::find_if(name.begin(), name.end(), [](const fs::path& part) { return part != ".."; })));
}

// What stands before the main script's folder in names, so that none begins with "..": the folder's last
// components, as many as some name goes up.
fs::path PrefixOf(const fs::path& folder, const std::map<std::string, std::string>& files) {
  size_t ups = 0;
  for (const auto& [name, content] : files) ups = std::max(ups, LeadingUps(name));
  fs::path prefix;
  fs::path rest = folder;
  for (size_t i = 0; i < ups && rest.has_relative_path(); ++i, rest = rest.parent_path()) {
    prefix = rest.filename() / prefix;
  }
  return prefix;
}

std::string Rename(const fs::path& prefix, const std::string& name) {
  if (IsUrl(name)) return name;
  return (prefix / name).lexically_normal().generic_string();  // absolute names stay
}

}  // namespace

std::string HashOf(const Bundle& bundle) {
  Sha256 hash;
  hash.Add(bundle.main);
  for (const auto& [name, content] : bundle.files) {
    hash.Add(name);
    hash.Add(content);
  }
  return hash.Hex();
}

absl::StatusOr<Bundle> BundleFromDisk(const std::string& script_path,
                                      const std::map<std::string, std::string>& env,
                                      ModuleTools* tools,
                                      std::map<std::string, std::string> generated) {
  std::error_code error;
  const fs::path path = fs::absolute(script_path, error).lexically_normal();
  const bool is_generated = generated.contains(path.filename().string());
  if (!IsUrl(script_path) && !is_generated && (error || !fs::exists(path, error))) {
    return absl::NotFoundError("no such script: " + script_path);
  }
  auto owned =
      std::make_unique<DiskFiles>(path.parent_path().string(), tools, std::move(generated));
  const DiskFiles& files = *owned;  // the program keeps it
  KLOAD_ASSIGN_OR_RETURN(
      auto program, CompileProgram(std::move(owned),
                                   IsUrl(script_path) ? script_path : path.filename().string()));
  KLOAD_RETURN_IF_ERROR(RunInitCode(program, env));

  const fs::path prefix = PrefixOf(path.parent_path(), files.read());
  Bundle bundle;
  bundle.main = Rename(prefix, program->main);
  for (const auto& [name, content] : files.read()) bundle.files[Rename(prefix, name)] = content;
  return bundle;
}

}  // namespace kload::k6
