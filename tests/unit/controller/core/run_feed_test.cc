// The replay for followers who come late, and its bound.
#include "controller/core/run_feed.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/controller/core/fakes.h"

namespace kload::controller {
namespace {

using testing::HasSubstr;

v1::LogLine Line(const std::string& text) {
  v1::LogLine line;
  line.set_text(text);
  return line;
}

TEST(RunFeed, ReplaysTheLatestStateTheLogAndTheLatestProgress) {
  RunFeed feed;
  v1::RunState state;
  state.set_phase(v1::RunState::PREPARING);
  feed.State(state);
  state.set_phase(v1::RunState::RUNNING);
  feed.State(state);
  feed.Log(Line("one"));
  v1::Progress progress;
  progress.set_vus(1);
  feed.Progress(progress);
  progress.set_vus(2);
  feed.Progress(progress);
  auto watcher = std::make_shared<FakeWatcher>();
  feed.Add(watcher);
  ASSERT_EQ(watcher->events.size(), 3U);
  EXPECT_EQ(watcher->events[0].state().phase(), v1::RunState::RUNNING);
  EXPECT_EQ(watcher->events[1].log().text(), "one");
  EXPECT_EQ(watcher->events[2].progress().vus(), 2);
  EXPECT_FALSE(watcher->ended);
}

TEST(RunFeed, ResultIsTheLastEventAlsoForThoseWhoComeLater) {
  RunFeed feed;
  auto early = std::make_shared<FakeWatcher>();
  feed.Add(early);
  v1::RunResult result;
  result.set_exit_code(99);
  feed.Result(result);
  auto late = std::make_shared<FakeWatcher>();
  feed.Add(late);
  for (const auto& watcher : {early, late}) {
    EXPECT_TRUE(watcher->ended);
    ASSERT_FALSE(watcher->events.empty());
    EXPECT_EQ(watcher->events.back().result().exit_code(), 99);
  }
}

v1::SampleBatch Batch(int points, size_t text_bytes = 0) {
  v1::SampleBatch batch;
  for (int i = 0; i < points; ++i) batch.add_value(i);
  batch.add_texts(std::string(text_bytes, 'x'));
  return batch;
}

TEST(RunFeed, SamplesGoToThoseWhoWantThemAndWaitForTheFirst) {
  RunFeed feed;
  feed.Samples(Batch(1));
  auto indifferent = std::make_shared<FakeWatcher>();
  feed.Add(indifferent);
  feed.Samples(Batch(2));
  auto eager = std::make_shared<FakeWatcher>();
  eager->samples = true;
  feed.Add(eager);
  feed.Samples(Batch(3));
  EXPECT_TRUE(indifferent->events.empty());
  ASSERT_EQ(eager->events.size(), 3U);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(eager->events[size_t(i)].samples().value_size(), i + 1);
  auto late = std::make_shared<FakeWatcher>();
  late->samples = true;
  feed.Add(late);
  EXPECT_TRUE(late->events.empty());
}

TEST(RunFeed, SamplesThatWaitHaveABound) {
  RunFeed feed;
  feed.Samples(Batch(1, RunFeed::kSampleBytesKept / 2));
  feed.Samples(Batch(2, RunFeed::kSampleBytesKept / 2));
  feed.Samples(Batch(3));
  auto eager = std::make_shared<FakeWatcher>();
  eager->samples = true;
  feed.Add(eager);
  ASSERT_EQ(eager->events.size(), 2U);
  EXPECT_EQ(eager->events[1].samples().value_size(), 3);
}

TEST(RunFeed, OldLinesAreCountedInsteadOfReplayed) {
  RunFeed feed;
  for (size_t i = 0; i < RunFeed::kLogLinesKept + 5; ++i) feed.Log(Line(std::to_string(i)));
  auto watcher = std::make_shared<FakeWatcher>();
  feed.Add(watcher);
  ASSERT_EQ(watcher->events.size(), RunFeed::kLogLinesKept + 1);
  EXPECT_THAT(watcher->events[0].log().text(), HasSubstr("5 earlier log lines"));
  EXPECT_EQ(watcher->events[1].log().text(), "5");
}

}  // namespace
}  // namespace kload::controller
