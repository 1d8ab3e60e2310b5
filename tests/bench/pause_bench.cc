// What a request costs by itself when connections pause between requests: the least that any load generator of one thread
// needs that wakes for each pause's end and for each response. No script, no measuring, no memory of its own for a connection.
// Prints JSON; scripts/bench runs it beside the VUs that think.
#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "common/base/clock.h"
#include "tests/bench/process.h"

namespace kload::bench {
namespace {

constexpr Nanos kPause = std::chrono::seconds(1);
constexpr Nanos kBegin = std::chrono::milliseconds(1500);  // before it nothing is counted
constexpr std::string_view kRequest =
    "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: bench\r\n\r\n";

struct Paused {
  int socket = -1;
  Nanos due{0};
};

class PauseBench {
 public:
  // The connections' pauses end one after another within `spread`.
  bool Connect(uint16_t port, size_t count, Nanos spread) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int one = 1;
    for (size_t i = 0; i < count; ++i) {
      Paused& paused = connections_.emplace_back();
      paused.socket = socket(AF_INET, SOCK_STREAM, 0);
      epoll_event event{};
      event.events = EPOLLIN;
      event.data.fd = paused.socket;
      if (connect(paused.socket, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0 ||
          setsockopt(paused.socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) != 0 ||
          epoll_ctl(epoll_, EPOLL_CTL_ADD, paused.socket, &event) != 0) {
        return false;
      }
    }
    const Nanos first = clock_.Now() + kPause;
    for (size_t i = 0; i < count; ++i) {
      connections_[i].due = first + spread * static_cast<int64_t>(i) / static_cast<int64_t>(count);
    }
    return true;
  }

  // False: a connection broke.
  bool Run(Nanos duration) {
    const Nanos counted_from = clock_.Now() + kBegin;
    bool counts = false;
    double cpu = 0;
    while (clock_.Now() < counted_from + duration) {
      if (!counts && clock_.Now() >= counted_from) {
        counts = true;
        requests_ = waits_ = 0;
        cpu = CpuSeconds();
      }
      if (!ReceiveAll() || !SendDue()) return false;
    }
    cpu_seconds_ = CpuSeconds() - cpu;
    return requests_ > 0;
  }

  double cpu_us_per_request() const { return cpu_seconds_ * 1e6 / static_cast<double>(requests_); }
  double waits_per_request() const {
    return static_cast<double>(waits_) / static_cast<double>(requests_);
  }

 private:
  bool ReceiveAll() {
    const Nanos left = std::max(connections_[next_].due - clock_.Now(), Nanos::zero());
    const timespec timeout{left.count() / 1'000'000'000, left.count() % 1'000'000'000};
    std::array<epoll_event, 64> events;
    const int ready = epoll_pwait2(epoll_, events.data(), events.size(), &timeout, nullptr);
    ++waits_;
    for (int i = 0; i < ready; ++i) {
      if (recv(events[static_cast<size_t>(i)].data.fd, buffer_.data(), buffer_.size(), 0) <= 0)
        return false;
      ++requests_;
    }
    return ready >= 0;
  }

  bool SendDue() {
    const Nanos now = clock_.Now();
    for (; connections_[next_].due <= now; next_ = (next_ + 1) % connections_.size()) {
      Paused& paused = connections_[next_];
      if (send(paused.socket, kRequest.data(), kRequest.size(), MSG_NOSIGNAL) < 0) return false;
      paused.due += kPause;
    }
    return true;
  }

  const SystemClock clock_;
  const int epoll_ = epoll_create1(0);
  std::vector<Paused> connections_;
  size_t next_ = 0;  // whose pause ends next: they take turns
  std::array<char, 16384> buffer_;
  uint64_t requests_ = 0;
  uint64_t waits_ = 0;
  double cpu_seconds_ = 0;
};

}  // namespace

int Main(int argc, char** argv) {
  if (argc != 5) {
    std::fputs("usage: kload-pause-bench PORT CONNECTIONS SPREAD_MS SECONDS\n", stderr);
    return 255;
  }
  PauseBench bench;
  const auto port = static_cast<uint16_t>(std::atoi(argv[1]));
  const auto spread = std::chrono::milliseconds(std::atoi(argv[3]));
  if (!bench.Connect(port, static_cast<size_t>(std::atoi(argv[2])), spread) ||
      !bench.Run(std::chrono::seconds(std::atoi(argv[4])))) {
    std::perror("kload-pause-bench");
    return 1;
  }
  fmt::print("{{\"cpu_us_per_request\": {:.2f}, \"waits_per_request\": {:.2f}}}\n",
             bench.cpu_us_per_request(), bench.waits_per_request());
  return 0;
}

}  // namespace kload::bench

int main(int argc, char** argv) { return kload::bench::Main(argc, argv); }
