#include "kctl/output/output_set.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/wire/sample_wire.h"
#include "tests/unit/kctl/output/fixture.h"

namespace kload::kctl {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class OutputSetTest : public OutputTest {
 protected:
  std::unique_ptr<OutputSet> Make() {
    auto set = OutputSet::Open({.files = {{FileOut::Kind::kCsv, Path("out.csv")},
                                          {FileOut::Kind::kJson, Path("out.json")}}},
                               [](std::string_view) {});
    EXPECT_TRUE(set.ok());
    return *std::move(set);
  }
  static v1::RunEvent State() {
    v1::RunEvent event;
    event.mutable_state()->mutable_plan()->mutable_options()->add_system_tags("status");
    v1::ThresholdText* threshold = event.mutable_state()->add_thresholds();
    threshold->set_selector("http_reqs");
    threshold->set_expression("count>5");
    return event;
  }
  static v1::RunEvent Samples() {
    v1::RunEvent event;
    *event.mutable_samples() = wire::EncodeSamples(Example());
    return event;
  }
};

TEST_F(OutputSetTest, GivesEachOutputAllSamples) {
  const auto set = Make();
  // A follower that lost its controller for a moment is told the state again.
  for (const auto& event : {State(), Samples(), State(), Samples()}) set->OnEvent(event);
  EXPECT_TRUE(set->Finish(6).ok());
  EXPECT_THAT(set->warnings(), IsEmpty());
  const std::string csv = Read("out.csv");
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 1 + 6);
  const std::string json = Read("out.json");
  EXPECT_EQ(std::count(json.begin(), json.end(), '\n'), 3 + 6);
  EXPECT_THAT(json, HasSubstr(R"("thresholds":["count>5"])"));
}

TEST_F(OutputSetTest, WhatGotLostIsSaid) {
  const auto set = Make();
  set->OnEvent(State());
  set->OnEvent(Samples());
  EXPECT_TRUE(set->Finish(10).ok());
  EXPECT_THAT(set->warnings(), ElementsAre(HasSubstr("7 of 10 raw samples are missing")));
}

TEST_F(OutputSetTest, SamplesThatCannotBeReadAreSaid) {
  const auto set = Make();
  set->OnEvent(State());
  v1::RunEvent event = Samples();
  event.mutable_samples()->set_metric(0, 99);
  set->OnEvent(event);
  EXPECT_TRUE(set->Finish(std::nullopt).ok());
  EXPECT_THAT(set->warnings(), ElementsAre(HasSubstr("could not be read: samples: metric 99")));
}

TEST_F(OutputSetTest, FlushesEachAtItsInterval) {
  const auto set = Make();
  set->OnEvent(State());
  set->OnTick(std::chrono::seconds(10));
  set->OnEvent(Samples());
  set->OnTick(std::chrono::milliseconds(10'100));
  EXPECT_EQ(Read("out.json"), "");
  set->OnTick(std::chrono::milliseconds(10'200));
  EXPECT_THAT(Read("out.json"), HasSubstr("Point"));
  EXPECT_THAT(Read("out.csv"), testing::Not(HasSubstr("http_reqs")));
  set->OnTick(std::chrono::milliseconds(11'000));
  EXPECT_THAT(Read("out.csv"), HasSubstr("http_reqs"));
}

TEST_F(OutputSetTest, AFileThatCannotBeWrittenIsAnError) {
  const auto set = OutputSet::Open({.files = {{FileOut::Kind::kJson, "/no/such/folder/x"}}},
                                   [](std::string_view) {});
  EXPECT_TRUE(absl::IsUnavailable(set.status()));
}

}  // namespace
}  // namespace kload::kctl
