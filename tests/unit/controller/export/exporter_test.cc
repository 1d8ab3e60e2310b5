// The HTTP side over loopback: what is answered, what is refused, what is bounded.
#include "controller/export/exporter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio.hpp>

#include "common/base/status.h"

namespace kload::controller {
namespace {

using boost::asio::ip::tcp;
using testing::HasSubstr;
using testing::StartsWith;

class ExporterTest : public testing::Test {
 protected:
  void SetUp() override {
    auto started = Exporter::Start("127.0.0.1:0", clock_);
    ASSERT_TRUE(started.ok()) << started.status();
    exporter_ = *std::move(started);
  }

  tcp::socket Connect() {
    const std::string& address = exporter_->address();
    tcp::socket socket(context_);
    socket.connect({boost::asio::ip::make_address("127.0.0.1"),
                    uint16_t(std::stoi(address.substr(address.rfind(':') + 1)))});
    return socket;
  }

  // Everything that comes back until the server closes.
  std::string Ask(const std::string& request) {
    tcp::socket socket = Connect();
    boost::system::error_code error;
    boost::asio::write(socket, boost::asio::buffer(request), error);
    std::string answer;
    boost::asio::read(socket, boost::asio::dynamic_buffer(answer), error);
    return answer;
  }
  std::string Get(const std::string& target) {
    return Ask("GET " + target + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  }

  boost::asio::io_context context_;
  SystemClock clock_;
  std::unique_ptr<Exporter> exporter_;
};

TEST_F(ExporterTest, MetricsAreTheLastPublication) {
  ClusterFigures figures;
  figures.version = "1.2.3";
  exporter_->Publish(figures);
  const std::string answer = Get("/metrics?x=1");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(answer, HasSubstr("version=0.0.4"));
  EXPECT_THAT(answer, HasSubstr("kload_build_info{version=\"1.2.3\"} 1"));
}

TEST_F(ExporterTest, IsHealthyOnceTheCoreHasPublished) {
  EXPECT_THAT(Get("/healthz"), StartsWith("HTTP/1.1 503"));
  exporter_->Publish({});
  EXPECT_THAT(Get("/healthz"), StartsWith("HTTP/1.1 200"));
}

TEST_F(ExporterTest, RootTellsWhatThereIs) { EXPECT_THAT(Get("/"), HasSubstr("/metrics")); }

TEST_F(ExporterTest, OtherPathsAreNotFound) {
  EXPECT_THAT(Get("/metrics/x"), StartsWith("HTTP/1.1 404"));
}

TEST_F(ExporterTest, OtherMethodsAreRefused) {
  const std::string answer = Ask("DELETE /metrics HTTP/1.1\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 405"));
  EXPECT_THAT(answer, HasSubstr("Allow: GET"));
}

TEST_F(ExporterTest, HeadersAreBounded) {
  EXPECT_THAT(Ask("GET / HTTP/1.1\r\nX: " + std::string(20'000, 'x') + "\r\n\r\n"),
              StartsWith("HTTP/1.1 431"));
}

TEST_F(ExporterTest, BodiesAreRefused) {
  EXPECT_THAT(Ask("GET / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello"), StartsWith("HTTP/1.1 413"));
}

TEST_F(ExporterTest, NonsenseIsRefused) {
  EXPECT_THAT(Ask("\x16\x03\x01 hello\r\n\r\n"), StartsWith("HTTP/1.1 400"));
}

TEST_F(ExporterTest, AConnectionAnswersAgainAndAgain) {
  tcp::socket socket = Connect();
  for (int i = 0; i < 3; ++i) {
    boost::asio::write(socket, boost::asio::buffer(std::string("GET / HTTP/1.1\r\n\r\n")));
    std::string answer;
    boost::asio::read_until(socket, boost::asio::dynamic_buffer(answer), "kctl.\n");
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 200"));
  }
}

TEST_F(ExporterTest, ConnectionsAreBounded) {
  std::vector<tcp::socket> held;
  for (size_t i = 0; i < HttpServer::kConnectionsMax; ++i) {
    held.push_back(Connect());
    boost::asio::write(held.back(), boost::asio::buffer(std::string("GET / HTTP/1.1\r\n\r\n")));
    char byte;
    boost::asio::read(held.back(), boost::asio::buffer(&byte, 1));  // it has been accepted
  }
  EXPECT_EQ(Get("/"), "");
  held.clear();
}

TEST_F(ExporterTest, PortInUseIsNamedWithItsFlag) {
  const auto second = Exporter::Start(exporter_->address(), clock_);
  ASSERT_TRUE(absl::IsUnavailable(second.status()));
  EXPECT_THAT(Message(second.status()), HasSubstr("--http " + exporter_->address()));
}

TEST_F(ExporterTest, AddressWithoutPortIsExplained) {
  const auto wrong = Exporter::Start("localhost", clock_);
  ASSERT_TRUE(absl::IsInvalidArgument(wrong.status()));
  EXPECT_THAT(Message(wrong.status()), HasSubstr("HOST:PORT"));
}

TEST_F(ExporterTest, ShutdownEndsOpenConnections) {
  tcp::socket socket = Connect();
  boost::asio::write(socket, boost::asio::buffer(std::string("GET / HTTP/1.1\r\n\r\n")));
  exporter_->Shutdown();
  exporter_->Shutdown();
}

}  // namespace
}  // namespace kload::controller
