// References in pages: taken apart and resolved against the page's address.
//
// Source: RFC 3986, section 5. Lenient: nothing is refused and nothing re-encoded, since what is wrong in an address is
//         for the request to say.
#pragma once

#include <string>
#include <string_view>

namespace kload::html {

struct UrlParts {
  std::string scheme;  // lower case, without ':'
  bool has_authority = false;
  std::string authority;  // user:password@host:port
  std::string path;
  bool has_query = false;
  std::string query;  // without '?'
  bool has_fragment = false;
  std::string fragment;  // without '#'

  std::string username() const;
  std::string password() const;
  std::string host() const;  // lower case, with its port
  std::string hostname() const;
  std::string port() const;  // empty when it is not there
};

UrlParts SplitUrl(std::string_view url);
std::string JoinUrl(const UrlParts& parts);

// What `reference` (blanks around it are dropped) means in a page at `base`. Without a base: the reference.
std::string ResolveUrl(std::string_view base, std::string_view reference);

}  // namespace kload::html
