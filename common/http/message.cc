#include "common/http/message.h"

namespace kload::http {

void Request::Clear() {
  method = "GET";
  url.clear();
  headers.clear();
  body.clear();
  has_body = false;
  timeout = kDefaultTimeout;
  max_redirects = kDefaultRedirects;
  response_type = ResponseType::kText;
  rule.reset();
  digest_auth = false;
  cookies.clear();
  jar.reset();
}

void Response::Clear() {
  status = 0;
  status_text.clear();
  proto.clear();
  url.clear();
  headers.Clear();
  body.clear();
  remote_ip.clear();
  remote_port = 0;
  tls_version.clear();
  tls_cipher_suite.clear();
  error.clear();
  error_code = 0;
  timings = {};
  sent_cookies.clear();
  hops.clear();
}

}  // namespace kload::http
