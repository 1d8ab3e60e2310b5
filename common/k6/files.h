// Where module sources and open()ed files come from.
#pragma once

#include <absl/status/statusor.h>

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "common/k6/bundle.h"
#include "common/k6/module_tools.h"

namespace kload::k6 {

class Files {
 public:
  virtual ~Files() = default;
  // The file's content; valid as long as this object. Names as specifier.h makes them.
  // Errors: NotFound saying what was tried.
  virtual absl::StatusOr<std::string_view> Read(const std::string& name) = 0;
  // Likewise the JavaScript of a module.
  virtual absl::StatusOr<std::string_view> ReadModule(const std::string& name) {
    return Read(name);
  }
};

// What travelled in a bundle. Thread: any, nothing changes after construction.
class BundleFiles final : public Files {
 public:
  explicit BundleFiles(Bundle bundle) : bundle_(std::move(bundle)) {}
  absl::StatusOr<std::string_view> Read(const std::string& name) override;

 private:
  const Bundle bundle_;
};

// Files below (or, by "../", above) a folder on disk, and modules from the network; remembers what was read. Thread: one.
class DiskFiles final : public Files {
 public:
  // `root` is the main script's folder. `tools`, for TypeScript and URLs, may be null. `generated` stand in for files
  // of those names.
  DiskFiles(std::string root, ModuleTools* tools, std::map<std::string, std::string> generated = {})
      : root_(std::move(root)), tools_(tools), generated_(std::move(generated)) {}
  // Bound: 256 MiB a file; a larger one is FailedPrecondition.
  // Errors besides: InvalidArgument for open() of a URL or of what is a TypeScript module too.
  absl::StatusOr<std::string_view> Read(const std::string& name) override;
  // JavaScript, also of TypeScript and remote modules. Errors: those of ModuleTools.
  absl::StatusOr<std::string_view> ReadModule(const std::string& name) override;
  const std::map<std::string, std::string>& read() const { return read_; }

 private:
  absl::StatusOr<std::string> Load(const std::string& name) const;

  const std::string root_;
  ModuleTools* const tools_;
  const std::map<std::string, std::string> generated_;
  std::map<std::string, std::string> read_;
  std::set<std::string> compiled_;  // those of read_ that are not as their files are
};

}  // namespace kload::k6
