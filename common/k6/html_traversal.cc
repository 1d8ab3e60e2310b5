// Methods of a Selection that lead to other nodes.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "common/js/function.h"
#include "common/k6/html_criterion.h"
#include "common/k6/html_objects.h"

namespace kload::k6 {
namespace {

using html::Nodes;
using html::Step;

// Null, with an exception pending, when a method was called on something else. A copy: a script's function may run.
Set SelfOf(const js::Call& call) {
  if (const Set* set = SelectionOf(call.self)) return *set;
  js::ThrowTypeError(call.cx, "this method is one of a Selection of k6/html");
  return nullptr;
}

// The next Selection of a chain.
js::Value Follow(const js::Call& call, const Set& self, Nodes nodes) {
  return NewSelection(RealmOf(call.cx), self->page, std::move(nodes), self);
}

js::Value FollowChosen(const js::Call& call, const Set& self, const Criterion& criterion,
                       const Nodes& nodes) {
  auto chosen = criterion.Choose(RealmOf(call.cx), self->page, nodes);
  if (!chosen.has_value()) return js::Thrown(call.cx);
  return Follow(call, self, *std::move(chosen));
}

// ---- children(), next() and their like: a step, then a filter ----

struct StepMethod {
  const char* name;
  const char* shown;
  Step step;
};
constexpr std::array<StepMethod, 9> kSteps = {{
    {"children", "Selection.children()", Step::kChildren},
    {"contents", "Selection.contents()", Step::kContents},
    {"next", "Selection.next()", Step::kNext},
    {"nextAll", "Selection.nextAll()", Step::kNextAll},
    {"prev", "Selection.prev()", Step::kPrev},
    {"prevAll", "Selection.prevAll()", Step::kPrevAll},
    {"parent", "Selection.parent()", Step::kParent},
    {"parents", "Selection.parents()", Step::kParents},
    {"siblings", "Selection.siblings()", Step::kSiblings},
}};
constexpr std::array<StepMethod, 3> kUntils = {{
    {"nextUntil", "Selection.nextUntil()", Step::kNextAll},
    {"prevUntil", "Selection.prevUntil()", Step::kPrevAll},
    {"parentsUntil", "Selection.parentsUntil()", Step::kParents},
}};

js::Value TakeStep(const js::Call& call) {
  const StepMethod& method = kSteps[static_cast<size_t>(call.magic)];
  const Set self = SelfOf(call);
  if (self == nullptr) return js::Thrown(call.cx);
  const auto filter = Criterion::Read(call, 0, method.shown);
  if (!filter.has_value()) return js::Thrown(call.cx);
  return FollowChosen(call, self, *filter, html::Walk(self->document(), self->nodes, method.step));
}

js::Value StepUntil(const js::Call& call) {
  const StepMethod& method = kUntils[static_cast<size_t>(call.magic)];
  const Set self = SelfOf(call);
  if (self == nullptr) return js::Thrown(call.cx);
  const auto until = Criterion::Read(call, 0, method.shown);
  if (!until.has_value()) return js::Thrown(call.cx);
  const auto filter = Criterion::Read(call, 1, method.shown);
  if (!filter.has_value()) return js::Thrown(call.cx);
  html::NodeTest stop;
  if (!until->is_everything()) {
    stop = [&](html::NodeId node) { return until->Passes(*self->page, node); };
  }
  return FollowChosen(call, self, *filter,
                      html::Walk(self->document(), self->nodes, method.step, stop));
}

// ---- By a selector ----

// Descendants of the set that pass, in document order. `first_only`: of the whole result.
Nodes Descendants(const NodeSet& set, const Criterion& criterion, bool first_only) {
  Nodes found;
  for (const html::NodeId node : set.nodes) {
    if (const html::Selector* selector = criterion.selector()) {
      const Nodes within = selector->Find(set.document(), node);
      found.insert(found.end(), within.begin(), within.end());
    } else {
      for (html::NodeId at = node + 1; at < set.document().end(node); ++at) {
        if (criterion.Passes(*set.page, at)) found.push_back(at);
      }
    }
  }
  found = html::Ordered(std::move(found));
  if (first_only && found.size() > 1) found.resize(1);
  return found;
}

// An argument that must be there.
std::optional<Criterion> ReadRequired(const js::Call& call, const char* method,
                                      Criterion::Kinds kinds = Criterion::Kinds::kSelectorOrNodes) {
  if (js::IsNullish(call.arg(0))) {
    js::ThrowTypeError(call.cx, fmt::format("{}: expected a selector, not {}", method,
                                            js::ToTextOr(call.cx, call.arg(0))));
    return std::nullopt;
  }
  return Criterion::Read(call, 0, method, kinds);
}

js::Value Find(const js::Call& call) {
  const bool single = call.magic == 1;
  const Set self = SelfOf(call);
  if (self == nullptr) return js::Thrown(call.cx);
  const auto criterion = ReadRequired(call, single ? "Selection.single()" : "Selection.find()");
  if (!criterion.has_value()) return js::Thrown(call.cx);
  return Follow(call, self, Descendants(*self, *criterion, single));
}

js::Value Add(const js::Call& call) {
  const Set self = SelfOf(call);
  if (self == nullptr) return js::Thrown(call.cx);
  const auto criterion = ReadRequired(call, "Selection.add()");
  if (!criterion.has_value()) return js::Thrown(call.cx);
  const NodeSet whole(self->page, {html::kDocumentNode}, nullptr);
  Nodes nodes = Descendants(whole, *criterion, false);
  nodes.insert(nodes.end(), self->nodes.begin(), self->nodes.end());
  return Follow(call, self, html::Ordered(std::move(nodes)));
}

js::Value Closest(const js::Call& call) {
  const Set self = SelfOf(call);
  if (self == nullptr) return js::Thrown(call.cx);
  const auto criterion = ReadRequired(call, "Selection.closest()");
  if (!criterion.has_value()) return js::Thrown(call.cx);
  return Follow(call, self, html::Closest(self->document(), self->nodes, [&](html::NodeId node) {
                  return criterion->Passes(*self->page, node);
                }));
}

js::Value Has(const js::Call& call) {
  const Set self = SelfOf(call);
  if (self == nullptr) return js::Thrown(call.cx);
  const auto criterion = ReadRequired(call, "Selection.has()");
  if (!criterion.has_value()) return js::Thrown(call.cx);
  Nodes nodes;
  for (const html::NodeId node : self->nodes) {
    const NodeSet alone(self->page, {node}, nullptr);
    if (!Descendants(alone, *criterion, true).empty()) nodes.push_back(node);
  }
  return Follow(call, self, std::move(nodes));
}

js::Value Filter(const js::Call& call) {
  const bool wanted = call.magic == 1;
  const Set self = SelfOf(call);
  if (self == nullptr) return js::Thrown(call.cx);
  const auto criterion = ReadRequired(call, wanted ? "Selection.filter()" : "Selection.not()",
                                      Criterion::Kinds::kFunctionToo);
  if (!criterion.has_value()) return js::Thrown(call.cx);
  auto chosen = criterion->Choose(RealmOf(call.cx), self->page, self->nodes, wanted);
  if (!chosen.has_value()) return js::Thrown(call.cx);
  return Follow(call, self, *std::move(chosen));
}

js::Value Is(const js::Call& call) {
  const Set self = SelfOf(call);
  if (self == nullptr) return js::Thrown(call.cx);
  const auto criterion = ReadRequired(call, "Selection.is()", Criterion::Kinds::kFunctionToo);
  if (!criterion.has_value()) return js::Thrown(call.cx);
  for (size_t i = 0; i < self->nodes.size(); ++i) {
    const auto passes = criterion->Ask(RealmOf(call.cx), self->page, self->nodes[i], i);
    if (!passes.has_value()) return js::Thrown(call.cx);
    if (*passes) return js::Bool(call.cx, true);
  }
  return js::Bool(call.cx, false);
}

// ---- By position ----

// An integer argument; `otherwise` for undefined. Nullopt: it threw.
std::optional<int64_t> ReadPosition(const js::Call& call, int index, int64_t otherwise) {
  if (JS_IsUndefined(call.arg(index))) return otherwise;
  const auto number = js::ToNumber(call.cx, call.arg(index));
  if (!number.has_value()) return std::nullopt;
  if (std::isnan(*number)) return 0;
  return static_cast<int64_t>(std::clamp(*number, -1e15, 1e15));
}

// Negative positions count from the end. kNoNode beyond both.
html::NodeId NodeAt(const NodeSet& set, int64_t position) {
  const auto size = static_cast<int64_t>(set.nodes.size());
  if (position < 0) position += size;
  return position >= 0 && position < size ? set.nodes[static_cast<size_t>(position)]
                                          : html::kNoNode;
}

js::Value Eq(const js::Call& call) {
  const Set self = SelfOf(call);
  if (self == nullptr) return js::Thrown(call.cx);
  const auto position =
      call.magic == 0 ? ReadPosition(call, 0, 0) : std::optional<int64_t>(call.magic == 1 ? 0 : -1);
  if (!position.has_value()) return js::Thrown(call.cx);
  const html::NodeId node = NodeAt(*self, *position);
  return Follow(call, self, node == html::kNoNode ? Nodes() : Nodes{node});
}

js::Value Slice(const js::Call& call) {
  const Set self = SelfOf(call);
  if (self == nullptr) return js::Thrown(call.cx);
  const auto size = static_cast<int64_t>(self->nodes.size());
  auto begin = ReadPosition(call, 0, 0);
  auto end = begin.has_value() ? ReadPosition(call, 1, size) : std::nullopt;
  if (!end.has_value()) return js::Thrown(call.cx);
  const auto bounded = [&](int64_t at) {
    return std::clamp<int64_t>(at < 0 ? at + size : at, 0, size);
  };
  const int64_t from = bounded(*begin);
  const int64_t to = std::max(from, bounded(*end));
  return Follow(call, self, Nodes(self->nodes.begin() + from, self->nodes.begin() + to));
}

js::Value Get(const js::Call& call) {
  const Set self = SelfOf(call);
  if (self == nullptr) return js::Thrown(call.cx);
  Realm& realm = RealmOf(call.cx);
  if (JS_IsUndefined(call.arg(0))) return NewElements(realm, self->page, self->nodes);
  const auto position = ReadPosition(call, 0, 0);
  if (!position.has_value()) return js::Thrown(call.cx);
  return NewElement(realm, self->page, NodeAt(*self, *position));
}

js::Value ToArray(const js::Call& call) {
  const Set self = SelfOf(call);
  if (self == nullptr) return js::Thrown(call.cx);
  js::Value array = js::Array(call.cx);
  for (uint32_t i = 0; i < self->nodes.size(); ++i) {
    js::Value one = Follow(call, self, {self->nodes[i]});
    if (one.IsException()) return one;
    JS_DefinePropertyValueUint32(call.cx, array.get(), i, one.Release(), JS_PROP_C_W_E);
  }
  return array;
}

double PositionIn(const Nodes& nodes, html::NodeId node) {
  const auto found = std::find(nodes.begin(), nodes.end(), node);
  return found == nodes.end() ? -1 : static_cast<double>(found - nodes.begin());
}

// index(): of the first node among its siblings; index(selector): among all that match; index(node): of it in this set.
js::Value Index(const js::Call& call) {
  const Set self = SelfOf(call);
  if (self == nullptr) return js::Thrown(call.cx);
  const auto criterion = Criterion::Read(call, 0, "Selection.index()");
  if (!criterion.has_value()) return js::Thrown(call.cx);
  const html::NodeId first = NodeAt(*self, 0);
  double position = -1;
  if (criterion->is_everything() && first != html::kNoNode) {
    position = static_cast<double>(html::Walk(self->document(), {first}, Step::kPrevAll).size());
  } else if (const html::Selector* selector = criterion->selector()) {
    position = PositionIn(selector->Find(self->document(), html::kDocumentNode), first);
  } else if (!criterion->is_everything()) {
    const auto same = std::find_if(self->nodes.begin(), self->nodes.end(), [&](html::NodeId node) {
      return criterion->Passes(*self->page, node);
    });
    if (same != self->nodes.end()) position = static_cast<double>(same - self->nodes.begin());
  }
  return js::Number(call.cx, position);
}

js::Value Size(const js::Call& call) {
  const Set self = SelfOf(call);
  if (self == nullptr) return js::Thrown(call.cx);
  return js::Number(call.cx, static_cast<double>(self->nodes.size()));
}

js::Value End(const js::Call& call) {
  const Set self = SelfOf(call);
  if (self == nullptr) return js::Thrown(call.cx);
  if (self->previous == nullptr) return Follow(call, self, {});
  return NewSelection(RealmOf(call.cx), self->page, self->previous->nodes,
                      self->previous->previous);
}

// ---- With a function ----

// Calls argument 0 with (index, object) and returns what it returned.
js::Value CallBack(const js::Call& call, size_t index, const js::Value& object) {
  if (object.IsException()) return js::Thrown(call.cx);
  const js::Value position = js::Number(call.cx, static_cast<double>(index));
  JSValueConst arguments[] = {position.get(), object.get()};
  return js::Value(call.cx, JS_Call(call.cx, call.arg(0), JS_UNDEFINED, 2, arguments));
}

bool HasFunction(const js::Call& call, const char* method) {
  if (JS_IsFunction(call.cx, call.arg(0))) return true;
  js::ThrowTypeError(call.cx, fmt::format("{}: expected a function, not {}", method,
                                          js::ToTextOr(call.cx, call.arg(0))));
  return false;
}

js::Value Each(const js::Call& call) {
  const Set self = SelfOf(call);
  if (self == nullptr || !HasFunction(call, "Selection.each()")) return js::Thrown(call.cx);
  for (size_t i = 0; i < self->nodes.size(); ++i) {
    const js::Value done =
        CallBack(call, i, NewElement(RealmOf(call.cx), self->page, self->nodes[i]));
    if (done.IsException()) return js::Thrown(call.cx);
  }
  return js::Value::Share(call.cx, call.self);
}

js::Value Map(const js::Call& call) {
  const Set self = SelfOf(call);
  if (self == nullptr || !HasFunction(call, "Selection.map()")) return js::Thrown(call.cx);
  js::Value array = js::Array(call.cx);
  for (size_t i = 0; i < self->nodes.size(); ++i) {
    js::Value mapped =
        CallBack(call, i, NewSelection(RealmOf(call.cx), self->page, {self->nodes[i]}));
    if (mapped.IsException()) return mapped;
    JS_DefinePropertyValueUint32(call.cx, array.get(), static_cast<uint32_t>(i), mapped.Release(),
                                 JS_PROP_C_W_E);
  }
  return array;
}

}  // namespace

void DefineTraversal(JSContext* cx, JSValueConst prototype) {
  for (size_t i = 0; i < kSteps.size(); ++i) {
    js::AddMethod<TakeStep>(cx, prototype, kSteps[i].name, 1, static_cast<int>(i));
  }
  for (size_t i = 0; i < kUntils.size(); ++i) {
    js::AddMethod<StepUntil>(cx, prototype, kUntils[i].name, 2, static_cast<int>(i));
  }
  js::AddMethod<Find>(cx, prototype, "find", 1, 0);
  js::AddMethod<Find>(cx, prototype, "single", 1, 1);
  js::AddMethod<Add>(cx, prototype, "add", 1);
  js::AddMethod<Closest>(cx, prototype, "closest", 1);
  js::AddMethod<Has>(cx, prototype, "has", 1);
  js::AddMethod<Filter>(cx, prototype, "not", 1, 0);
  js::AddMethod<Filter>(cx, prototype, "filter", 1, 1);
  js::AddMethod<Is>(cx, prototype, "is", 1);
  js::AddMethod<Eq>(cx, prototype, "eq", 1, 0);
  js::AddMethod<Eq>(cx, prototype, "first", 0, 1);
  js::AddMethod<Eq>(cx, prototype, "last", 0, 2);
  js::AddMethod<Slice>(cx, prototype, "slice", 2);
  js::AddMethod<Get>(cx, prototype, "get", 1);
  js::AddMethod<ToArray>(cx, prototype, "toArray", 0);
  js::AddMethod<Index>(cx, prototype, "index", 1);
  js::AddMethod<Size>(cx, prototype, "size", 0);
  js::AddMethod<End>(cx, prototype, "end", 0);
  js::AddMethod<Each>(cx, prototype, "each", 1);
  js::AddMethod<Map>(cx, prototype, "map", 1);
}

}  // namespace kload::k6
