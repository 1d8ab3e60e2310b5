#include "agent/link/sample_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace kload::agent {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

v1::SampleBatch Batch(int points, size_t text_bytes = 0) {
  v1::SampleBatch batch;
  for (int i = 0; i < points; ++i) batch.add_value(i);
  batch.add_texts(std::string(text_bytes, 'x'));
  return batch;
}

class SampleQueueTest : public testing::Test {
 protected:
  SampleQueueTest() { queue_.Begin("r"); }

  // "sequence: points" of all that is to be sent, with "-dropped" where there is some.
  std::vector<std::string> SendAll() {
    std::vector<std::string> sent;
    while (const v1::SampleBatch* batch = queue_.Next()) {
      EXPECT_EQ(batch->run_id(), "r");
      std::string text =
          std::to_string(batch->sequence()) + ": " + std::to_string(batch->value_size());
      if (batch->dropped() > 0) text += " -" + std::to_string(batch->dropped());
      sent.push_back(text);
    }
    return sent;
  }

  SampleQueue queue_;
};

TEST_F(SampleQueueTest, SendsEachOnceInOrder) {
  EXPECT_TRUE(queue_.all_sent());
  queue_.Add(Batch(3));
  queue_.Add(Batch(5));
  EXPECT_FALSE(queue_.all_sent());
  EXPECT_THAT(SendAll(), ElementsAre("1: 3", "2: 5"));
  EXPECT_TRUE(queue_.all_sent());
  EXPECT_THAT(SendAll(), IsEmpty());
}

TEST_F(SampleQueueTest, ANewStreamGetsWhatNoAcknowledgedDeltaCameAfter) {
  queue_.Add(Batch(1));
  SendAll();
  queue_.OnDeltaSent(7);
  queue_.Add(Batch(2));
  SendAll();
  queue_.OnDeltaSent(8);
  queue_.Add(Batch(3));
  SendAll();
  queue_.Acknowledge("r", 7);
  queue_.Rewind();
  EXPECT_THAT(SendAll(), ElementsAre("2: 2", "3: 3"));
  queue_.Acknowledge("r",
                     8);  // of a delta that was sent on the stream before: says nothing any more
  queue_.Rewind();
  EXPECT_THAT(SendAll(), ElementsAre("2: 2", "3: 3"));
  queue_.OnDeltaSent(9);
  queue_.Acknowledge("another run", 9);
  queue_.Acknowledge("r", 9);
  queue_.Rewind();
  EXPECT_THAT(SendAll(), IsEmpty());
}

TEST_F(SampleQueueTest, BeyondTheBoundSamplesAreDroppedAndCounted) {
  const size_t half = SampleQueue::kBytesMax / 2;
  queue_.Add(Batch(1, half - 1000));
  queue_.Add(Batch(1, half - 1000));
  queue_.Add(Batch(20, 2000));
  queue_.Add(Batch(30, 2000));
  EXPECT_THAT(SendAll(), ElementsAre("1: 1 -50", "2: 1"));
  // What is sent and not acknowledged takes room, too.
  queue_.Add(Batch(4, 2000));
  EXPECT_FALSE(queue_.all_sent());
  EXPECT_THAT(SendAll(), ElementsAre("3: 0 -4"));
  queue_.OnDeltaSent(1);
  queue_.Acknowledge("r", 1);
  queue_.Add(Batch(5, 2000));
  EXPECT_THAT(SendAll(), ElementsAre("4: 5"));
}

TEST_F(SampleQueueTest, GivingUpLeavesTheNumberOfWhatWasDropped) {
  queue_.Add(Batch(3));
  queue_.Add(Batch(4));
  queue_.GiveUp();
  EXPECT_THAT(SendAll(), ElementsAre("1: 0 -7"));
  EXPECT_TRUE(queue_.all_sent());
}

TEST_F(SampleQueueTest, AnotherRunBeginsAnew) {
  queue_.Add(Batch(3));
  SendAll();
  queue_.Begin("r");
  queue_.Add(Batch(1));
  EXPECT_THAT(SendAll(), ElementsAre("1: 1"));
}

}  // namespace
}  // namespace kload::agent
