#include "kctl/connection.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "common/base/status.h"
#include "common/security/certificates.h"

namespace kload::kctl {
namespace {

using testing::HasSubstr;

class ConnectionTest : public testing::Test {
 protected:
  ConnectionTest() { std::filesystem::create_directories(home_ + "/.config/kload"); }
  ~ConnectionTest() override { std::filesystem::remove_all(home_); }
  void WriteConfig(const std::string& text) const {
    std::ofstream(home_ + "/.config/kload/kctl.json") << text;
  }
  absl::StatusOr<Connection> Resolve(const GlobalFlags& global,
                                     std::vector<std::string> more = {}) const {
    more.push_back("HOME=" + home_);
    return ResolveConnection(global, more);
  }

  const std::string home_ =
      (std::filesystem::temp_directory_path() / fmt::format("kctl-connection-{}", getpid()))
          .string();
};

TEST_F(ConnectionTest, WithoutAnythingItIsThisMachine) {
  const auto connection = Resolve({});
  ASSERT_TRUE(connection.ok()) << Message(connection.status());
  EXPECT_EQ(connection->address, "127.0.0.1:7070");
  EXPECT_EQ(connection->ca, "");
  EXPECT_EQ(connection->token, "");
}

TEST_F(ConnectionTest, TheFileIsForTheControllerThatItNames) {
  WriteConfig(FormatConnection({.address = "load.example:7070", .ca = "PEM", .token = "secret"}));
  EXPECT_EQ(Resolve({})->address, "load.example:7070");
  EXPECT_EQ(Resolve({})->ca, "PEM");
  EXPECT_EQ(Resolve({})->token, "secret");
  GlobalFlags other;
  other.controller = "127.0.0.1:1";
  EXPECT_EQ(Resolve(other)->token, "");
  EXPECT_EQ(Resolve(other)->ca, "");
  EXPECT_EQ(Resolve({}, {"KCTL_TOKEN=another"})->token, "another");
}

TEST_F(ConnectionTest, NoTokenGoesOverANetworkInTheClear) {
  GlobalFlags away;
  away.controller = "10.0.0.1:7070";
  EXPECT_THAT(Message(Resolve(away, {"KCTL_TOKEN=x"}).status()), HasSubstr("in the clear"));
  GlobalFlags here;
  here.controller = "127.0.0.1:9";
  EXPECT_EQ(Resolve(here, {"KCTL_TOKEN=x"})->token, "x");
}

TEST_F(ConnectionTest, AFolderOfCertificates) {
  const std::string folder = home_ + "/certs";
  ASSERT_TRUE(MakeCertificates({.folder = folder, .unix_now = SystemClock().UnixNow()}).ok());
  EXPECT_NE(Resolve({}, {"KCTL_CERTS=" + folder})->certificate, "");
  std::filesystem::remove(folder + "/operator.pem");
  std::ofstream(home_ + "/token") << "abc\n";
  GlobalFlags flags;
  flags.certs = folder;
  const auto connection = Resolve(flags, {"KCTL_TOKEN_FILE=" + home_ + "/token"});
  ASSERT_TRUE(connection.ok()) << Message(connection.status());
  EXPECT_EQ(connection->certificate, "");
  EXPECT_THAT(connection->ca, HasSubstr("BEGIN CERTIFICATE"));
  EXPECT_EQ(connection->token, "abc");
  flags.certs = home_ + "/nowhere";
  EXPECT_THAT(Message(Resolve(flags).status()), HasSubstr("--certs"));
}

TEST_F(ConnectionTest, AStrangeFileIsRefused) {
  for (const char* strange :
       {"[]", "{}", "{\"controller\":1}", "{\"controller\":\"a:1\",\"x\":\"\"}"}) {
    WriteConfig(strange);
    EXPECT_THAT(Message(Resolve({}).status()), HasSubstr("kctl.json")) << strange;
  }
}

}  // namespace
}  // namespace kload::kctl
