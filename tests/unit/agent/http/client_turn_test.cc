// Fibers that go on one after the other: what they send goes out together.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/unit/agent/http/client_fixture.h"

namespace kload::agent {
namespace {

class ClientTurnTest : public ClientTest {
 protected:
  // A client of its own with one request, begun as one of a row.
  struct Sender {
    Sender(ClientTurnTest& test, const std::string& url)
        : client(*test.shared_), fiber([this, url](Fiber& self) {
            http::Request request;
            request.url = url;
            request.timeout = timeout;
            response = client.Fetch(self, request);
          }) {}

    Nanos timeout = 10s;
    HttpClient client;
    http::Response response;
    Fiber fiber;
  };

  Sender& Begin(const std::string& url, bool more, Nanos timeout = 10s) {
    Sender& sender = *senders_.emplace_back(std::make_unique<Sender>(*this, url));
    sender.timeout = timeout;
    shared_->BeforeOne(more);
    sender.fiber.Resume();
    shared_->AfterOne();
    return sender;
  }
  void RunAll() {
    const auto guard = boost::asio::make_work_guard(io_);
    for (const auto& sender : senders_) {
      while (!sender->fiber.done()) io_.run_one();
    }
  }
  ~ClientTurnTest() override {
    RunAll();
    senders_.clear();
  }

  static void Answer(Peer& peer) {
    while (!peer.ReadRequest().empty()) peer.Send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  }

  ScriptedServer server_{{Answer}};
  std::vector<std::unique_ptr<Sender>> senders_;
};

TEST_F(ClientTurnTest, NewConnectionsAreOpenedAfterTheLastOfARow) {
  Begin(server_.Url("/a"), true);
  Begin(server_.Url("/b"), true);
  Idle(20ms);
  EXPECT_EQ(server_.connections(), 0U);
  shared_->AfterAll();  // no other one has come
  RunAll();
  EXPECT_EQ(server_.connections(), 2U);
  for (const auto& sender : senders_) {
    ExpectConsistent(sender->response);
    EXPECT_EQ(sender->response.status, 200);
    EXPECT_LT(sender->response.timings.blocked, 20ms) << "waiting for a turn is part of no phase";
  }
}

TEST_F(ClientTurnTest, TheLastOneDoesNotWait) {
  Begin(server_.Url("/"), false);
  RunAll();  // without AfterAll()
  EXPECT_EQ(senders_.front()->response.status, 200);
}

TEST_F(ClientTurnTest, OneThatIsCancelledMeanwhileOpensNothing) {
  Begin(server_.Url("/"), true).client.Cancel();
  Begin(server_.Url("/"), true);
  shared_->AfterAll();
  RunAll();
  EXPECT_TRUE(senders_.front()->response.hops.back().interrupted);
  EXPECT_EQ(senders_.back()->response.status, 200);
  EXPECT_EQ(server_.connections(), 1U);
}

TEST_F(ClientTurnTest, OneWhoseTimeIsOverMeanwhileOpensNothing) {
  Begin(server_.Url("/"), true, 10ms);
  Idle(50ms);
  shared_->AfterAll();
  RunAll();
  EXPECT_EQ(senders_.front()->response.error, "request timeout");
  EXPECT_EQ(server_.connections(), 0U);
}

TEST_F(ClientTurnTest, OneThatFailsAtOnceLeavesTheOthersTheirTurn) {
  Begin("http://127.0.0.1:1/", true);
  Begin(server_.Url("/"), true);
  shared_->AfterAll();
  RunAll();
  EXPECT_EQ(senders_.front()->response.error_code, 1212);
  EXPECT_EQ(senders_.back()->response.status, 200);
}

}  // namespace
}  // namespace kload::agent
