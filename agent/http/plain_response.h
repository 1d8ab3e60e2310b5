// The responses that nearly all servers send, taken apart in one pass: whole in one read, HTTP/1.1, plain fields, a body of the
// announced length. It takes a third of the instructions that Beast takes for them.
//
// Whatever is unusual or wrong is left to Beast, which so decides alone what is malformed: what this accepts, it accepts with the
// same result (tested against it with mutated responses).
// Thread: that of `known`.
#pragma once

#include <optional>
#include <string_view>

#include "agent/http/response_parser.h"

namespace kload::agent {

// Reads the response that `bytes` begin with into `response`, which must be empty but for the memory that its texts hold.
// `head_request`, `store_body`: as of ResponseParser. Returns the bytes that it took; nothing, and `response` empty again, when
// Beast is to read it. `known`: as of ResponseParser, which changes nothing but the time that it takes.
std::optional<size_t> ParsePlainResponse(std::string_view bytes, bool head_request, bool store_body,
                                         ParsedResponse& response, KnownHeads* known = nullptr);

}  // namespace kload::agent
