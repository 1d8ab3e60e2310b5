#include "common/k6/secrets.h"

#include <algorithm>
#include <utility>

namespace kload::k6 {
namespace {

constexpr std::string_view kRedacted = "***SECRET_REDACTED***";

}  // namespace

Secrets::Secrets(std::vector<SecretSource> sources) : sources_(std::move(sources)) {
  for (const SecretSource& source : sources_) {
    for (const auto& [key, value] : source.values) {
      if (!value.empty()) values_.push_back(value);
    }
  }
  std::stable_sort(values_.begin(), values_.end(),
                   [](const auto& a, const auto& b) { return a.size() > b.size(); });
}

const SecretSource* Secrets::Find(std::string_view name) const {
  for (const SecretSource& source : sources_) {
    if (name.empty() || source.name == name) return &source;
  }
  return nullptr;
}

std::string Secrets::Redact(std::string text) const {
  for (const std::string& value : values_) {
    for (size_t at = text.find(value); at != std::string::npos; at = text.find(value, at)) {
      text.replace(at, value.size(), kRedacted);
      at += kRedacted.size();
    }
  }
  return text;
}

}  // namespace kload::k6
