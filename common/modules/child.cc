#include "common/modules/child.h"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "common/base/duration.h"
#include "common/base/status.h"

namespace kload::modules {
namespace {

absl::Status Failed(std::string_view what) {
  return absl::InternalError(fmt::format("{}: {}", what, std::strerror(errno)));
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

absl::StatusOr<Descriptor> MemoryFile(std::string_view content) {
  Descriptor file(memfd_create("kload", MFD_CLOEXEC));
  if (file.get() < 0) return Failed("cannot make a file in memory");
  while (!content.empty()) {
    const ssize_t written = write(file.get(), content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return Failed("cannot write a file in memory");
    content.remove_prefix(static_cast<size_t>(written));
  }
  if (lseek(file.get(), 0, SEEK_SET) != 0) return Failed("cannot rewind a file in memory");
  return file;
}

std::string ReadAll(const Descriptor& file) {
  std::string content;
  char block[65536];
  off_t at = 0;
  while (true) {
    const ssize_t count = pread(file.get(), block, sizeof block, at);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return content;
    content.append(block, static_cast<size_t>(count));
    at += count;
  }
}

absl::StatusOr<pid_t> Spawn(const std::vector<std::string>& arguments, const Descriptor& in,
                            const Descriptor& out, const Descriptor& err) {
  std::vector<char*> argv;
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in.get(), STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, out.get(), STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, err.get(), STDERR_FILENO);
  pid_t child = 0;
  const int error = posix_spawnp(&child, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error == 0) return child;
  errno = error;
  if (error == ENOENT) return absl::NotFoundError(arguments[0] + ": no such program on the PATH");
  return Failed("cannot start " + arguments[0]);
}

// Waits for its end; false when that does not come in time.
bool EndsWithin(pid_t child, Nanos limit) {
  const Descriptor process(static_cast<int>(syscall(SYS_pidfd_open, child, 0)));
  if (process.get() < 0) return true;  // waitpid() will tell, without a bound
  const Nanos deadline = SystemClock().Now() + limit;
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - SystemClock().Now());
    if (left.count() <= 0) return false;
    pollfd ended{.fd = process.get(), .events = POLLIN, .revents = 0};
    if (poll(&ended, 1, static_cast<int>(left.count())) > 0) return true;
  }
}

}  // namespace

absl::StatusOr<ChildResult> RunChild(const std::vector<std::string>& arguments,
                                     std::string_view input, Nanos limit) {
  KLOAD_ASSIGN_OR_RETURN(const Descriptor in, MemoryFile(input));
  KLOAD_ASSIGN_OR_RETURN(const Descriptor out, MemoryFile(""));
  KLOAD_ASSIGN_OR_RETURN(const Descriptor err, MemoryFile(""));
  KLOAD_ASSIGN_OR_RETURN(const pid_t child, Spawn(arguments, in, out, err));
  const bool in_time = EndsWithin(child, limit);
  if (!in_time) kill(child, SIGKILL);
  int status = 0;
  while (waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return Failed("cannot wait for " + arguments[0]);
  }
  if (!in_time) {
    return absl::DeadlineExceededError(
        fmt::format("{} did not end within {}", arguments[0], FormatDuration(limit)));
  }
  return ChildResult{
      .exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
      .out = ReadAll(out),
      .err = ReadAll(err)};
}

}  // namespace kload::modules
