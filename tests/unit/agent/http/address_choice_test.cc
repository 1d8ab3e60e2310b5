#include "agent/http/address_choice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace kload::agent {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const char* const kMixed[] = {"::1", "10.0.0.1", "::2", "10.0.0.2", "10.0.0.3"};

std::vector<std::string> Choose(DnsSelect select, DnsPolicy policy, uint64_t number,
                                std::vector<std::string> texts = {std::begin(kMixed),
                                                                  std::end(kMixed)}) {
  Addresses found;
  for (const std::string& text : texts) found.push_back(boost::asio::ip::make_address(text));
  std::vector<std::string> chosen;
  for (const auto& address : ChooseAddresses(found, {.select = select, .policy = policy}, number)) {
    chosen.push_back(address.to_string());
  }
  return chosen;
}

TEST(AddressChoiceTest, PoliciesChooseTheFamily) {
  using enum DnsPolicy;
  const auto first = [](DnsPolicy policy) { return Choose(DnsSelect::kFirst, policy, 7); };
  EXPECT_THAT(first(kPreferIpv4), ElementsAre("10.0.0.1", "::1"));
  EXPECT_THAT(first(kPreferIpv6), ElementsAre("::1", "10.0.0.1"));
  EXPECT_THAT(first(kOnlyIpv4), ElementsAre("10.0.0.1"));
  EXPECT_THAT(first(kOnlyIpv6), ElementsAre("::1"));
  EXPECT_THAT(first(kAny), ElementsAre("::1"));
}

TEST(AddressChoiceTest, APreferenceTakesTheOtherFamilyWhereItIsAlone) {
  using enum DnsPolicy;
  EXPECT_THAT(Choose(DnsSelect::kFirst, kPreferIpv4, 0, {"::1"}), ElementsAre("::1"));
  EXPECT_THAT(Choose(DnsSelect::kFirst, kPreferIpv6, 0, {"10.0.0.1"}), ElementsAre("10.0.0.1"));
  EXPECT_THAT(Choose(DnsSelect::kFirst, kOnlyIpv4, 0, {"::1"}), IsEmpty());
  EXPECT_THAT(Choose(DnsSelect::kFirst, kOnlyIpv6, 0, {"10.0.0.1"}), IsEmpty());
  EXPECT_THAT(Choose(DnsSelect::kFirst, kAny, 0, {}), IsEmpty());
}

TEST(AddressChoiceTest, EachAddressHasItsTurn) {
  for (const DnsSelect select : {DnsSelect::kRoundRobin, DnsSelect::kRandom}) {
    const auto at = [&](uint64_t number) { return Choose(select, DnsPolicy::kOnlyIpv4, number); };
    EXPECT_THAT(at(0), ElementsAre("10.0.0.1"));
    EXPECT_THAT(at(1), ElementsAre("10.0.0.2"));
    EXPECT_THAT(at(2), ElementsAre("10.0.0.3"));
    EXPECT_THAT(at(3), ElementsAre("10.0.0.1"));
  }
  EXPECT_THAT(Choose(DnsSelect::kRoundRobin, DnsPolicy::kAny, 3), ElementsAre("10.0.0.2"));
}

}  // namespace
}  // namespace kload::agent
