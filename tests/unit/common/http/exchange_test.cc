#include "common/http/exchange.h"

#include <gtest/gtest.h>

#include <string>

namespace kload::http {
namespace {

// Something in every field, all texts longer than what a string holds in itself.
void Fill(Exchange& exchange) {
  const std::string text(100, 'x');
  Request& request = exchange.request;
  request.method = "POST";
  request.url = request.body = text;
  request.headers = {{text, text}};
  request.has_body = request.digest_auth = true;
  request.timeout = Nanos(1);
  request.max_redirects = 1;
  request.response_type = ResponseType::kNone;
  request.rule = std::make_shared<ResponseRule>();
  request.cookies = {{text, text, true}};
  Response& response = exchange.response;
  response.status = response.error_code = 7;
  response.status_text = response.proto = response.url = response.body = response.remote_ip = text;
  response.tls_version = response.tls_cipher_suite = response.error = response.sent_cookies = text;
  response.remote_port = 7;
  response.headers.Add(text, text);
  response.timings.waiting = Nanos(1);
  response.hops.emplace_back().url = text;
}

void ExpectNew(const Exchange& exchange) {
  const Exchange fresh;
  const Request& request = exchange.request;
  EXPECT_EQ(request.method, "GET");
  EXPECT_EQ(request.url + request.body, "");
  EXPECT_TRUE(request.headers.empty() && request.cookies.empty());
  EXPECT_FALSE(request.has_body || request.digest_auth);
  EXPECT_EQ(request.timeout, fresh.request.timeout);
  EXPECT_EQ(request.max_redirects, fresh.request.max_redirects);
  EXPECT_EQ(request.response_type, ResponseType::kText);
  EXPECT_EQ(request.rule, nullptr);
  EXPECT_EQ(request.jar, nullptr);
  const Response& response = exchange.response;
  EXPECT_EQ(response.status + response.error_code + response.remote_port, 0);
  EXPECT_EQ(response.status_text + response.proto + response.url + response.body, "");
  EXPECT_EQ(response.remote_ip + response.tls_version + response.tls_cipher_suite, "");
  EXPECT_EQ(response.error + response.sent_cookies, "");
  EXPECT_TRUE(response.headers.empty() && response.hops.empty());
  EXPECT_EQ(response.timings.duration(), Nanos::zero());
}

TEST(Exchange, OneThatWasUsedIsAsMadeAnew) {
  Exchange* used = nullptr;
  {
    const ExchangePtr exchange = NewExchange();
    used = exchange.get();
    Fill(*exchange);
  }
  const ExchangePtr again = NewExchange();
  EXPECT_EQ(again.get(), used);
  ExpectNew(*again);
  EXPECT_GE(again->response.url.capacity(), 100U);  // the memory was kept
}

TEST(Exchange, HopsServeTheNextOneWhileTheResponseLives) {
  const ExchangePtr first = NewExchange();
  Fill(*first);
  const Hop* const place = first->response.hops.data();
  ReleaseHops(first->response);
  EXPECT_TRUE(first->response.hops.empty());
  EXPECT_EQ(first->response.status, 7);  // all else stays
  const ExchangePtr second = NewExchange();
  ExpectNew(*second);
  second->response.hops.emplace_back();
  EXPECT_EQ(second->response.hops.data(), place);
}

TEST(Exchange, ALongChainsMemoryIsNotKept) {
  Response response;
  response.hops.resize(Exchange::kKeptBytesMax / sizeof(Hop) + 1);
  ReleaseHops(response);
  EXPECT_TRUE(response.hops.empty());
  EXPECT_LE(NewExchange()->response.hops.capacity() * sizeof(Hop), Exchange::kKeptBytesMax);
}

TEST(Exchange, LargeTextsAreNotKept) {
  { NewExchange()->response.body.assign(Exchange::kKeptBytesMax + 1, 'x'); }
  EXPECT_LT(NewExchange()->response.body.capacity(), Exchange::kKeptBytesMax);
}

TEST(Exchange, NotMoreAreKeptThanTheBound) {
  std::vector<ExchangePtr> all;
  for (size_t i = 0; i < 2 * Exchange::kKeptMax; ++i) all.push_back(NewExchange());
  for (const ExchangePtr& each : all) ExpectNew(*each);
  all.clear();
  for (size_t i = 0; i < 2 * Exchange::kKeptMax; ++i) all.push_back(NewExchange());
  for (const ExchangePtr& each : all) ExpectNew(*each);
}

}  // namespace
}  // namespace kload::http
