// Which tags a sample gets, after k6: user tags, system tags, and what of them makes a series.
//
// Data path: Scope + call tags + Hop -> tags of the series (Recorder).
// Thread:    a plain value.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/http/message.h"
#include "common/metric/delta.h"

namespace kload::agent {

// The reserved tag of series that stand for all those beyond the bound.
inline constexpr std::string_view kOverflowTag = "kload_overflow";

// Sets a tag, keeping the order by name.
void SetTag(Tags& tags, std::string_view name, std::string_view value);
void EraseTag(Tags& tags, std::string_view name);

// k6's default rule: 200 to 399 is what the script expects; no response (0) is not.
constexpr bool IsExpected(int status) { return status >= 200 && status <= 399; }
// What the hop's rule says of it, the default rule applied: kMet, kFailed or kNotJudged.
constexpr http::Expectation ExpectationOf(const http::Hop& hop) {
  if (hop.expectation != http::Expectation::kByDefaultRule) return hop.expectation;
  return IsExpected(hop.status) ? http::Expectation::kMet : http::Expectation::kFailed;
}

class TagRules {
 public:
  enum class Use {
    kSeries,  // without url, vu and iter unless they are listed: one url each would make one series
              // each
    kSample,  // everything that is enabled, for the raw sample log
  };

  TagRules(const std::vector<std::string>& system_tags,
           const std::vector<std::string>& series_tags);

  // The scope's tags with the call's over them.
  Tags Merge(const Tags& scope, const Tags& call, Use use) const;
  // Those of a check with this name.
  Tags ForCheck(const Tags& scope, const Tags& call, std::string_view check, Use use) const;
  // Those of a request. System tags replace user tags of the same name, except `name`, and `url`
  // when the call gives one.
  Tags ForHop(const Tags& scope, const Tags& call, const http::Hop& hop, Use use) const;
  // Those of a request that got no outcome: what is known before it ends.
  Tags ForInterruptedHop(const Tags& scope, const Tags& call, const http::Hop& hop, Use use) const;

  // Whether the hop's url can make a difference for its series' tags when the user has or has not
  // given a name.
  bool UrlMatters(bool user_has_name) const { return (name_ && !user_has_name) || url_on_series_; }

 private:
  bool Keeps(std::string_view name, Use use) const;
  void SetRequestTags(Tags& tags, const Tags& call, const http::Hop& hop, Use use) const;

  // System tags that are enabled.
  bool proto_ = false, status_ = false, method_ = false, url_ = false, name_ = false,
       group_ = false, check_ = false, error_ = false, error_code_ = false, tls_version_ = false,
       scenario_ = false, expected_response_ = false, ip_ = false, ocsp_status_ = false,
       vu_ = false, iter_ = false;
  // Those of high cardinality that are on series all the same.
  bool url_on_series_ = false, vu_on_series_ = false, iter_on_series_ = false;
};

}  // namespace kload::agent
