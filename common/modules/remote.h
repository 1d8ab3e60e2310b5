// Modules from the network, by k6's rules.
//
// Thread: the caller's, which waits.
#pragma once

#include <absl/status/statusor.h>

#include <string>

namespace kload::modules {

// The body of an https URL: asked for with `_k6=1` in its query first, then without, 60 s each, redirects followed to
// other https URLs. Trusts the system's certificates, or those in SSL_CERT_FILE and SSL_CERT_DIR; proxies come from the
// environment, as curl reads it.
// Bound:  16 MiB.
// Errors: NotFound, naming the URL and what to do: no network, bad certificate, a status that is not 200.
absl::StatusOr<std::string> FetchModule(const std::string& url);

}  // namespace kload::modules
