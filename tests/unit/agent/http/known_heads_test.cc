#include "agent/http/known_heads.h"

#include <gmock/gmock.h>

#include <string>

#include "agent/http/plain_response.h"

namespace kload::agent {
namespace {

std::string Head(const std::string& id, size_t length = 2) {
  return "HTTP/1.1 200 OK\r\nX-Id: " + id + "\r\nContent-Length: " + std::to_string(length) +
         "\r\n\r\n";
}

class KnownHeadsTest : public testing::Test {
 protected:
  // Whether the response is read; `response_` has it then.
  bool Read(const std::string& bytes) {
    response_.Clear();
    return ParsePlainResponse(bytes, false, true, response_, &known_).has_value();
  }
  bool Knows(const std::string& head) { return known_.Find(head + "the body") != nullptr; }

  KnownHeads known_;
  ParsedResponse response_;
};

TEST_F(KnownHeadsTest, WhatAKnownHeadSaysIsWhatItSaidBefore) {
  ASSERT_TRUE(Read(Head("a") + "hi"));
  ASSERT_TRUE(Knows(Head("a")));
  ASSERT_TRUE(Read(Head("a") + "yo"));
  EXPECT_EQ(response_.body, "yo");
  EXPECT_EQ(response_.status_text, "200 OK");
  ASSERT_EQ(response_.headers.size(), 2U);
  EXPECT_EQ((*response_.headers.begin()).second, "a");
  EXPECT_TRUE(response_.keep_alive);
}

TEST_F(KnownHeadsTest, ABodyThatIsNotThereYetIsNotTakenAsThere) {
  ASSERT_TRUE(Read(Head("a", 5) + "hello"));
  EXPECT_FALSE(Read(Head("a", 5) + "hel"));
  EXPECT_EQ(response_.status, 0);
  EXPECT_TRUE(response_.headers.empty());
}

TEST_F(KnownHeadsTest, OneThatDiffersInItsLastByteIsAnother) {
  ASSERT_TRUE(Read(Head("a", 2) + "hi"));
  ASSERT_TRUE(Read(Head("a", 3) + "hey"));
  EXPECT_EQ(response_.body, "hey");
}

TEST_F(KnownHeadsTest, AHeadWithCookiesIsNotKept) {
  const std::string head = "HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n";
  ASSERT_TRUE(Read(head));
  EXPECT_FALSE(Knows(head));
}

TEST_F(KnownHeadsTest, TheOldestGivesWay) {
  for (size_t i = 0; i <= KnownHeads::kHeads; ++i)
    ASSERT_TRUE(Read(Head(std::to_string(i)) + "hi"));
  EXPECT_FALSE(Knows(Head("0")));
  EXPECT_TRUE(Knows(Head("1")));
  EXPECT_TRUE(Knows(Head(std::to_string(KnownHeads::kHeads))));
}

TEST_F(KnownHeadsTest, AServerWhoseHeadsAreAllDifferentIsAskedSeldomAndAgainOnceItChanges) {
  int kept = 0;
  for (int i = 0; i < 640; ++i) {
    ASSERT_TRUE(Read(Head(std::to_string(i)) + "hi"));
    EXPECT_EQ((*response_.headers.begin()).second, std::to_string(i));
    // A look in the state of now, without changing it.
    KnownHeads copy = known_;
    kept += copy.Find(Head(std::to_string(i))) != nullptr ? 1 : 0;
  }
  EXPECT_EQ(kept, 64);  // the first ones
  for (int i = 0; i < 200; ++i) ASSERT_TRUE(Read(Head("same") + "hi"));
  EXPECT_TRUE(Knows(Head("same")));
}

TEST_F(KnownHeadsTest, ALongHeadIsNotKept) {
  const std::string head = Head(std::string(KnownHeads::kHeadBytesMax, 'x'));
  ASSERT_TRUE(Read(head + "hi"));
  EXPECT_FALSE(Knows(head));
}

}  // namespace
}  // namespace kload::agent
