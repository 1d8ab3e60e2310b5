#include "kctl/output/text_file.h"

#include <fmt/format.h>
#include <zlib.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

namespace kload::kctl {
namespace {

constexpr size_t kLargeBytes = 1 << 20;

absl::Status CannotWrite(const std::string& path) {
  return absl::UnavailableError(fmt::format("--out: cannot write {}: {}", path,
                                            errno == 0 ? "no reason given" : std::strerror(errno)));
}

class StdoutText final : public TextFile {
 public:
  explicit StdoutText(Print print) : TextFile("stdout"), print_(std::move(print)) {}

 private:
  bool Write(std::string_view text) override {
    print_(text);
    return true;
  }
  bool Sync() override { return true; }
  bool Close() override { return true; }

  const Print print_;
};

class PlainFile final : public TextFile {
 public:
  PlainFile(std::string path, std::FILE* file) : TextFile(std::move(path)), file_(file) {}
  ~PlainFile() override { Close(); }

 private:
  bool Write(std::string_view text) override {
    return std::fwrite(text.data(), 1, text.size(), file_) == text.size();
  }
  bool Sync() override { return std::fflush(file_) == 0; }
  bool Close() override {
    std::FILE* const file = std::exchange(file_, nullptr);
    return file == nullptr || std::fclose(file) == 0;
  }

  std::FILE* file_;
};

class GzipFile final : public TextFile {
 public:
  GzipFile(std::string path, gzFile file) : TextFile(std::move(path)), file_(file) {}
  ~GzipFile() override { Close(); }

 private:
  bool Write(std::string_view text) override {
    return gzwrite(file_, text.data(), static_cast<unsigned>(text.size())) ==
           static_cast<int>(text.size());
  }
  // So that who reads along sees whole lines.
  bool Sync() override { return gzflush(file_, Z_SYNC_FLUSH) == Z_OK; }
  bool Close() override {
    const gzFile file = std::exchange(file_, nullptr);
    return file == nullptr || gzclose(file) == Z_OK;
  }

  gzFile file_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<TextFile>> TextFile::Open(const std::string& path, Print print) {
  if (path.empty() || path == "-") return std::make_unique<StdoutText>(std::move(print));
  errno = 0;
  if (path.ends_with(".gz")) {
    const gzFile file = gzopen(path.c_str(), "wb");
    if (file == nullptr) return CannotWrite(path);
    return std::make_unique<GzipFile>(path, file);
  }
  std::FILE* const file = std::fopen(path.c_str(), "wb");
  if (file == nullptr) return CannotWrite(path);
  return std::make_unique<PlainFile>(path, file);
}

void TextFile::Check(bool done) {
  if (!done && status_.ok()) status_ = CannotWrite(path_);
}

void TextFile::FlushIfLarge() {
  if (lines_.size() < kLargeBytes) return;
  errno = 0;
  if (status_.ok()) Check(Write(lines_));
  lines_.clear();
}

void TextFile::Flush() {
  if (lines_.empty()) return;
  errno = 0;
  if (status_.ok()) Check(Write(lines_));
  if (status_.ok()) Check(Sync());
  lines_.clear();
}

absl::Status TextFile::Finish() {
  Flush();
  errno = 0;
  if (status_.ok()) Check(Close());
  return status_;
}

}  // namespace kload::kctl
