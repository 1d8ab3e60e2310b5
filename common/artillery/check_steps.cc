// Steps of flows: requests, loops, think and the others.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "common/artillery/check.h"

namespace kload::artillery {
namespace {

using Kind = Value::Kind;

constexpr std::array<std::string_view, 7> kMethods = {"get",    "post", "put",    "patch",
                                                      "delete", "head", "options"};

bool IsMethod(std::string_view name) {
  return std::find(kMethods.begin(), kMethods.end(), name) != kMethods.end();
}

void CheckCapture(const Value& capture, const std::string& path, bool is_match, Checker& checker) {
  static const std::vector<Key> kKeys = {
      {"json"},
      {"regexp"},
      {"header"},
      {"selector"},
      {"as"},
      {"strict"},
      {"group"},
      {"flags"},
      {"attr"},
      {"index"},
      {"value"},
      {"xpath", "use selector, a CSS selector, or regexp"},
      {"transform", "compute it in a function of afterResponse"},
  };
  if (!checker.Map(capture, path, kKeys, is_match ? "a match" : "a capture")) return;
  const bool has_source = std::any_of(kKeys.begin(), kKeys.begin() + 4, [&](const Key& key) {
    return capture.Find(key.name) != nullptr;
  });
  if (!has_source) {
    checker.Add(capture.place, path, "has none of json, regexp, header, selector");
  }
  if (!is_match && capture.Find("as") == nullptr) {
    checker.Add(capture.place, path, "has no as; as: token makes it {{ token }}");
  }
  if (is_match && capture.Find("value") == nullptr) {
    checker.Add(capture.place, path, "has no value that it must be");
  }
}

void CheckCaptures(const Value& request, std::string_view key, const std::string& path,
                   Checker& checker) {
  const Value* captures = request.Find(key);
  if (captures == nullptr) return;
  const std::string place = fmt::format("{}.{}", path, key);
  const bool is_match = key == "match";
  if (captures->kind != Kind::kList) return CheckCapture(*captures, place, is_match, checker);
  for (size_t i = 0; i < captures->items.size(); ++i) {
    CheckCapture(captures->items[i], fmt::format("{}[{}]", place, i), is_match, checker);
  }
}

void CheckExpect(const Value& request, const std::string& path, Checker& checker) {
  static const std::vector<Key> kKeys = {
      {"statusCode"},
      {"notStatusCode"},
      {"contentType"},
      {"hasProperty"},
      {"notHasProperty"},
      {"equals"},
      {"hasHeader"},
      {"headerEquals"},
      {"matchesRegexp"},
      {"cdnHit"},
      {"jmespath", "capture the value with json and compare it with equals"},
      {"jpath", "capture the value with json and compare it with equals"},
  };
  const Value* expect = request.Find("expect");
  if (expect == nullptr) return;
  std::vector<const Value*> maps = {expect};
  if (expect->kind == Kind::kList) {
    maps.clear();
    for (const Value& item : expect->items) maps.push_back(&item);
  }
  for (const Value* map : maps) {
    if (!checker.Map(*map, path + ".expect", kKeys, "expect")) continue;
    for (const std::string_view key : {"equals", "headerEquals"}) {
      if (const Value* list = map->Find(key)) {
        checker.List(*list, fmt::format("{}.expect.{}", path, key), "[\"a\", \"{{ a }}\"]");
      }
    }
  }
}

void CheckRequest(const Value& request, const std::string& path, Checker& checker) {
  static const std::vector<Key> kKeys = {
      {"url"},
      {"uri"},
      {"name"},
      {"json"},
      {"form"},
      {"formData"},
      {"body"},
      {"headers"},
      {"qs"},
      {"cookie"},
      {"auth"},
      {"capture"},
      {"match"},
      {"expect"},
      {"ifTrue"},
      {"gzip"},
      {"beforeRequest"},
      {"afterResponse"},
      {"followRedirect"},
      {"probability"},
      {"setContentLengthHeader"},
      {"onError", "put it into the scenario"},
      {"timeout", "set config.http.timeout"},
  };
  checker.Map(request, path, kKeys, "a request");
  if (request.kind != Kind::kMap) return;
  const Value* url = request.Find("url") != nullptr ? request.Find("url") : request.Find("uri");
  if (url == nullptr) {
    checker.Add(request.place, path, "has no url; give it one, url: \"/health\"");
  } else {
    checker.Text(*url, path + ".url", "\"/health\"");
  }
  for (const std::string_view key : {"headers", "form", "formData", "cookie"}) {
    const Value* map = request.Find(key);
    if (map != nullptr && map->kind != Kind::kMap) {
      checker.Add(map->place, fmt::format("{}.{}", path, key),
                  fmt::format("{} is not a map of names and values", Shown(*map)));
    }
  }
  if (const Value* auth = request.Find("auth")) {
    checker.Map(*auth, path + ".auth", {{"user"}, {"pass"}}, "auth");
  }
  for (const std::string_view key : {"followRedirect", "gzip"}) {
    if (const Value* value = request.Find(key))
      checker.Bool(*value, fmt::format("{}.{}", path, key));
  }
  CheckCaptures(request, "capture", path, checker);
  CheckCaptures(request, "match", path, checker);
  CheckExpect(request, path, checker);
}

void CheckLoop(const Value& step, const std::string& path, Checker& checker) {
  checker.Map(step, path,
              {{"loop"}, {"count"}, {"over"}, {"whileTrue"}, {"loopValue"}, {"loopElement"}},
              "a loop");
  CheckFlow(*step.Find("loop"), path + ".loop", checker);
  const Value* over = step.Find("over");
  if (over != nullptr && over->kind != Kind::kText && over->kind != Kind::kList) {
    checker.Add(over->place, path + ".over",
                fmt::format("{} is neither a list nor the name of a variable", Shown(*over)));
  }
}

void CheckThink(const Value& step, const std::string& path, Checker& checker) {
  checker.Map(step, path, {{"think"}, {"jitter"}}, "think");
  checker.Text(*step.Find("think"), path + ".think", "2");
}

// Whether the step is one that kload knows by `key`; checked then.
bool CheckKnownStep(const Value& step, const std::string& path, Checker& checker) {
  if (step.Find("loop") != nullptr) {
    CheckLoop(step, path, checker);
  } else if (const Value* parallel = step.Find("parallel")) {
    checker.Map(step, path, {{"parallel"}, {"limit"}}, "parallel");
    CheckFlow(*parallel, path + ".parallel", checker);
  } else if (step.Find("think") != nullptr) {
    CheckThink(step, path, checker);
  } else if (const Value* function = step.Find("function")) {
    checker.Map(step, path, {{"function"}}, "function");
    checker.Text(*function, path + ".function", "\"authenticate\"");
  } else if (step.Find("log") != nullptr) {
    checker.Map(step, path, {{"log"}}, "log");
  } else {
    return false;
  }
  return true;
}

void CheckStep(const Value& step, const std::string& path, Checker& checker) {
  static const std::vector<Key> kKeys = {
      {"get"},
      {"post"},
      {"put"},
      {"patch"},
      {"delete"},
      {"head"},
      {"options"},
      {"loop"},
      {"parallel"},
      {"think"},
      {"function"},
      {"log"},
      {"send", "kload sends HTTP; use requests"},
      {"emit", "kload sends HTTP; use requests"},
      {"connect", "kload sends HTTP; use requests"},
      {"namespace", "kload sends HTTP; use requests"},
  };
  if (step.kind == Kind::kMap && CheckKnownStep(step, path, checker)) return;
  if (!checker.Map(step, path, kKeys, "a step")) return;
  if (step.members.size() != 1) {
    checker.Add(
        step.place, path,
        step.members.empty() ? "is empty" : "has more than one request; begin each step with a -");
    return;
  }
  const Member& only = step.members.front();
  if (IsMethod(only.name)) CheckRequest(only.value, path + "." + only.name, checker);
}

}  // namespace

void CheckFlow(const Value& flow, const std::string& path, Checker& checker) {
  if (!checker.List(flow, path, "[{ get: { url: \"/\" } }]")) return;
  for (size_t i = 0; i < flow.items.size(); ++i) {
    const Value& step = flow.items[i];
    const std::string place = fmt::format("{}[{}]", path, i);
    // A list in the list: steps of an anchor.
    step.kind == Kind::kList ? CheckFlow(step, place, checker) : CheckStep(step, place, checker);
  }
}

}  // namespace kload::artillery
