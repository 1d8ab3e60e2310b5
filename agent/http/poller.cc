#include "agent/http/poller.h"

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <boost/asio/error.hpp>
#include <cerrno>
#include <utility>

#include "common/base/check.h"

namespace kload::agent {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

// Per call: more would let timers wait, as each may resume a script.
constexpr size_t kEventsMax = 128;
// Of a busy worker: with so many events at once the next ones are there by now, and asking again costs less than a turn of
// the loop.
constexpr size_t kBusy = 8;
constexpr int kRoundsMax = 4;

// Of one batch and of one socket: a response of the usual size, and what stays in the first two caches.
constexpr size_t kAheadBytes = 48 * 1024;
constexpr size_t kAheadBytesEach = 4 * 1024;
constexpr size_t kAheadAlign = 64;

int MakeSet() {
  const int set = epoll_create1(EPOLL_CLOEXEC);
  KLOAD_CHECK(set >= 0, "no epoll set can be made: raise the limit of open files (ulimit -n)");
  return set;
}

}  // namespace

Poller::Poller(asio::io_context& io, const Clock& clock)
    : clock_(clock),
      set_(io.get_executor(), MakeSet()),
      ahead_(kAheadBytes),
      ahead_bytes_(kEventsMax) {}

size_t Poller::Watch::ReadAhead(uint32_t, std::span<char>, Nanos) { return 0; }

Poller::~Poller() {
  KLOAD_CHECK(watches_ == 0, "a socket outlives its poller");
  *alive_ = false;
}

error_code Poller::Add(int socket, Watch& watch, Ticket& ticket) {
  if (free_.empty()) {
    free_.push_back(static_cast<uint32_t>(slots_.size()));
    slots_.emplace_back();
  }
  const uint32_t number = free_.back();
  Slot& slot = slots_[number];
  epoll_event wanted{};
  wanted.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  wanted.data.u64 = TicketOf(number, slot.uses);
  if (epoll_ctl(set_.native_handle(), EPOLL_CTL_ADD, socket, &wanted) != 0) {
    return {errno, asio::error::get_system_category()};
  }
  free_.pop_back();
  slot.watch = &watch;
  ticket = wanted.data.u64;
  ++watches_;
  Arm();
  return {};
}

void Poller::Remove(Ticket ticket) {
  const auto number = static_cast<uint32_t>(ticket);
  Slot& slot = slots_[number];
  KLOAD_CHECK(slot.watch != nullptr && ticket == TicketOf(number, slot.uses),
              "a ticket is removed once");
  slot.watch = nullptr;
  ++slot.uses;
  free_.push_back(number);
  if (--watches_ == 0 && armed_) {
    error_code ignored;
    set_.cancel(ignored);  // so that the loop can end
  }
}

void Poller::Arm() {
  if (armed_ || watches_ == 0) return;
  armed_ = true;
  set_.async_wait(Descriptor::wait_read, [this, alive = alive_](const error_code&) {
    if (!*alive) return;
    armed_ = false;
    OnWake();
  });
}

// Also after a cancelled wait: then there is nothing to tell, or a new watch to wait for.
void Poller::OnWake() {
  const std::shared_ptr<bool> alive = alive_;
  for (int round = 0; round < kRoundsMax; ++round) {
    const size_t told = TellOnce(*alive);
    if (!*alive) return;
    if (told < kBusy) break;
  }
  Arm();
}

bool Poller::Gather(Sender& sender) {
  if (!more_to_tell_) return false;
  if (deferred_.empty()) deferred_since_ = clock_.Now();
  deferred_.push_back(&sender);
  return true;
}

void Poller::Forget(const Sender& sender) {
  for (std::vector<Sender*>* list : {&deferred_, &sending_}) {
    std::replace(list->begin(), list->end(), const_cast<Sender*>(&sender),
                 static_cast<Sender*>(nullptr));
  }
}

void Poller::SendDeferred() {
  sending_.swap(deferred_);
  // By number: one that is told may make others forget themselves.
  for (size_t i = 0; i < sending_.size(); ++i) {
    if (Sender* sender = std::exchange(sending_[i], nullptr)) sender->SendNow();
  }
  sending_.clear();
}

void Poller::AfterOne() {
  if (deferred_.empty()) return;
  const bool full = deferred_.size() >= kDeferMax;
  if (full || clock_.Now() - deferred_since_ > kDeferTime) SendDeferred();
}

void Poller::AfterAll() {
  more_to_tell_ = false;
  SendDeferred();
}

// All receiving of a batch in one go, then all of its scripts, then all sending: each finds the code of the kernel and our own in the
// caches, and what waits for its turn here counts as received when it was there.
void Poller::ReadAhead(std::span<const epoll_event> events) {
  const Nanos now = clock_.Now();
  size_t used = 0;
  for (size_t i = 0; i < events.size(); ++i) {
    ahead_bytes_[i] = 0;
    if (ahead_.size() - used < kAheadBytesEach || !IsWatched(events[i].data.u64)) continue;
    Watch& watch = *slots_[static_cast<uint32_t>(events[i].data.u64)].watch;
    const size_t bytes =
        watch.ReadAhead(events[i].events, std::span(ahead_).subspan(used, kAheadBytesEach), now);
    ahead_bytes_[i] = static_cast<uint32_t>(bytes);
    used += (bytes + kAheadAlign - 1) / kAheadAlign * kAheadAlign;
  }
}

// Returns how many events there were; none when the poller has gone meanwhile.
size_t Poller::TellOnce(const bool& alive) {
  std::array<epoll_event, kEventsMax> events;
  const int count =
      epoll_wait(set_.native_handle(), events.data(), static_cast<int>(events.size()), 0);
  if (count <= 0) return 0;
  const auto told = static_cast<size_t>(count);
  if (told > 1) ReadAhead(std::span(events).first(told));
  for (size_t i = 0; i < told; ++i) {
    BeforeOne(i + 1 < told);
    const Ticket ticket = events[i].data.u64;
    // Told an earlier one of these events, its owner may have closed this socket.
    if (!IsWatched(ticket)) continue;
    slots_[static_cast<uint32_t>(ticket)].watch->OnReady(events[i].events);
    if (!alive) return 0;
    if (told > 1 && ahead_bytes_[i] > 0 && IsWatched(ticket)) {
      slots_[static_cast<uint32_t>(ticket)].watch->KeepAhead();
    }
    AfterOne();
    if (!alive) return 0;
  }
  AfterAll();
  return told;
}

}  // namespace kload::agent
