// Which of a worker's sockets can be read or written: an epoll set of its own, that the worker's io_context watches as one
// descriptor.
//
// Asio tries each read before it waits for it, which for a request and its answer is a system call in vain; and it takes a
// lock, an allocation and two queues per operation. Here a socket is registered once, and an answer costs one recv().
// Data path: kernel -> Poller -> Watch (a Connection) -> its fiber.
// Thread:    one worker's.
#pragma once

#include <sys/epoll.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <boost/system/error_code.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "common/base/clock.h"

namespace kload::agent {

class Poller {
 public:
  // Who waits for a socket.
  class Watch {
   public:
    // Something has changed since the last call: EPOLLIN, EPOLLOUT, EPOLLRDHUP, EPOLLHUP, EPOLLERR as they hold now. Edges
    // only: what was not read is not told again. May add and remove any watch, this one too.
    virtual void OnReady(uint32_t events) = 0;
    // Comes before OnReady() when several sockets are ready at once: what has arrived may be read into `into` now, at steady time
    // `now`, and is there until OnReady() and then KeepAhead() have returned. Returns how many bytes that were.
    virtual size_t ReadAhead(uint32_t events, std::span<char> into, Nanos now);
    // After OnReady() when ReadAhead() has read something: what is left of it must be copied.
    virtual void KeepAhead() {}

   protected:
    ~Watch() = default;
  };
  // Who has a request to send.
  class Sender {
   public:
    // Its turn, see Gather(). May begin and end other exchanges.
    virtual void SendNow() = 0;

   protected:
    ~Sender() = default;
  };
  // Stands for one Add(); never given twice.
  using Ticket = uint64_t;

  static constexpr size_t kDeferMax = 32;
  static constexpr Nanos kDeferTime = std::chrono::microseconds(200);

  // Errors while the set is made end the process: there is no load without it.
  Poller(boost::asio::io_context& io, const Clock& clock);
  ~Poller();
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;

  // `socket` until Remove(), which comes before `watch` ends. The io_context has work as long as there is a watch.
  boost::system::error_code Add(int socket, Watch& watch, Ticket& ticket);
  // Before something is sent. True: SendNow() comes when the fibers that are to go on have gone on, or after one of them, when
  // kDeferMax senders wait or the first has waited for kDeferTime; the sender is Forget()-ed if it ends before. False: send now.
  // Requests that go out together wake a server once and not each time, which on one machine (and in a virtual one, where
  // waking a processor leaves it) costs the sender as much as the sending.
  bool Gather(Sender& sender);
  void Forget(const Sender& sender);
  // Around each of several fibers that are resumed one after the other, `more`: another one is likely to follow; and after the
  // last one. What they send goes out together, as if their sockets had been ready at once.
  void BeforeOne(bool more) { more_to_tell_ = more; }
  void AfterOne();
  void AfterAll();
  // Before the socket is closed, which takes it out of the kernel's set. What was seen and not told yet is dropped.
  void Remove(Ticket ticket);

 private:
  using Descriptor =
      boost::asio::posix::basic_stream_descriptor<boost::asio::io_context::executor_type>;
  struct Slot {
    Watch* watch = nullptr;
    uint32_t uses = 0;  // distinguishes the tickets of one slot
  };

  static constexpr Ticket TicketOf(uint32_t slot, uint32_t uses) {
    return (static_cast<uint64_t>(uses) << 32) | slot;
  }
  void Arm();
  void OnWake();
  void SendDeferred();
  size_t TellOnce(const bool& alive);
  bool IsWatched(Ticket ticket) const {
    const auto number = static_cast<uint32_t>(ticket);
    return slots_[number].watch != nullptr && ticket == TicketOf(number, slots_[number].uses);
  }
  void ReadAhead(std::span<const epoll_event> events);

  std::vector<Slot> slots_;
  std::vector<uint32_t> free_;
  size_t watches_ = 0;
  const Clock& clock_;
  bool more_to_tell_ = false;  // in the batch at hand
  std::vector<Sender*> deferred_;
  std::vector<Sender*> sending_;  // deferred_ of before; null: forgotten, or done
  Nanos deferred_since_{0};       // of the first one
  bool armed_ = false;
  // False when the poller has gone, for handlers and for calls that it does not survive.
  const std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  Descriptor set_;
  std::vector<char> ahead_;            // what was read of a batch
  std::vector<uint32_t> ahead_bytes_;  // by event
};

}  // namespace kload::agent
