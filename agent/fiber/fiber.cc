#include "agent/fiber/fiber.h"

#include <boost/context/fiber.hpp>
#include <boost/context/stack_context.hpp>
#include <utility>

#include "agent/fiber/stack_pool.h"
#include "agent/fiber/switch_notes.h"
#include "common/base/check.h"

namespace kload::agent {

namespace context = boost::context;

namespace {

// A stack of the thread's pool whose place is made known.
class NotedStack {
 public:
  NotedStack(size_t bytes, SwitchNotes& notes) : bytes_(bytes), notes_(notes) {}
  context::stack_context allocate() {
    const Stack stack = StackPool::OfThread().Take(bytes_);
    notes_.SetStack(stack.top - stack.bytes, stack.bytes);
    context::stack_context made;
    made.sp = stack.top;
    made.size = stack.bytes;
    return made;
  }
  void deallocate(context::stack_context& made) {
    notes_.LeaveStack();
    StackPool::OfThread().Give({static_cast<char*>(made.sp), made.size});
  }

 private:
  const size_t bytes_;
  SwitchNotes& notes_;
};

// One of thousands that sleep has its frames out of the caches: asked for together they come in the time of one. The innermost
// ones of a script that waits in sleep() or http.get().
constexpr size_t kWarmedBytes = 1536;
constexpr size_t kLineBytes = 64;

void Warm(const char* frames) {
  for (size_t at = 0; at < kWarmedBytes; at += kLineBytes) __builtin_prefetch(frames + at, 1);
}

}  // namespace

// What a switch needs is in one cache line.
struct alignas(64) Fiber::Impl {
  [[no_unique_address]] SwitchNotes notes;  // before the body, whose stack ends with it
  context::fiber inside;                    // the body, while it is not running
  context::fiber outside;                   // who resumed it, while it is
  const char* frames = nullptr;             // the innermost one, while it is suspended
  bool begun = false;
  bool running = false;
  bool done = false;
  Body body;
};

Fiber::Fiber(Body body, size_t stack_bytes) : impl_(std::make_unique<Impl>()) {
  impl_->body = std::move(body);
  impl_->inside = context::fiber(std::allocator_arg, NotedStack(stack_bytes, impl_->notes),
                                 [this](context::fiber&& outside) {
                                   impl_->notes.AfterEntering();
                                   impl_->outside = std::move(outside);
                                   impl_->body(*this);
                                   impl_->done = true;
                                   impl_->notes.BeforeEnding();
                                   return std::move(impl_->outside);
                                 });
}

Fiber::~Fiber() {
  // One that never began has no frames of ours to unwind.
  KLOAD_CHECK(impl_->done || !impl_->begun, "a fiber was destroyed before its body ended");
}

void Fiber::Resume() {
  KLOAD_CHECK(!impl_->running && !impl_->done, "a fiber was resumed that runs or has ended");
  impl_->begun = true;
  impl_->running = true;
  if (impl_->frames != nullptr) Warm(impl_->frames);
  impl_->notes.BeforeEntering();
  impl_->inside = std::move(impl_->inside).resume();
  impl_->notes.AfterReturning();
  impl_->running = false;
}

void Fiber::Suspend() {
  KLOAD_CHECK(impl_->running, "a fiber was suspended from outside");
  impl_->frames = static_cast<const char*>(__builtin_frame_address(0));
  impl_->notes.BeforeLeaving();
  impl_->outside = std::move(impl_->outside).resume();
  impl_->notes.AfterEntering();
}

bool Fiber::done() const { return impl_->done; }
bool Fiber::running() const { return impl_->running; }

}  // namespace kload::agent
