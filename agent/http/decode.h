// Content-Encoding: gzip, deflate, br and zstd, taken off a complete body.
//
// Thread: any; pure.
#pragma once

#include <absl/status/status.h>

#include <cstddef>
#include <string>
#include <string_view>

namespace kload::agent {

// A decoded body larger than this is a failure: a few kilobytes of gzip can claim to be gigabytes.
inline constexpr size_t kDecodedBytesMax = 256 * 1024 * 1024;

// Replaces `body` by what `content_encoding` (a header value, "gzip" or "gzip, br") says it
// encodes. An encoding that is not known leaves the body as it is, as k6 does. An empty body stays
// empty.
// Errors: InvalidArgument for broken or truncated data, ResourceExhausted above `bytes_max`; `body`
//         is unspecified then.
absl::Status DecodeBody(std::string_view content_encoding, std::string& body,
                        size_t bytes_max = kDecodedBytesMax);

}  // namespace kload::agent
