// Against a loopback server that answers what the test says.
#include "controller/export/pusher.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>
#include <future>
#include <thread>

#include "common/base/status.h"

namespace kload::controller {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using testing::ElementsAre;
using testing::HasSubstr;

// Takes one connection and as many requests on it as it has answers.
class Receiver {
 public:
  explicit Receiver(std::vector<std::string> answers)
      : acceptor_(io_, {asio::ip::address_v4::loopback(), 0}),
        thread_([this, answers = std::move(answers)] { Serve(answers); }) {}
  ~Receiver() { thread_.join(); }

  std::string Url(const std::string& path) const {
    return fmt::format("http://127.0.0.1:{}{}", acceptor_.local_endpoint().port(), path);
  }
  // All of them, once the last answer was given.
  std::vector<std::string> requests() { return received_.get_future().get(); }

 private:
  void Serve(const std::vector<std::string>& answers) {
    tcp::socket socket = acceptor_.accept();
    std::vector<std::string> requests;
    asio::streambuf buffer;
    for (const std::string& answer : answers) {
      const size_t head = asio::read_until(socket, buffer, "\r\n\r\n");
      std::string text(static_cast<const char*>(buffer.data().data()), buffer.size());
      const size_t length = std::stoul(text.substr(text.find("Content-Length: ") + 16));
      while (text.size() < head + length) {
        const size_t more = asio::read(socket, buffer, asio::transfer_at_least(1));
        text.append(static_cast<const char*>(buffer.data().data()) + text.size(), more);
      }
      buffer.consume(head + length);
      requests.push_back(text.substr(0, head + length));
      asio::write(socket, asio::buffer(answer));
    }
    received_.set_value(requests);
  }

  asio::io_context io_;
  tcp::acceptor acceptor_;
  std::promise<std::vector<std::string>> received_;
  std::thread thread_;
};

constexpr char kNoContent[] = "HTTP/1.1 204 No Content\r\n\r\n";

absl::Status PushTo(const RemoteWriteSettings& settings, std::vector<std::string> bodies) {
  Pusher pusher("kload/test");
  std::promise<absl::Status> done;
  pusher.Push(std::make_shared<const RemoteWriteSettings>(settings), std::move(bodies),
              [&](absl::Status status) { done.set_value(std::move(status)); });
  return done.get_future().get();
}

TEST(Pusher, PostsAsTheProtocolWants) {
  Receiver receiver({kNoContent, kNoContent});
  RemoteWriteSettings settings;
  settings.url = receiver.Url("/api/v1/write");
  settings.bearer_token = "abc";
  settings.headers = {{"X-Scope-OrgID", "team"}};
  EXPECT_EQ(PushTo(settings, {std::string("a\0b", 3), "second"}), absl::OkStatus());
  const std::vector<std::string> requests = receiver.requests();
  ASSERT_EQ(requests.size(), 2u);
  EXPECT_THAT(requests[0], testing::StartsWith("POST /api/v1/write HTTP/1.1\r\n"));
  for (const char* header :
       {"Content-Type: application/x-protobuf", "Content-Encoding: snappy",
        "X-Prometheus-Remote-Write-Version: 0.1.0", "Authorization: Bearer abc",
        "X-Scope-OrgID: team", "User-Agent: kload/test"}) {
    EXPECT_THAT(requests[0], HasSubstr(std::string(header) + "\r\n"));
  }
  EXPECT_TRUE(requests[0].ends_with(std::string("\r\n\r\na\0b", 7)));
  EXPECT_TRUE(requests[1].ends_with("\r\n\r\nsecond"));
}

TEST(Pusher, AuthenticatesWithNameAndPassword) {
  Receiver receiver({kNoContent});
  RemoteWriteSettings settings;
  settings.url = receiver.Url("/");
  settings.username = "me";
  settings.password = "secret";
  EXPECT_EQ(PushTo(settings, {"x"}), absl::OkStatus());
  EXPECT_THAT(receiver.requests(), ElementsAre(HasSubstr("Authorization: Basic bWU6c2VjcmV0\r\n")));
}

TEST(Pusher, ARefusalSaysWhatTheOtherSideSays) {
  Receiver receiver({"HTTP/1.1 400 Bad Request\r\nContent-Length: 19\r\n\r\nout of order sample"});
  RemoteWriteSettings settings;
  settings.url = receiver.Url("/");
  const absl::Status status = PushTo(settings, {"x", "is not sent after that"});
  EXPECT_TRUE(absl::IsUnavailable(status));
  EXPECT_EQ(Message(status), "answered 400: out of order sample");
}

TEST(Pusher, NobodyThereIsAnError) {
  RemoteWriteSettings settings;
  {
    asio::io_context io;
    tcp::acceptor gone(io, {asio::ip::address_v4::loopback(), 0});
    settings.url = fmt::format("http://127.0.0.1:{}/", gone.local_endpoint().port());
  }
  const absl::Status status = PushTo(settings, {"x"});
  EXPECT_TRUE(absl::IsUnavailable(status));
  EXPECT_THAT(Message(status), HasSubstr("connect"));
}

}  // namespace
}  // namespace kload::controller
