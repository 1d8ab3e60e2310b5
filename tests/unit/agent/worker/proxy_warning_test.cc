#include "agent/worker/proxy_warning.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

namespace kload::agent {
namespace {

using testing::HasSubstr;

std::string WarningOf(const std::map<std::string, std::string>& environment) {
  return ProxyWarning([&](const char* name) -> const char* {
    const auto found = environment.find(name);
    return found == environment.end() ? nullptr : found->second.c_str();
  });
}

TEST(ProxyWarningTest, NamesTheVariablesThatAreSet) {
  EXPECT_EQ(WarningOf({}), "");
  EXPECT_EQ(WarningOf({{"HTTP_PROXY", ""}, {"NO_PROXY", "*"}}), "");
  EXPECT_THAT(WarningOf({{"https_proxy", "http://proxy:3128"}}),
              HasSubstr("sets https_proxy: kload uses no proxy"));
  EXPECT_THAT(WarningOf({{"HTTP_PROXY", "a"}, {"HTTPS_PROXY", "b"}}),
              HasSubstr("sets HTTP_PROXY, HTTPS_PROXY: "));
}

}  // namespace
}  // namespace kload::agent
