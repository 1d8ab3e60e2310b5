#include "agent/record/tag_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kload::agent {
namespace {

using testing::ElementsAre;
using testing::Pair;
using Use = TagRules::Use;

const std::vector<std::string> kDefault = {
    "proto", "subproto", "status",     "method",   "url",     "name",        "group",
    "check", "error",    "error_code", "scenario", "service", "tls_version", "expected_response"};

http::Hop GoodHop() {
  http::Hop hop;
  hop.method = "GET";
  hop.url = "http://127.0.0.1/a?x=1";
  hop.status = 200;
  hop.proto = "HTTP/1.1";
  return hop;
}

TEST(TagRules, HopTagsOnSeriesLeaveTheUrlOut) {
  const TagRules rules(kDefault, {});
  const Tags scope = {{"group", ""}, {"scenario", "default"}};
  EXPECT_THAT(rules.ForHop(scope, {{"name", "a"}}, GoodHop(), Use::kSeries),
              ElementsAre(Pair("expected_response", "true"), Pair("group", ""),
                          Pair("method", "GET"), Pair("name", "a"), Pair("proto", "HTTP/1.1"),
                          Pair("scenario", "default"), Pair("status", "200")));
  EXPECT_THAT(rules.ForHop({}, {}, GoodHop(), Use::kSample),
              ElementsAre(Pair("expected_response", "true"), Pair("method", "GET"),
                          Pair("name", "http://127.0.0.1/a?x=1"), Pair("proto", "HTTP/1.1"),
                          Pair("status", "200"), Pair("url", "http://127.0.0.1/a?x=1")));
}

TEST(TagRules, AFailedHopHasErrorTagsAndStatusZero) {
  http::Hop hop;
  hop.method = "POST";
  hop.url = "https://127.0.0.1/b";
  hop.error = "dial: connection refused";
  hop.error_code = 1212;
  const Tags user = {{"proto", "mine"}, {"status", "mine"}};
  EXPECT_THAT(TagRules(kDefault, {}).ForHop({}, user, hop, Use::kSeries),
              ElementsAre(Pair("error", "dial: connection refused"), Pair("error_code", "1212"),
                          Pair("expected_response", "false"), Pair("method", "POST"),
                          Pair("name", "https://127.0.0.1/b"), Pair("status", "0")));
}

TEST(TagRules, UrlIsOnSeriesWhereAThresholdSelectsByIt) {
  const TagRules rules(kDefault, {"url"});
  EXPECT_EQ(*FindTag(rules.ForHop({}, {}, GoodHop(), Use::kSeries), "url"),
            "http://127.0.0.1/a?x=1");
  EXPECT_EQ(*FindTag(rules.ForHop({}, {{"url", "a/${}"}}, GoodHop(), Use::kSeries), "url"),
            "a/${}");
}

TEST(TagRules, DisabledSystemTagsAreAbsentAndUserTagsStay) {
  const TagRules rules({"status"}, {"url", "vu"});
  const Tags scope = {{"group", "::a"}, {"scenario", "s"}, {"team", "blue"}, {"vu", "3"}};
  EXPECT_THAT(rules.ForHop(scope, {{"name", "mine"}}, GoodHop(), Use::kSeries),
              ElementsAre(Pair("name", "mine"), Pair("status", "200"), Pair("team", "blue")));
  EXPECT_THAT(rules.ForCheck(scope, {}, "is up", Use::kSeries), ElementsAre(Pair("team", "blue")));
}

TEST(TagRules, AddressAndOcspStatusAreThereWhereEnabled) {
  http::Hop hop = GoodHop();
  hop.remote_ip = "127.0.0.1";
  hop.tls_version = "tls1.3";
  const TagRules rules({"ip", "ocsp_status"}, {});
  for (const Use use : {Use::kSeries, Use::kSample}) {
    EXPECT_THAT(rules.ForHop({}, {}, hop, use),
                ElementsAre(Pair("ip", "127.0.0.1"), Pair("ocsp_status", "unknown")));
    EXPECT_THAT(rules.ForHop({}, {}, http::Hop{}, use), testing::IsEmpty());
  }
  EXPECT_EQ(FindTag(TagRules(kDefault, {}).ForHop({}, {}, hop, Use::kSeries), "ip"), nullptr);
}

TEST(TagRules, TheCallsTagsWin) {
  const TagRules rules(kDefault, {});
  EXPECT_THAT(
      rules.Merge({{"a", "1"}, {"b", "1"}, {"d", "1"}}, {{"b", "2"}, {"c", "2"}}, Use::kSeries),
      ElementsAre(Pair("a", "1"), Pair("b", "2"), Pair("c", "2"), Pair("d", "1")));
}

TEST(TagRules, AnInterruptedHopHasNoOutcome) {
  EXPECT_THAT(
      TagRules(kDefault, {}).ForInterruptedHop({{"group", ""}}, {}, GoodHop(), Use::kSeries),
      ElementsAre(Pair("group", ""), Pair("method", "GET"),
                  Pair("name", "http://127.0.0.1/a?x=1")));
}

TEST(IsExpected, IsTwoHundredToThreeNinetyNine) {
  for (const int status : {200, 301, 399}) EXPECT_TRUE(IsExpected(status));
  for (const int status : {0, 101, 199, 400, 500}) EXPECT_FALSE(IsExpected(status));
}

}  // namespace
}  // namespace kload::agent
