#include "controller/store/store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "common/base/status.h"

namespace kload::controller {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;

class StoreTest : public testing::Test {
 protected:
  ~StoreTest() override { std::filesystem::remove_all(dir_); }

  const std::string dir_ =
      (std::filesystem::temp_directory_path() /
       fmt::format("kload-store-{}-{}", getpid(),
                   testing::UnitTest::GetInstance()->current_test_info()->name()))
          .string();
};

RunRecord Record(const std::string& id, const std::string& state) {
  RunRecord record;
  record.id = id;
  record.script = "stress.js";
  record.state = state;
  record.started_unix = seconds(1000);
  record.agents = 8;
  record.plan = std::string("pl\0an", 5);
  record.summary = std::string("\0\1", 2);
  return record;
}

TEST_F(StoreTest, KeepsARunInMemory) {
  auto store = Store::Open("");
  ASSERT_TRUE(store.ok()) << store.status();
  EXPECT_EQ(*(*store)->NextNumber(), 1u);
  ASSERT_TRUE((*store)->Put(Record("r1", "running")).ok());
  EXPECT_EQ(*(*store)->NextNumber(), 2u);
  const auto found = (*store)->Find("r1");
  ASSERT_TRUE(found.ok() && found->has_value());
  EXPECT_EQ((*found)->plan, std::string("pl\0an", 5));
  EXPECT_EQ((*found)->summary, std::string("\0\1", 2));
  EXPECT_EQ((*found)->agents, 8u);
  EXPECT_EQ((*found)->started_unix, seconds(1000));
  EXPECT_FALSE((*store)->Find("r2")->has_value());
}

TEST_F(StoreTest, ReplacesARunAndListsTheNewestFirst) {
  auto store = *Store::Open("");
  ASSERT_TRUE(store->Put(Record("r1", "running")).ok());
  ASSERT_TRUE(store->Put(Record("r2", "running")).ok());
  ASSERT_TRUE(store->Put(Record("r1", "finished")).ok());
  EXPECT_THAT(*store->List(10),
              ElementsAre(Field(&RunRecord::id, "r2"), Field(&RunRecord::state, "finished")));
  EXPECT_THAT(*store->List(1), ElementsAre(Field(&RunRecord::id, "r2")));
}

TEST_F(StoreTest, AnUpdateUsesUpNoNumber) {
  auto store = *Store::Open("");
  for (const char* state : {"waiting", "running", "finished"}) {
    ASSERT_TRUE(store->Put(Record("r1", state)).ok());
  }
  EXPECT_EQ(*store->NextNumber(), 2u);
}

TEST_F(StoreTest, KeepsRecordsOfRunsThatGoOn) {
  {
    auto store = *Store::Open(dir_);
    EXPECT_TRUE(store->durable());
    ASSERT_TRUE(store->Put(Record("r1", "running")).ok());
    ASSERT_TRUE(store->BeginRecord("r1", std::string("ru\0n", 4)).ok());
    ASSERT_TRUE(store->Append("r1", std::string("a\0", 2)).ok());
    ASSERT_TRUE(store->Append("other", "x").ok());
    ASSERT_TRUE(store->Append("r1", "b").ok());
    EXPECT_TRUE(store->uncommitted());
    ASSERT_TRUE(store->Commit().ok());
    EXPECT_FALSE(store->uncommitted());
    ASSERT_TRUE(store->Append("r1", "not committed").ok());
  }
  auto store = *Store::Open(dir_);
  const auto records = *store->Records();
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0].id, "r1");
  EXPECT_EQ(records[0].run, std::string("ru\0n", 4));
  EXPECT_THAT(*store->InputsOf("r1"), ElementsAre(std::string("a\0", 2), "b"));
  ASSERT_TRUE(store->AbortUnrecorded(Nanos(0)).ok());
  EXPECT_EQ((*store->Find("r1"))->state, "running");
  ASSERT_TRUE(store->Forget("r1").ok());
  EXPECT_THAT(*store->Records(), IsEmpty());
  EXPECT_THAT(*store->InputsOf("r1"), IsEmpty());
}

TEST_F(StoreTest, OnlyItsOwnerReadsIt) {
  const auto store = *Store::Open(dir_);
  const auto open = std::filesystem::perms::group_all | std::filesystem::perms::others_all;
  const auto status = std::filesystem::status(dir_ + "/kload.db");
  EXPECT_EQ(status.permissions() & open, std::filesystem::perms::none);
}

TEST_F(StoreTest, MarksRunsThatACrashLeftUnfinished) {
  {
    auto store = *Store::Open(dir_);
    ASSERT_TRUE(store->Put(Record("r1", "running")).ok());
    RunRecord done = Record("r2", "finished");
    done.duration = seconds(5);
    ASSERT_TRUE(store->Put(done).ok());
  }
  auto store = *Store::Open(dir_);
  ASSERT_TRUE(store->AbortUnrecorded(seconds(1060)).ok());
  const auto runs = *store->List(10);
  ASSERT_EQ(runs.size(), 2u);
  EXPECT_EQ(runs[0].state, "finished");
  EXPECT_EQ(runs[1].state, "aborted");
  EXPECT_EQ(runs[1].duration, seconds(60));
  EXPECT_EQ(runs[1].exit_code, 255);
  EXPECT_THAT(runs[1].message, HasSubstr("controller ended"));
  EXPECT_EQ(*store->NextNumber(), 3u);
}

TEST_F(StoreTest, RefusesAFolderThatAnotherControllerUses) {
  auto first = Store::Open(dir_);
  ASSERT_TRUE(first.ok()) << first.status();
  ASSERT_TRUE((*first)->Put(Record("r1", "running")).ok());
  const auto second = Store::Open(dir_);
  EXPECT_EQ(second.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(Message(second.status()), HasSubstr("another controller"));
}

TEST_F(StoreTest, RefusesAFileInThePlaceOfTheFolder) {
  std::ofstream(dir_) << "not a folder";
  const auto store = Store::Open(dir_);
  EXPECT_EQ(store.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(Message(store.status()), HasSubstr("--data"));
}

TEST_F(StoreTest, OldRunsGoWithTheirDetailsUnlessTheyGoOn) {
  auto opened = Store::Open("");
  ASSERT_TRUE(opened.ok()) << Message(opened.status());
  Store& store = **opened;
  for (const auto& [id, state] : {std::pair("r1", "finished"), std::pair("r2", "running"),
                                  std::pair("r3", "aborted"), std::pair("r4", "finished")}) {
    ASSERT_TRUE(store.Put(Record(id, state)).ok());
    ASSERT_TRUE(store.Keep(id, Store::Detail::kSecond, 1, "second").ok());
  }
  ASSERT_TRUE(store.Prune(2).ok());
  for (const auto& [id, kept] : {std::pair("r1", false), std::pair("r2", true),
                                 std::pair("r3", true), std::pair("r4", true)}) {
    EXPECT_EQ(store.Find(id)->has_value(), kept) << id;
    EXPECT_EQ(store.Kept(id, Store::Detail::kSecond)->size(), kept ? 1U : 0U) << id;
  }
}

TEST_F(StoreTest, RefusesAFileThatIsNoDatabase) {
  std::filesystem::create_directories(dir_);
  std::ofstream(dir_ + "/kload.db") << std::string(4096, 'x');
  const auto store = Store::Open(dir_);
  EXPECT_EQ(store.status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace kload::controller
