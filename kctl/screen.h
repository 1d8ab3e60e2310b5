// The terminal: permanent text that scrolls, and a block of progress lines at the bottom that is
// drawn over.
//
// Thread: any; a mutex keeps the block whole, because log lines come from every thread of an
// embedded cluster and
//         have to appear above it.
#pragma once

#include <spdlog/common.h>

#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace kload::kctl {

// Whether to colour what goes to stdout. `no_color`: the flag. Then NO_COLOR (present, even if
// empty) wins over CLICOLOR_FORCE (set and not 0), which wins over `tty`. Null: not in the
// environment.
bool UseColor(bool tty, bool no_color, const char* env_no_color, const char* env_clicolor_force);

class Screen {
 public:
  using Write = std::function<void(std::string_view)>;

  // `write` puts bytes on stdout; `redraws`: it is a terminal, so a block can be drawn over.
  Screen(Write write, bool redraws, bool color);
  // Leaves the cursor on a fresh line; the block stays visible.
  ~Screen();
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;

  bool redraws() const { return redraws_; }
  bool color() const { return color_; }

  // Writes text that stays; it should end with a newline.
  void Print(std::string_view text);
  // Replaces the block. Lines must be no wider than the terminal. Does nothing when the screen does
  // not redraw.
  void Draw(std::vector<std::string> lines);
  // Ends drawing: the block becomes text that stays (`keep`) or disappears.
  void Finish(bool keep);
  // Calls `fn` with the block out of the way, then draws it again. For writers to stderr.
  void Aside(const std::function<void()>& fn);

 private:
  void Erase();
  void Redraw();

  const Write write_;
  const bool redraws_;
  const bool color_;

  std::mutex mutex_;                // guards what follows
  std::vector<std::string> block_;  // on the screen right now, below the cursor's first line
};

struct TerminalSize {
  int columns = 80;
  int rows = 24;
};
// Of the terminal on stdout; 80 x 24 when there is none.
TerminalSize SizeOfTerminal();

// Lets the process' log lines pass above the block of `screen`. Lines of other threads than the
// caller's that are less severe than `others_from` are dropped: an embedded cluster's own chatter.
// Undone by the returned object, which must go before the screen.
class LogAboveScreen {
 public:
  LogAboveScreen(Screen& screen, spdlog::level::level_enum others_from);
  ~LogAboveScreen();
  LogAboveScreen(const LogAboveScreen&) = delete;
  LogAboveScreen& operator=(const LogAboveScreen&) = delete;

 private:
  std::vector<spdlog::sink_ptr> before_;
};

}  // namespace kload::kctl
