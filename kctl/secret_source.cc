#include "kctl/secret_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <set>
#include <string_view>

#include "common/base/status.h"

namespace kload::kctl {
namespace {

constexpr std::string_view kFlag = "--secret-source";

struct Source {
  v1::SecretSource message;
  bool is_default = false;
};

absl::Status Wrong(std::string_view why) {
  return absl::InvalidArgumentError(
      fmt::format("{}: {}; write mock=KEY=VALUE,... or file=PATH", kFlag, why));
}

// Splits at commas outside double quotes, which are taken away.
absl::StatusOr<std::vector<std::string>> SplitEntries(std::string_view text) {
  std::vector<std::string> entries(1);
  bool quoted = false;
  for (const char c : text) {
    if (c == '"') {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      entries.emplace_back();
    } else {
      entries.back() += c;
    }
  }
  if (quoted) return Wrong("a quote is not closed");
  return entries;
}

absl::Status ReadFile(const std::string& path, v1::SecretSource& source) {
  std::ifstream in(path);
  if (!in) return absl::NotFoundError(fmt::format("{}: cannot read {}", kFlag, path));
  int number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (line.ends_with('\r')) line.pop_back();
    if (line.empty()) continue;
    const size_t equals = line.find('=');
    if (equals == std::string::npos || equals == 0) {
      return absl::InvalidArgumentError(
          fmt::format("{}: {}:{}: not KEY=VALUE", kFlag, path, number));
    }
    (*source.mutable_values())[line.substr(0, equals)] = line.substr(equals + 1);
  }
  return absl::OkStatus();
}

// One entry; `path` is set by that of a file.
absl::Status AddEntry(const std::string& entry, bool is_file, Source& source, std::string& path) {
  if (entry.empty()) return absl::OkStatus();
  const size_t equals = entry.find('=');
  if (entry == "default") {
    source.is_default = true;
  } else if (equals == std::string::npos && is_file) {
    path = entry;
  } else if (equals == std::string::npos || equals == 0) {
    return Wrong("an entry has no =");
  } else if (entry.starts_with("name=")) {
    source.message.set_name(entry.substr(equals + 1));
  } else if (is_file && entry.starts_with("filename=")) {
    path = entry.substr(equals + 1);
  } else if (is_file) {
    return Wrong(fmt::format("a file has no setting '{}'", entry.substr(0, equals)));
  } else {
    (*source.message.mutable_values())[entry.substr(0, equals)] = entry.substr(equals + 1);
  }
  return absl::OkStatus();
}

absl::StatusOr<Source> ReadSource(const std::string& flag) {
  const size_t equals = std::min(flag.find('='), flag.size());
  const std::string type = flag.substr(0, equals);
  if (type == "url") return Wrong("sources of the type url are not available in kload");
  if (type != "mock" && type != "file") return Wrong("its type is neither mock nor file");
  if (equals == flag.size()) return Wrong(fmt::format("{} needs = and what it holds", type));
  Source source;
  source.message.set_name(type);
  std::string path;
  KLOAD_ASSIGN_OR_RETURN(const std::vector<std::string> entries,
                         SplitEntries(std::string_view(flag).substr(equals + 1)));
  for (const std::string& entry : entries) {
    KLOAD_RETURN_IF_ERROR(AddEntry(entry, type == "file", source, path));
  }
  if (type == "mock") return source;
  if (path.empty()) return Wrong("file needs a path");
  KLOAD_RETURN_IF_ERROR(ReadFile(path, source.message));
  return source;
}

void Hide(char* value) {
  constexpr std::string_view kShown = "mock=";
  if (std::string_view(value).starts_with(kShown)) {
    std::memset(value + kShown.size(), '*', std::strlen(value) - kShown.size());
  }
}

}  // namespace

absl::StatusOr<std::vector<v1::SecretSource>> ReadSecretSources(
    const std::vector<std::string>& flags) {
  std::vector<Source> sources;
  std::set<std::string> names;
  for (const std::string& flag : flags) {
    KLOAD_ASSIGN_OR_RETURN(Source source, ReadSource(flag));
    if (!names.insert(source.message.name()).second) {
      return Wrong(
          fmt::format("two sources are named '{}'; give one a name=", source.message.name()));
    }
    sources.push_back(std::move(source));
  }
  const auto is_default = [](const Source& source) { return source.is_default; };
  const auto defaults = std::count_if(sources.begin(), sources.end(), is_default);
  if (sources.size() > 1 && defaults != 1) {
    return Wrong("of several sources exactly one has to be marked by the entry default");
  }
  std::stable_partition(sources.begin(), sources.end(), is_default);
  std::vector<v1::SecretSource> messages;
  for (Source& source : sources) messages.push_back(std::move(source.message));
  return messages;
}

void HideSecrets(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == kFlag && i + 1 < argc) {
      Hide(argv[i + 1]);
    } else if (argument.starts_with(kFlag) && argument.size() > kFlag.size() &&
               argument[kFlag.size()] == '=') {
      Hide(argv[i] + kFlag.size() + 1);
    }
  }
}

}  // namespace kload::kctl
