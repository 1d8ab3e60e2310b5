#include "agent/record/tag_rules.h"

#include <algorithm>
#include <charconv>
#include <iterator>

namespace kload::agent {
namespace {

auto Place(Tags& tags, std::string_view name) {
  return std::lower_bound(tags.begin(), tags.end(), name,
                          [](const auto& tag, std::string_view n) { return tag.first < n; });
}

}  // namespace

void SetTag(Tags& tags, std::string_view name, std::string_view value) {
  const auto place = Place(tags, name);
  if (place != tags.end() && place->first == name) {
    place->second = value;
  } else {
    tags.emplace(place, name, value);
  }
}

void EraseTag(Tags& tags, std::string_view name) {
  const auto place = Place(tags, name);
  if (place != tags.end() && place->first == name) tags.erase(place);
}

TagRules::TagRules(const std::vector<std::string>& system_tags,
                   const std::vector<std::string>& series_tags) {
  const auto enabled = [&](std::string_view name) {
    return std::find(system_tags.begin(), system_tags.end(), name) != system_tags.end();
  };
  const auto on_series = [&](std::string_view name) {
    return std::find(series_tags.begin(), series_tags.end(), name) != series_tags.end();
  };
  proto_ = enabled("proto");
  status_ = enabled("status");
  method_ = enabled("method");
  url_ = enabled("url");
  name_ = enabled("name");
  group_ = enabled("group");
  check_ = enabled("check");
  error_ = enabled("error");
  error_code_ = enabled("error_code");
  tls_version_ = enabled("tls_version");
  scenario_ = enabled("scenario");
  expected_response_ = enabled("expected_response");
  ip_ = enabled("ip");
  ocsp_status_ = enabled("ocsp_status");
  vu_ = enabled("vu");
  iter_ = enabled("iter");
  url_on_series_ = url_ && on_series("url");
  vu_on_series_ = vu_ && on_series("vu");
  iter_on_series_ = iter_ && on_series("iter");
}

// A user's tag is always kept. Scopes carry these system tags, though, and nothing tells them from
// a user's.
bool TagRules::Keeps(std::string_view name, Use use) const {
  const bool series = use == Use::kSeries;
  if (name == "scenario") return scenario_;
  if (name == "group") return group_;
  if (name == "url") return series ? url_on_series_ : url_;
  if (name == "vu") return series ? vu_on_series_ : vu_;
  if (name == "iter") return series ? iter_on_series_ : iter_;
  return true;
}

Tags TagRules::Merge(const Tags& scope, const Tags& call, Use use) const {
  Tags merged;
  merged.reserve(scope.size() + call.size() + 10);
  auto low = scope.begin();
  auto high = call.begin();
  while (low != scope.end() || high != call.end()) {
    const bool from_scope = high == call.end() || (low != scope.end() && low->first < high->first);
    if (!from_scope && low != scope.end() && low->first == high->first) ++low;
    const auto& tag = from_scope ? *low++ : *high++;
    if (Keeps(tag.first, use)) merged.push_back(tag);
  }
  return merged;
}

Tags TagRules::ForCheck(const Tags& scope, const Tags& call, std::string_view check,
                        Use use) const {
  Tags tags = Merge(scope, call, use);
  if (check_) SetTag(tags, "check", check);
  return tags;
}

void TagRules::SetRequestTags(Tags& tags, const Tags& call, const http::Hop& hop, Use use) const {
  if (method_) SetTag(tags, "method", hop.method);
  if (name_ && FindTag(tags, "name") == nullptr) SetTag(tags, "name", hop.url);
  const bool keep_url = use == Use::kSeries ? url_on_series_ : url_;
  if (keep_url && FindTag(call, "url") == nullptr) SetTag(tags, "url", hop.url);
}

Tags TagRules::ForHop(const Tags& scope, const Tags& call, const http::Hop& hop, Use use) const {
  Tags tags = Merge(scope, call, use);
  // A system tag that does not apply to this hop is absent, whatever a user set under its name.
  const auto set = [&](bool enabled, std::string_view name, std::string_view value) {
    if (!enabled) return;
    value.empty() ? EraseTag(tags, name) : SetTag(tags, name, value);
  };
  char number[16];
  const auto text = [&](int value) {
    return std::string_view(
        number, static_cast<size_t>(std::to_chars(number, std::end(number), value).ptr - number));
  };
  SetRequestTags(tags, call, hop, use);
  set(proto_, "proto", hop.proto);
  set(status_, "status", text(hop.status));
  set(error_, "error", hop.error);
  set(error_code_, "error_code", hop.error_code == 0 ? "" : text(hop.error_code));
  set(tls_version_, "tls_version", hop.tls_version);
  set(ocsp_status_, "ocsp_status", hop.tls_version.empty() ? "" : "unknown");
  set(ip_, "ip", hop.remote_ip);
  const http::Expectation expectation = ExpectationOf(hop);
  const bool judged = expectation != http::Expectation::kNotJudged;
  const char* const met = expectation == http::Expectation::kMet ? "true" : "false";
  set(expected_response_, "expected_response", judged ? met : "");
  return tags;
}

Tags TagRules::ForInterruptedHop(const Tags& scope, const Tags& call, const http::Hop& hop,
                                 Use use) const {
  Tags tags = Merge(scope, call, use);
  SetRequestTags(tags, call, hop, use);
  return tags;
}

}  // namespace kload::agent
