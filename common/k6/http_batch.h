// http.batch() and http.asyncRequest(): requests that do not wait for one another.
//
// Thread: that of the engine.
#pragma once

#include "common/js/function.h"

namespace kload::k6 {

// http.batch(requests): an array or object of requests -> the responses, under the same keys. At most `batch` at a time,
// `batchPerHost` of them to one host.
js::Value Batch(const js::Call& call);
// http.asyncRequest(method, url, body, params): a promise of the response.
js::Value AsyncRequest(const js::Call& call);

}  // namespace kload::k6
