#include "agent/http/connection.h"

#include "tests/unit/agent/http/client_fixture.h"

namespace kload::agent {
namespace {

class ConnectionTest : public ClientTest {
 protected:
  static Connection::Endpoint EndpointOf(uint16_t port) {
    return {boost::asio::ip::make_address("127.0.0.1"), port};
  }
  std::shared_ptr<Connection> Make() {
    return std::make_shared<Connection>(io_, poller_, clock_, std::span(scratch_));
  }
  std::optional<ExchangeFailure> Exchange(Fiber& fiber, Connection& connection) {
    ParsedResponse response;
    ResponseParser parser(response, false, true);
    http::Hop hop;
    return connection.Exchange(fiber, {"GET / HTTP/1.1\r\n\r\n", ""}, parser, hop);
  }

  Poller poller_{io_, clock_};
  std::vector<char> scratch_ = std::vector<char>(65536);
};

TEST_F(ConnectionTest, MayTryTheNextAddressAfterAnError) {
  uint16_t closed_port = 0;
  {
    const ScriptedServer gone({Always("")});
    closed_port = gone.port();
  }
  ScriptedServer server({Always(Ok("hello"))});
  const auto connection = Make();
  Run([&](Fiber& fiber) {
    EXPECT_EQ(connection->Connect(fiber, EndpointOf(closed_port)),
              boost::asio::error::connection_refused);
    EXPECT_FALSE(connection->Connect(fiber, EndpointOf(server.port())));
    EXPECT_FALSE(Exchange(fiber, *connection).has_value());
  });
  EXPECT_TRUE(connection->reusable());
  EXPECT_TRUE(connection->idle());
  EXPECT_EQ(connection->remote_port(), server.port());
  connection->Close();
  EXPECT_FALSE(connection->idle());
}

TEST_F(ConnectionTest, AClosedOneFailsInsteadOfWaiting) {
  ScriptedServer server({Always(Ok("hello"))});
  const auto connection = Make();
  Run([&](Fiber& fiber) {
    EXPECT_FALSE(connection->Connect(fiber, EndpointOf(server.port())));
    connection->Close();
    const std::optional<ExchangeFailure> failure = Exchange(fiber, *connection);
    ASSERT_TRUE(failure.has_value());
    EXPECT_FALSE(failure->stale);
  });
}

TEST_F(ConnectionTest, GoesWithItsOwnerAlsoWhileItIsWatched) {
  ScriptedServer server({Always(Ok("hello"))});
  std::shared_ptr<Connection> connection = Make();
  Run([&](Fiber& fiber) {
    EXPECT_FALSE(connection->Connect(fiber, EndpointOf(server.port())));
    EXPECT_FALSE(Exchange(fiber, *connection).has_value());
  });
  const std::weak_ptr<Connection> seen = connection;
  connection.reset();
  EXPECT_TRUE(seen.expired());
  Idle(10ms);
}

}  // namespace
}  // namespace kload::agent
