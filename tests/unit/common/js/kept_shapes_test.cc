#include "common/js/kept_shapes.h"

#include <gmock/gmock.h>

#include <memory>
#include <string>
#include <utility>

#include "common/js/engine.h"

namespace kload::js {
namespace {

class KeptShapesTest : public testing::Test {
 protected:
  KeptShapesTest() : engine_(*Engine::Create({})), cx_(engine_->cx()) {
    engine_->Enter(std::nullopt);
  }

  Value Run(const std::string& source) {
    return Value(cx_, JS_Eval(cx_, source.c_str(), source.size(), "test.js", JS_EVAL_TYPE_GLOBAL));
  }
  int64_t Shapes() const {
    JSMemoryUsage usage{};
    JS_ComputeMemoryUsage(JS_GetRuntime(cx_), &usage);
    return usage.shape_count;
  }
  // How many shapes came into being for what `source` makes.
  int64_t NewShapesOf(const std::string& source) {
    const int64_t before = Shapes();
    const Value made = Run(source);
    EXPECT_FALSE(made.IsException());
    return Shapes() - before;
  }

  const std::unique_ptr<Engine> engine_;
  JSContext* const cx_;
};

TEST_F(KeptShapesTest, ALiteralFindsItsShapesOnceTheyAreKept) {
  KeptShapes shapes(cx_);
  ASSERT_GT(NewShapesOf("({ first: 1, second: 2, third: 3 })"), 0);
  {
    const Value literal = Run("({ first: 1, second: 2, third: 3 })");
    shapes.KeepLiteral(PropertyNames(cx_, literal.get()).get());
  }
  EXPECT_EQ(NewShapesOf("({ first: 1, second: 2, third: 3 })"), 0);
  EXPECT_EQ(NewShapesOf("({ first: 1 })"), 0) << "a shape on the way";
  EXPECT_GT(NewShapesOf("({ second: 1, first: 1 })"), 0) << "another order";
}

TEST_F(KeptShapesTest, AFunctionThatIsBeingMadeFindsItsShapes) {
  // As the engine makes one: without properties first, then `length`; with `name` its shape is that of all others.
  const std::string begun = "Object.create(Function.prototype)";
  const std::string half =
      "Object.defineProperty(" + begun + ", 'length', { value: 0, configurable: true })";
  ASSERT_GT(NewShapesOf(half), 0);
  const KeptShapes shapes(cx_);
  EXPECT_EQ(NewShapesOf(begun), 0);
  EXPECT_EQ(NewShapesOf(half), 0);
}

TEST_F(KeptShapesTest, WhatIsKeptIsNotKeptTwice) {
  KeptShapes shapes(cx_);
  const Value literal = Run("({ a: 1, b: 2 })");
  const PropertyNames names(cx_, literal.get());
  shapes.KeepLiteral(names.get());
  const size_t objects = shapes.objects();
  for (int i = 0; i < 100; ++i) shapes.KeepLiteral(names.get());
  EXPECT_EQ(shapes.objects(), objects);
}

TEST_F(KeptShapesTest, AScriptThatMakesUpNamesIsBounded) {
  KeptShapes shapes(cx_);
  for (int i = 0; i < 1000; ++i) {
    const Value literal = Run("({ name" + std::to_string(i) + ": 1, b: 2 })");
    shapes.KeepLiteral(PropertyNames(cx_, literal.get()).get());
  }
  EXPECT_LE(shapes.objects(), 2 + 2 * KeptShapes::kLiteralsMax);
  std::string many = "({";
  for (size_t i = 0; i <= KeptShapes::kNamesMax; ++i) many += "n" + std::to_string(i) + ": 1, ";
  KeptShapes others(cx_);
  const Value literal = Run(many + "})");
  others.KeepLiteral(PropertyNames(cx_, literal.get()).get());
  EXPECT_EQ(others.objects(), 2U);
}

TEST_F(KeptShapesTest, ObjectsOfAPrototypeFindTheirShape) {
  KeptShapes shapes(cx_);
  const Value prototype = Run("globalThis.proto = { x: 1 }");
  ASSERT_GT(NewShapesOf("Object.create(proto)"), 0);
  shapes.KeepEmpty(prototype.get());
  EXPECT_EQ(NewShapesOf("Object.create(proto)"), 0);
}

class LiteralTest : public KeptShapesTest {
 protected:
  // Each name with its value's text, by a visit that runs `during` first.
  std::string Read(JSValueConst object, const std::string& during = "") {
    std::string read;
    const bool ok = shapes_.ForEach(object, [&](const PropertyName& name, JSValueConst value) {
      if (!during.empty()) Run(during);
      read += name.Text(cx_) + "=" + ToTextOr(cx_, value) + " ";
      return !read.ends_with("=stop ");
    });
    return read + (ok ? "" : "-");
  }
  // The second of two equal objects, of which the first made the shape known.
  std::string ReadTwice(const std::string& source, const std::string& during = "") {
    const std::string first = Read(Run(source).get());
    EXPECT_EQ(Read(Run(source).get(), during).empty(), first.empty());
    return Read(Run(source).get(), during);
  }

  KeptShapes shapes_{cx_};
};

TEST_F(LiteralTest, IsReadTheSameWayEachTime) {
  for (const std::string source :
       {"({ a: 1, b: 'two', c: undefined })", "({})", "({ b: 1, 2: 2, 1: 3 })", "({ 1: 1, 2: 2 })",
        "[1, 2]", "Object.assign(Object.create({ inherited: 1 }), { own: 2 })",
        "({ get a() { return 1; }, b: 2 })", "({ a: 1, b: 'stop', c: 3 })",
        "(() => { const o = { a: 1, b: 2, c: 3 }; delete o.b; return o; })()",
        "(() => { const o = { a: 1, b: 2 }; o.a = 3; o.c = 4; return o; })()",
        "Object.defineProperty({ a: 1 }, 'hidden', { value: 1 })", "Object.freeze({ a: 1, b: 2 })",
        "({ a: 1, [Symbol.iterator]: 2 })", "({ 'näme': 'wört', '名': '値' })"}) {
    const std::string first = Read(Run(source).get());
    EXPECT_EQ(Read(Run(source).get()), first) << source;
    EXPECT_EQ(Read(Run(source).get()), first) << source;
  }
  EXPECT_EQ(ReadTwice("({ a: 1, b: 'two' })"), "a=1 b=two ");
  EXPECT_EQ(ReadTwice("({ a: 1, b: 'stop', c: 3 })"), "a=1 b=stop -");
}

#ifdef KLOAD_ENGINE_INSIDE
TEST_F(LiteralTest, OneOfAKnownShapeIsReadWithoutAskingForNames) {
  const auto is_known = [this](const std::string& source) {
    bool known = true;
    Read(Run(source).get());
    shapes_.ForEach(Run(source).get(), [&known](const PropertyName& name, JSValueConst) {
      known = known && name.known != nullptr;
      return true;
    });
    return known;
  };
  EXPECT_TRUE(is_known("({ a: 1, b: 'two' })"));
  EXPECT_TRUE(is_known("({ Authorization: `Bearer ${1 + 1}` })"));
  EXPECT_FALSE(is_known("({ get a() { return 1; } })"));
  EXPECT_FALSE(is_known("({ b: 1, 2: 2 })")) << "not in the order that they have";
}
#endif

TEST_F(LiteralTest, MayBeChangedByAVisit) {
  const std::string source = "globalThis.o = { a: 1, b: 2, c: 3 }";
  EXPECT_EQ(ReadTwice(source, "o.c = 'new'"), "a=1 b=2 c=new ");
  EXPECT_EQ(ReadTwice(source, "delete o.b"), "a=1 b=undefined c=3 ");
  EXPECT_EQ(ReadTwice(source, "o.d = 4; o.b = 5"), "a=1 b=5 c=3 ");
  EXPECT_EQ(ReadTwice(source, "o = null"), "a=1 b=2 c=3 ");
}

TEST_F(LiteralTest, OthersMayBecomeKnownDuringAVisit) {
  Read(Run("({ a: 1, b: 2 })").get());
  int made = 0;
  std::string read;
  const Value object = Run("({ a: 1, b: 2 })");
  shapes_.ForEach(object.get(), [&](const PropertyName& name, JSValueConst) {
    for (int i = 0; i < 10; ++i) {
      Read(Run("({ other" + std::to_string(made++) + ": 1 })").get());
    }
    read += name.Text(cx_) + " ";
    return true;
  });
  EXPECT_EQ(read, "a b ");
}

TEST_F(LiteralTest, TextsOfStringsAreTheSameByEitherWay) {
  EXPECT_EQ(ToTextOr(cx_, Run("'plain text of some length'").get()), "plain text of some length");
  EXPECT_EQ(ToTextOr(cx_, Run("'caf\\u00e9'").get()), "caf\u00e9");
  EXPECT_EQ(ToTextOr(cx_, Run("'\\u540d'").get()), "\u540d");
  EXPECT_EQ(ToTextOr(cx_, Run("'a\\u0000b'").get()), std::string("a\0b", 3));
  EXPECT_EQ(ToTextOr(cx_, Run("'x'.repeat(10) + 'y'.repeat(9)").get()), "xxxxxxxxxxyyyyyyyyy");
  EXPECT_EQ(ToTextOr(cx_, Run("''").get()), "");
}

TEST_F(KeptShapesTest, NothingOfItIsSeenByAScript) {
  KeptShapes shapes(cx_);
  {
    const Value literal = Run("({ a: 1 })");
    shapes.KeepLiteral(PropertyNames(cx_, literal.get()).get());
  }
  const Value seen = Run("const o = { a: 1 }; o.b = 2; delete o.a; JSON.stringify([o, { a: 3 }])");
  EXPECT_EQ(ToTextOr(cx_, seen.get()), R"([{"b":2},{"a":3}])");
}

}  // namespace
}  // namespace kload::js
