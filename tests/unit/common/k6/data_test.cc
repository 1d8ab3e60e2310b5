// k6/data: SharedArray.
#include <thread>

#include "tests/unit/common/k6/fake_host.h"

namespace kload::k6 {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class SharedArrayTest : public ScriptTest {
 protected:
  static inline const std::string kUsers =
      "import { SharedArray } from 'k6/data';"
      "const users = new SharedArray('users', () => { console.log('made'); return [{ name: 'ann', "
      "tags: ['x'] }, { name: 'bob' }, 7, null]; });";
};

TEST_F(SharedArrayTest, ReadsAsAnArray) {
  EXPECT_THAT(Printed("console.log(users.length, users[1].name, users[9], Array.isArray(users));"
                      "console.log(users.map((u) => u && u.name).join());"
                      "let n = 0; for (const u of users) { ++n; } console.log(n);"
                      "console.log(users.findIndex((u) => u === 7), 1 in users, 4 in users);"
                      "console.log(Object.keys(users).join(), JSON.stringify(users.slice(2)));"
                      "console.log(users['01'], users[-1], users[1.5]);",
                      kUsers),
              ElementsAre("made", "4 bob undefined true", "ann,bob,,", "4", "2 true false",
                          "0,1,2,3 [7,null]", "undefined undefined undefined"));
}

TEST_F(SharedArrayTest, CannotBeChanged) {
  EXPECT_THAT(Thrown("users[0] = 1;", kUsers), HasSubstr("immutable"));
  EXPECT_THAT(Thrown("users.push(1);", kUsers), HasSubstr("immutable"));
  EXPECT_THAT(Thrown("delete users[0];", kUsers), HasSubstr("immutable"));
  EXPECT_THAT(Thrown("users[0].name = 'eve';", kUsers), HasSubstr("read-only"));
  EXPECT_THAT(Thrown("users[0].tags.push('y');", kUsers), HasSubstr("TypeError"));
}

TEST_F(SharedArrayTest, RefusesWhatIsNoArray) {
  const std::string import = "import { SharedArray } from 'k6/data';";
  EXPECT_THAT(Thrown("", import + "new SharedArray('a', () => ({}));"),
              HasSubstr("must return an array"));
  EXPECT_THAT(Thrown("", import + "new SharedArray('a');"), HasSubstr("a function"));
  EXPECT_THAT(Thrown("", import + "new SharedArray('', () => []);"), HasSubstr("name"));
  EXPECT_THAT(Thrown("", import + "new SharedArray('a', () => { throw new Error('boom'); });"),
              HasSubstr("boom"));
  EXPECT_THAT(Thrown("new SharedArray('late', () => []);", import), HasSubstr("init code"));
}

TEST_F(SharedArrayTest, OneArrayMayUseAnother) {
  EXPECT_THAT(Printed("console.log(b.length, b[0]);",
                      "import { SharedArray } from 'k6/data';"
                      "const b = new SharedArray('b', () => new SharedArray('a', () => [1, 2]).map("
                      "(n) => n * 10));"),
              ElementsAre("2 10"));
}

// Instances of one script on several threads, as workers make them.
TEST_F(SharedArrayTest, IsMadeOncePerProcess) {
  const auto compiled = CompiledScript::Compile(
      {.main = "script.js",
       .files = {{"script.js", kUsers + "export default () => { console.log(users[0].name); };"}}});
  ASSERT_TRUE(compiled.ok()) << compiled.status();
  std::vector<FakeHost> hosts(8);
  std::vector<std::thread> threads;
  for (FakeHost& host : hosts) {
    threads.emplace_back([&host, &compiled] {
      auto script = ScriptInstance::Create(*compiled, host, {});
      ASSERT_TRUE(script.ok()) << script.status();
      EXPECT_EQ((*script)->CallIteration("default", 0).kind, Outcome::Kind::kOk);
    });
  }
  for (std::thread& thread : threads) thread.join();
  size_t made = 0;
  for (const FakeHost& host : hosts) {
    for (const std::string& text : host.texts()) made += text == "made" ? 1 : 0;
    EXPECT_EQ(host.texts().back(), "ann");
  }
  EXPECT_EQ(made, 1u);
}

}  // namespace
}  // namespace kload::k6
