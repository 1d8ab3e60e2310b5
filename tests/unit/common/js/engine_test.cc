#include "common/js/engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <thread>

#include "common/js/function.h"

namespace kload::js {
namespace {

using ::testing::HasSubstr;

class EngineTest : public ::testing::Test {
 protected:
  EngineTest() { Restart({}); }

  void Restart(const Limits& limits) {
    engine_ = *Engine::Create(limits);
    engine_->Enter(std::nullopt);
  }
  Value Eval(const std::string& code) {
    return Value(cx(), JS_Eval(cx(), code.c_str(), code.size(), "test.js", JS_EVAL_TYPE_GLOBAL));
  }
  std::string Text(const std::string& code) {
    const Value value = Eval(code);
    return value.IsException() ? "threw " + engine_->TakeException().text
                               : ToTextOr(cx(), value.get());
  }
  template <Body body>
  void Add(const char* name, int magic = 0) {
    Define(cx(), engine_->global(), name, NewFunction<body>(cx(), name, 0, magic));
  }
  JSContext* cx() const { return engine_->cx(); }

  std::unique_ptr<Engine> engine_;
};

// ---- Values ----

TEST_F(EngineTest, ValuesRoundTrip) {
  EXPECT_EQ(ToTextOr(cx(), String(cx(), "grüße").get()), "grüße");
  EXPECT_EQ(ToTextOr(cx(), String(cx(), std::string_view("a\0b", 3)).get()),
            std::string("a\0b", 3));
  EXPECT_EQ(ToTextOr(cx(), String(cx(), "a\xff").get()), "a\xef\xbf\xbd");
  EXPECT_EQ(*ToNumber(cx(), Number(cx(), 1.5).get()), 1.5);
  EXPECT_EQ(*ViewBytes(cx(), Bytes(cx(), "xyz").get()), "xyz");
  EXPECT_EQ(*ViewBytes(cx(), Eval("new Uint8Array([65, 66, 67]).subarray(1)").get()), "BC");
  EXPECT_EQ(*ViewBytes(cx(), Eval("new Uint8Array(0)").get()), "");
  EXPECT_EQ(ViewBytes(cx(), Eval("({})").get()), std::nullopt);
  EXPECT_FALSE(JS_HasException(cx()));
}

TEST_F(EngineTest, ConversionThatThrows) {
  EXPECT_EQ(ToText(cx(), Eval("({ toString() { throw new Error('no'); } })").get()), std::nullopt);
  EXPECT_EQ(engine_->TakeException().text, "Error: no");
  EXPECT_EQ(ToTextOr(cx(), Eval("Symbol()").get()), "?");
  EXPECT_FALSE(JS_HasException(cx()));
}

TEST_F(EngineTest, PropertiesComeInOrder) {
  std::string seen;
  const Value object = Eval("({ b: 1, a: 2, [Symbol()]: 3 })");
  EXPECT_TRUE(ForEachProperty(cx(), object.get(), [&](JSAtom name, JSValueConst value) {
    seen += AtomText(cx(), name) + ToTextOr(cx(), value);
    return true;
  }));
  EXPECT_EQ(seen, "b1a2");
  EXPECT_FALSE(ForEachProperty(cx(), Eval("({ get a() { throw 1; } })").get(),
                               [](JSAtom, JSValueConst) { return true; }));
  EXPECT_EQ(engine_->TakeException().text, "1");
}

TEST_F(EngineTest, JsonThatIsNone) {
  EXPECT_TRUE(ParseJson(cx(), "{").IsException());
  EXPECT_THAT(engine_->TakeException().text, HasSubstr("SyntaxError"));
}

// ---- Functions ----

Value Sum(const Call& call) {
  return Number(call.cx, call.magic + ToNumber(call.cx, call.arg(0)).value_or(0));
}
Value ThrowsCpp(const Call&) { throw std::runtime_error("from C++"); }
Value ThrowsKind(const Call& call) {
  const std::string long_text(400, 'x');
  switch (call.magic) {
    case 0:
      return ThrowError(call.cx, "plain");
    case 1:
      return ThrowTypeError(call.cx, "100% " + long_text);
    case 2:
      return ThrowRangeError(call.cx, "range");
    default:
      return ThrowReferenceError(call.cx, "reference");
  }
}

TEST_F(EngineTest, FunctionsHaveMagicAndDefaults) {
  Add<Sum>("sum", 10);
  EXPECT_EQ(Text("sum(5) + ',' + sum() + ',' + sum.name"), "15,NaN,sum");
}

TEST_F(EngineTest, CppExceptionBecomesJavaScripts) {
  Add<ThrowsCpp>("boom");
  EXPECT_EQ(Text("try { boom() } catch (e) { e.name + ': ' + e.message }"),
            "InternalError: from C++");
}

TEST_F(EngineTest, ThrownErrorsHaveTheirKindMessageAndStack) {
  Add<ThrowsKind>("plain", 0);
  Add<ThrowsKind>("type", 1);
  Add<ThrowsKind>("range", 2);
  Add<ThrowsKind>("reference", 3);
  EXPECT_EQ(Text("plain()"), "threw Error: plain");
  EXPECT_EQ(Text("type()"), "threw TypeError: 100% " + std::string(400, 'x'));
  EXPECT_EQ(Text("range()"), "threw RangeError: range");
  EXPECT_EQ(Text("reference()"), "threw ReferenceError: reference");
  Eval("\nfunction outer() { plain(); }\nouter()");
  EXPECT_THAT(engine_->TakeException().stack, HasSubstr("at outer (test.js:2:"));
}

Value Make(const Call& call) { return Object(call.cx); }

TEST_F(EngineTest, Constructors) {
  const Value prototype = Object(cx());
  Define(cx(), engine_->global(), "Only",
         NewConstructor<Make>(cx(), "Only", 0, 0, prototype.get()));
  Define(cx(), engine_->global(), "Both", NewFunctionOrConstructor<Make>(cx(), "Both", 0, 0));
  EXPECT_EQ(Text("typeof new Only()"), "object");
  EXPECT_THAT(Text("Only()"), HasSubstr("threw TypeError"));
  EXPECT_EQ(Text("typeof new Both() + typeof Both()"), "objectobject");
}

// ---- Exceptions, jobs ----

TEST_F(EngineTest, DescribesWhatWasThrown) {
  Eval("throw { toString() { return 'object'; } }");
  Error error = engine_->TakeException();
  EXPECT_EQ(error.text, "object");
  EXPECT_EQ(error.stack, "");
  Eval("throw null");
  EXPECT_THAT(engine_->TakeException().text, HasSubstr("null"));
}

TEST_F(EngineTest, JobsAndRejections) {
  Eval(
      "var log = ''; Promise.resolve(1).then((x) => { log += x; return 2; }).then((x) => { log += "
      "x; })");
  EXPECT_EQ(engine_->RunJobs(), std::nullopt);
  EXPECT_EQ(Text("log"), "12");
  EXPECT_EQ(engine_->TakeUnhandledRejection(), std::nullopt);
  Eval("Promise.reject(new Error('lost')); Promise.reject(1).catch(() => 0)");
  EXPECT_EQ(engine_->RunJobs(), std::nullopt);
  EXPECT_EQ(engine_->TakeUnhandledRejection()->text, "Error: lost");
  EXPECT_EQ(engine_->TakeUnhandledRejection(), std::nullopt);
}

// ---- Limits and stops ----

Value StopFromInside(const Call& call) {
  static_cast<Engine*>(JS_GetContextOpaque(call.cx))->RequestStop();
  return Undefined(call.cx);
}
Value StopHere(const Call& call) {
  return static_cast<Engine*>(JS_GetContextOpaque(call.cx))->StopNow();
}

TEST_F(EngineTest, DeadlineEndsALoop) {
  engine_->Enter(SystemClock().Now() + std::chrono::milliseconds(20));
  EXPECT_THAT(Text("for (;;) { try { for (;;); } catch (e) {} }"),
              HasSubstr("threw InternalError: interrupted"));
  EXPECT_EQ(engine_->stop(), StopReason::kDeadline);
  engine_->Enter(std::nullopt);
  EXPECT_EQ(Text("1 + 1"), "2");
}

TEST_F(EngineTest, RequestedStopEndsALoop) {
  JS_SetContextOpaque(cx(), engine_.get());
  Add<StopFromInside>("stop");
  EXPECT_THAT(Text("stop(); for (;;) { try { for (;;); } finally {} }"), HasSubstr("interrupted"));
  EXPECT_EQ(engine_->stop(), StopReason::kInterrupted);
}

TEST_F(EngineTest, StopNowPassesCatchAndFinally) {
  JS_SetContextOpaque(cx(), engine_.get());
  Add<StopHere>("stop");
  EXPECT_THAT(Text("var log = ''; try { stop(); } catch (e) { log += 'catch'; } finally { log += "
                   "'finally'; }"),
              HasSubstr("interrupted"));
  engine_->Enter(std::nullopt);
  EXPECT_EQ(Text("log"), "");
}

TEST_F(EngineTest, DiscardedJobsDoNotRunOn) {
  Eval(
      "var turns = 0; (async () => { for (;;) { await null; ++turns; } })(); (async () => { for "
      "(;;); })");
  engine_->RequestStop();
  EXPECT_EQ(engine_->RunJobs(), std::nullopt) << "a stop ends it";
}

TEST_F(EngineTest, DeepRecursionIsCaught) {
  Restart({.memory_bytes = 0, .stack_bytes = 128 << 10});
  EXPECT_EQ(Text("function f() { return 1 + f(); } try { f(); } catch (e) { e.message }"),
            "stack overflow");
}

TEST_F(EngineTest, LargeAllocationsFailAtTheMemoryLimit) {
  Restart({.memory_bytes = 8 << 20, .stack_bytes = 0});
  EXPECT_EQ(Text("try { new ArrayBuffer(1e9); } catch (e) { e.message }"), "out of memory");
  EXPECT_EQ(Text("try { 'x'.repeat(1e8); } catch (e) { e.message }"), "out of memory");
  EXPECT_EQ(engine_->stop(), StopReason::kNone);
}

TEST_F(EngineTest, ManySmallAllocationsEndTheEntry) {
  Restart({.memory_bytes = 8 << 20, .stack_bytes = 0});
  EXPECT_THAT(Text("(() => { const all = []; for (;;) { try { all.push({}); } catch (e) {} } })()"),
              HasSubstr("interrupted"));
  EXPECT_EQ(engine_->stop(), StopReason::kMemory);
  engine_->DiscardJobs();
  engine_->Enter(std::nullopt);
  EXPECT_EQ(Text("1 + 1"), "2");
  EXPECT_LT(engine_->usage().heap_bytes, 8 << 20);
}

TEST_F(EngineTest, GarbageDoesNotCountAtTheMemoryLimit) {
  Restart({.memory_bytes = 8 << 20, .stack_bytes = 0});
  EXPECT_EQ(Text("for (let i = 0; i < 1e6; ++i) { const a = {}; a.a = a; } 'done'"), "done");
}

TEST_F(EngineTest, EntersFromAnotherStack) {
  Restart({.memory_bytes = 0, .stack_bytes = 200 << 10});
  std::string text;
  std::thread([&] {
    engine_->Enter(std::nullopt);
    text = Text("function f(n) { return n ? 1 + f(n - 1) : 0; } f(20)");
  }).join();
  EXPECT_EQ(text, "20");
}

}  // namespace
}  // namespace kload::js
