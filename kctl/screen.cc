#include "kctl/screen.h"

#include <fmt/format.h>
#include <spdlog/sinks/sink.h>
#include <spdlog/spdlog.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <memory>
#include <thread>
#include <utility>

namespace kload::kctl {
namespace {

// Forwards to another sink, with the progress block out of the way.
class AboveSink final : public spdlog::sinks::sink {
 public:
  AboveSink(Screen& screen, spdlog::sink_ptr inner, spdlog::level::level_enum others_from)
      : screen_(screen),
        inner_(std::move(inner)),
        others_from_(others_from),
        own_thread_(std::this_thread::get_id()) {}

  void log(const spdlog::details::log_msg& message) override {
    if (message.level < others_from_ && std::this_thread::get_id() != own_thread_) return;
    screen_.Aside([&] {
      inner_->log(message);
      inner_->flush();
    });
  }
  void flush() override { inner_->flush(); }
  void set_pattern(const std::string& pattern) override { inner_->set_pattern(pattern); }
  void set_formatter(std::unique_ptr<spdlog::formatter> formatter) override {
    inner_->set_formatter(std::move(formatter));
  }

 private:
  Screen& screen_;
  const spdlog::sink_ptr inner_;
  const spdlog::level::level_enum others_from_;
  const std::thread::id own_thread_;
};

}  // namespace

bool UseColor(bool tty, bool no_color, const char* env_no_color, const char* env_clicolor_force) {
  if (no_color || env_no_color != nullptr) return false;
  const std::string_view force = env_clicolor_force == nullptr ? "" : env_clicolor_force;
  if (!force.empty() && force != "0") return true;
  return tty;
}

Screen::Screen(Write write, bool redraws, bool color)
    : write_(std::move(write)), redraws_(redraws), color_(color) {}

Screen::~Screen() { Finish(true); }

void Screen::Print(std::string_view text) {
  const std::lock_guard lock(mutex_);
  Erase();
  write_(text);
  Redraw();
}

void Screen::Draw(std::vector<std::string> lines) {
  if (!redraws_) return;
  const std::lock_guard lock(mutex_);
  Erase();
  block_ = std::move(lines);
  Redraw();
}

void Screen::Finish(bool keep) {
  const std::lock_guard lock(mutex_);
  if (!keep) Erase();
  block_.clear();
}

void Screen::Aside(const std::function<void()>& fn) {
  const std::lock_guard lock(mutex_);
  Erase();
  fn();
  Redraw();
}

// The cursor rests on the line below the block; goes up to its first line and clears from there.
void Screen::Erase() {
  if (block_.empty()) return;
  write_(fmt::format("\x1b[{}A\r\x1b[J", block_.size()));
}

void Screen::Redraw() {
  if (block_.empty()) return;
  std::string text;
  for (const std::string& line : block_) text += line + "\n";
  write_(text);
}

TerminalSize SizeOfTerminal() {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0)
    return {};
  return {.columns = size.ws_col, .rows = size.ws_row};
}

LogAboveScreen::LogAboveScreen(Screen& screen, spdlog::level::level_enum others_from) {
  std::vector<spdlog::sink_ptr>& sinks = spdlog::default_logger()->sinks();
  before_ = sinks;
  for (spdlog::sink_ptr& sink : sinks) {
    sink = std::make_shared<AboveSink>(screen, sink, others_from);
  }
}

LogAboveScreen::~LogAboveScreen() { spdlog::default_logger()->sinks() = before_; }

}  // namespace kload::kctl
