// An agent and a follower that remember what they were told.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "controller/core/agent_stream.h"
#include "controller/core/run_feed.h"

namespace kload::controller {

class FakeStream final : public AgentStream {
 public:
  void Send(v1::ControllerMessage message) override { sent.push_back(std::move(message)); }
  void Close() override { closed = true; }

  // Kinds of what was sent so far, pings left out.
  std::vector<std::string> Kinds() const {
    using Message = v1::ControllerMessage;
    std::vector<std::string> kinds;
    for (const Message& message : sent) {
      switch (message.message_case()) {
        case Message::kWelcome:
          kinds.push_back("welcome");
          break;
        case Message::kPrepare:
          kinds.push_back("prepare");
          break;
        case Message::kSetup:
          kinds.push_back("setup");
          break;
        case Message::kStart:
          kinds.push_back("start");
          break;
        case Message::kAck:
          kinds.push_back("ack");
          break;
        case Message::kStop:
          kinds.push_back("stop");
          break;
        case Message::kTeardown:
          kinds.push_back("teardown");
          break;
        case Message::kRelease:
          kinds.push_back("release");
          break;
        case Message::kAdopt:
          kinds.push_back("adopt");
          break;
        case Message::kCede:
          kinds.push_back("cede");
          break;
        case Message::kScale:
          kinds.push_back("scale");
          break;
        default:
          break;
      }
    }
    return kinds;
  }

  std::vector<v1::ControllerMessage> sent;
  bool closed = false;
};

class FakeWatcher final : public RunWatcher {
 public:
  void Send(RunEventPtr event) override { events.push_back(*event); }
  bool wants_samples() const override { return samples; }
  void End() override { ended = true; }

  std::vector<v1::RunEvent> events;
  bool ended = false;
  bool samples = false;
};

}  // namespace kload::controller
