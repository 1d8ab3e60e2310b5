#include "agent/http/redirect.h"

#include <gmock/gmock.h>

namespace kload::agent {
namespace {

Chain ChainOf(const http::Request& request) {
  return Chain(request, std::make_shared<const Target>(ParseUrl(request.url).value()));
}

http::Request PostTo(std::string url) {
  http::Request request;
  request.method = "POST";
  request.url = std::move(url);
  request.body = "x";
  request.has_body = true;
  return request;
}

TEST(Redirect, NeedsACodeAndAPlace) {
  for (const int status : {301, 302, 303, 307, 308}) EXPECT_TRUE(IsRedirect(status, "/a"));
  for (const int status : {200, 300, 304, 305, 306, 404}) EXPECT_FALSE(IsRedirect(status, "/a"));
  EXPECT_FALSE(IsRedirect(302, ""));
}

TEST(Redirect, BecomesAGetOrStaysTheSame) {
  const http::Request request = PostTo("http://a/x");
  for (const int status : {301, 302, 303}) {
    Chain chain = ChainOf(request);
    EXPECT_FALSE(Follow(status, "/y", chain));
    EXPECT_EQ(chain.request.method, "GET");
    EXPECT_EQ(chain.request.body, nullptr);
    EXPECT_TRUE(chain.request.drop_content_headers);
    EXPECT_EQ(chain.target->path, "/y");
  }
  for (const int status : {307, 308}) {
    Chain chain = ChainOf(request);
    EXPECT_FALSE(Follow(status, "/y", chain));
    EXPECT_EQ(chain.request.method, "POST");
    EXPECT_EQ(chain.request.body, &request.body);
    EXPECT_FALSE(chain.request.drop_content_headers);
  }
}

TEST(Redirect, HeadStaysHead) {
  http::Request request;
  request.method = "HEAD";
  request.url = "http://a/x";
  Chain chain = ChainOf(request);
  EXPECT_FALSE(Follow(303, "/y", chain));
  EXPECT_EQ(chain.request.method, "HEAD");
}

TEST(Redirect, CredentialsStayWithTheFirstHost) {
  const http::Request request = PostTo("http://example.com/x");
  Chain chain = ChainOf(request);
  EXPECT_FALSE(Follow(307, "https://api.example.com:8443/", chain));
  EXPECT_FALSE(chain.request.drop_credentials);
  EXPECT_FALSE(Follow(307, "http://other.org/", chain));
  EXPECT_TRUE(chain.request.drop_credentials);
  EXPECT_FALSE(Follow(307, "http://example.com/", chain));
  EXPECT_TRUE(chain.request.drop_credentials);  // once dropped, always
}

TEST(Redirect, HostHeaderOutlivesRelativeLocationsOnly) {
  const http::Request request = PostTo("http://a/x");
  Chain chain = ChainOf(request);
  EXPECT_FALSE(Follow(307, "/y", chain));
  EXPECT_TRUE(chain.request.keep_host_header);
  EXPECT_FALSE(Follow(307, "http://a/z", chain));
  EXPECT_FALSE(chain.request.keep_host_header);
}

TEST(Redirect, RefererHasNoCredentialsAndDoesNotLeaveTls) {
  const http::Request request = PostTo("https://u:p@a/x?y");
  Chain chain = ChainOf(request);
  EXPECT_FALSE(Follow(302, "/z", chain));
  EXPECT_EQ(chain.request.referer, "https://a/x?y");
  EXPECT_EQ(chain.target->authorization, "Basic dTpw");  // a relative location keeps them
  EXPECT_FALSE(Follow(302, "http://a/w", chain));
  EXPECT_EQ(chain.request.referer, "");
}

TEST(Redirect, ALocationThatIsNoUrlIsAFailure) {
  const http::Request request = PostTo("http://a/x");
  Chain chain = ChainOf(request);
  const std::optional<Failure> failure = Follow(302, "http://b:x/", chain);
  ASSERT_TRUE(failure.has_value());
  EXPECT_EQ(failure->code, FailureCode::kUnclassified);
  EXPECT_EQ(failure->text, "failed to parse Location header \"http://b:x/\"");
}

}  // namespace
}  // namespace kload::agent
