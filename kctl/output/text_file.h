// Where an output's lines go: a file, a gzip file, or stdout.
//
// Thread: one.
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace kload::kctl {

class TextFile {
 public:
  // Writes lines to stdout, above whatever is drawn there.
  using Print = std::function<void(std::string_view)>;

  // Makes the file, or empties it. "-" and the empty path are stdout; a path that ends with ".gz" is compressed.
  // Errors: Unavailable with the path and the system's reason.
  static absl::StatusOr<std::unique_ptr<TextFile>> Open(const std::string& path, Print print);
  virtual ~TextFile() = default;

  // Lines are gathered here; whoever adds calls FlushIfLarge() now and then.
  std::string& lines() { return lines_; }
  void FlushIfLarge();
  // Hands what was gathered to the system.
  void Flush();
  // Flushes and ends the file. Errors: Unavailable, of the first time that something could not be written; nothing is
  // written after that.
  absl::Status Finish();

 protected:
  explicit TextFile(std::string path) : path_(std::move(path)) {}
  // False with errno set.
  virtual bool Write(std::string_view text) = 0;
  // The same; what was written is in the file then.
  virtual bool Sync() = 0;
  virtual bool Close() = 0;

  const std::string path_;

 private:
  void Check(bool done);

  std::string lines_;
  absl::Status status_;
};

}  // namespace kload::kctl
