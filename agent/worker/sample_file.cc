#include "agent/worker/sample_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>

#include "common/base/log.h"

namespace kload::agent {
namespace {

constexpr size_t kFlushBytes = 1 << 20;

}  // namespace

absl::StatusOr<std::unique_ptr<SampleFile>> SampleFile::Open(const std::string& path) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (file < 0) {
    return absl::PermissionDeniedError(
        fmt::format("cannot append to the sample log {}: {}", path, std::strerror(errno)));
  }
  return std::unique_ptr<SampleFile>(new SampleFile(file));
}

SampleFile::~SampleFile() {
  Flush();
  ::close(file_);
}

void SampleFile::Add(const MetricDef& metric, double value, const Tags& tags) {
  nlohmann::json line = {{"metric", metric.name}, {"value", value}};
  nlohmann::json& named = line["tags"] = nlohmann::json::object();
  for (const auto& [name, text] : tags) named[name] = text;
  lines_ += line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  lines_ += '\n';
  if (lines_.size() >= kFlushBytes) Flush();
}

void SampleFile::Flush() {
  size_t written = 0;
  while (written < lines_.size()) {
    const ssize_t count = ::write(file_, lines_.data() + written, lines_.size() - written);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) {
      spdlog::error("the sample log lost {} bytes: {}", lines_.size() - written,
                    std::strerror(errno));
      break;
    }
    written += static_cast<size_t>(count);
  }
  lines_.clear();
}

}  // namespace kload::agent
