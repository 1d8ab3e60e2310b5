#include "common/js/field_object.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "common/js/engine.h"
#include "common/js/function.h"

namespace kload::js {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::array<const char*, 3> kNames = {"one", "two", "fails"};

JSClassID Class() {
  static const JSClassID id = NewClassId();
  return id;
}

// `fails` throws as long as it is told to.
class Numbers : public Fields {
 public:
  Numbers(const NameList& names, std::vector<size_t>& made, bool& fails, int& ended)
      : Fields(names), made_(made), fails_(fails), ended_(ended) {}
  ~Numbers() override { ++ended_; }
  Value Make(JSContext* cx, size_t field) override {
    made_.push_back(field);
    if (field == 2 && fails_) return ThrowError(cx, "no such luck");
    return Number(cx, static_cast<double>(field + 1));
  }

 private:
  std::vector<size_t>& made_;
  bool& fails_;
  int& ended_;
};

class FieldObjectTest : public ::testing::Test {
 protected:
  FieldObjectTest() : engine_(*Engine::Create({}, {})), names_(cx(), kNames) {
    Value prototype = Object(cx());
    Define(cx(), prototype.get(), "inherited", Number(cx(), 7));
    EXPECT_TRUE(AddFieldClass(cx(), Class(), "Numbers", std::move(prototype)));
    engine_->Enter(std::nullopt);
    Define(cx(), engine_->global(), "o",
           NewFieldObject(cx(), Class(), std::make_unique<Numbers>(names_, made_, fails_, ended_)));
  }

  JSContext* cx() const { return engine_->cx(); }
  // String(the script's value); "throws: ..." when it threw.
  std::string Run(const std::string& script) {
    const Value value(cx(), JS_Eval(cx(), script.c_str(), script.size(), "test.js",
                                    JS_EVAL_TYPE_GLOBAL | JS_EVAL_FLAG_STRICT));
    if (value.IsException()) return "throws: " + engine_->TakeException().text;
    return ToTextOr(cx(), value.get());
  }

  std::unique_ptr<Engine> engine_;
  std::vector<size_t> made_;
  bool fails_ = false;
  int ended_ = 0;
  NameList names_;
};

TEST_F(FieldObjectTest, MakesOnlyWhatIsRead) {
  EXPECT_EQ(Run("o.two"), "2");
  EXPECT_THAT(made_, ElementsAre(1));
  EXPECT_EQ(Run("o.inherited"), "7");
  EXPECT_EQ(Run("o.other"), "undefined");
  EXPECT_EQ(Run("o[Symbol.iterator]"), "undefined");
  EXPECT_THAT(made_, ElementsAre(1));
}

TEST_F(FieldObjectTest, FieldsAreTheObjectsOwn) {
  EXPECT_EQ(Run("Object.keys(o).join()"), "one,two,fails");
  EXPECT_EQ(Run("JSON.stringify(o)"), R"({"one":1,"two":2,"fails":3})");
  EXPECT_EQ(Run("JSON.stringify({...o})"), R"({"one":1,"two":2,"fails":3})");
  EXPECT_EQ(Run("const {one, ...rest} = o; JSON.stringify([one, rest])"),
            R"([1,{"two":2,"fails":3}])");
  EXPECT_EQ(Run("let s = ''; for (const n in o) s += n; s"), "onetwofailsinherited");
  EXPECT_EQ(Run("['one' in o, 'inherited' in o, Object.hasOwn(o, 'two'), 'x' in o].join()"),
            "true,true,true,false");
  EXPECT_EQ(Run("JSON.stringify(Object.getOwnPropertyDescriptor(o, 'two'))"),
            R"({"value":2,"writable":true,"enumerable":true,"configurable":true})");
}

TEST_F(FieldObjectTest, CanBeChanged) {
  EXPECT_EQ(Run("o.two = 'x'; JSON.stringify(o)"), R"({"one":1,"two":"x","fails":3})");
  made_.clear();
  EXPECT_EQ(Run("o.one + o.two"), "1x");
  EXPECT_THAT(made_, IsEmpty());  // ordinary properties now
  EXPECT_EQ(Run("o.more = 4; delete o.one; JSON.stringify(o)"),
            R"({"two":"x","fails":3,"more":4})");
  EXPECT_EQ(Run("o.inherited = 8; [o.inherited, Object.getPrototypeOf(o).inherited].join()"),
            "8,7");
}

TEST_F(FieldObjectTest, DeletingIsTheFirstChange) {
  EXPECT_EQ(Run("[delete o.one, delete o.nothing].join()"), "true,true");
  EXPECT_EQ(Run("JSON.stringify(o)"), R"({"two":2,"fails":3})");
  EXPECT_EQ(Run("o.one"), "undefined");
}

TEST_F(FieldObjectTest, CanBeGivenAccessors) {
  EXPECT_EQ(Run("Object.defineProperty(o, 'one', { get() { return this.two * 10; } }); o.one"),
            "20");
}

TEST_F(FieldObjectTest, CanBeFrozen) {
  EXPECT_EQ(Run("[Object.isExtensible(o), Object.isFrozen(o)].join()"), "true,false");
  EXPECT_EQ(Run("Object.freeze(o); [Object.isExtensible(o), Object.isFrozen(o)].join()"),
            "false,true");
  EXPECT_THAT(Run("o.two = 5"), ::testing::HasSubstr("read-only"));
  EXPECT_EQ(Run("o.more = 5"), "throws: TypeError: object is not extensible");
  EXPECT_EQ(Run("[Reflect.set(o, 'more', 5), Reflect.defineProperty(o, 'x', { value: 1 })].join()"),
            "false,false");
  EXPECT_EQ(Run("JSON.stringify(o)"), R"({"one":1,"two":2,"fails":3})");
}

TEST_F(FieldObjectTest, MayBeThePrototypeOfAnother) {
  EXPECT_EQ(Run("globalThis.child = Object.create(o); child.two = 5; child.more = 6; "
                "[child.one, child.two, o.two, 'more' in o, JSON.stringify(child)].join()"),
            R"(1,5,2,false,{"two":5,"more":6})");
  EXPECT_EQ(Run("const target = {}; Reflect.set(o, 'one', 9, target); [target.one, o.one].join()"),
            "9,1");
}

TEST_F(FieldObjectTest, ClosedObjectsCanBeChangedStill) {
  EXPECT_EQ(Run("Object.preventExtensions(o); o.two = 5; JSON.stringify(o)"),
            R"({"one":1,"two":5,"fails":3})");
  EXPECT_EQ(Run("o.more = 5"), "throws: TypeError: object is not extensible");
}

TEST_F(FieldObjectTest, AFieldThatThrows) {
  fails_ = true;
  EXPECT_EQ(Run("o.fails"), "throws: Error: no such luck");
  EXPECT_EQ(Run("o.one = 5"), "throws: Error: no such luck");
  fails_ = false;
  EXPECT_EQ(Run("o.one = 5; JSON.stringify(o)"), R"({"one":5,"two":2,"fails":3})");
}

TEST_F(FieldObjectTest, EndsWithItsObject) {
  EXPECT_EQ(Run("o.two; delete globalThis.o"), "true");
  EXPECT_EQ(ended_, 1);
}

TEST(NameListTest, FindsEachName) {
  const auto engine = *Engine::Create({}, {});
  const NameList names(engine->cx(), kNames);
  for (size_t i = 0; i < kNames.size(); ++i) {
    EXPECT_EQ(names.Find(Atom(engine->cx(), kNames[i]).get()), i);
  }
  EXPECT_EQ(names.Find(Atom(engine->cx(), "three").get()), std::nullopt);
}

}  // namespace
}  // namespace kload::js
