#include "agent/http/failure.h"

#include <boost/asio/error.hpp>
#include <cctype>
#include <string_view>

namespace kload::agent {
namespace {

using boost::system::error_code;
namespace asio_error = boost::asio::error;

// The system's words as k6 prints them: "Connection refused" -> "connection refused".
std::string Words(const error_code& error) {
  std::string words = error.message();
  if (!words.empty()) words[0] = static_cast<char>(std::tolower(words[0]));
  return words;
}

Failure StreamFailure(std::string_view operation, const error_code& error) {
  FailureCode code = FailureCode::kUnknownErrno;
  if (error == asio_error::connection_reset) code = FailureCode::kReset;
  if (error == asio_error::broken_pipe) code = FailureCode::kBrokenPipe;
  return {code, std::string(operation) + ": " + Words(error)};
}

}  // namespace

Failure LookupFailure(const error_code& error) {
  if (error == asio_error::host_not_found || error == asio_error::no_data ||
      error == asio_error::service_not_found) {
    return {FailureCode::kNoSuchHost, "lookup: no such host"};
  }
  return {FailureCode::kDns, "lookup: " + Words(error)};
}

bool IsOwnLack(const error_code& error) {
  using boost::system::errc::errc_t;
  for (const errc_t lack :
       {errc_t::too_many_files_open, errc_t::too_many_files_open_in_system,
        errc_t::address_not_available, errc_t::no_buffer_space, errc_t::not_enough_memory}) {
    if (error == lack) return true;
  }
  return false;
}

Failure DialFailure(const error_code& error) {
  if (error == asio_error::connection_refused) {
    return {FailureCode::kDialRefused, "dial: connection refused"};
  }
  if (error == asio_error::timed_out) return {FailureCode::kDialTimeout, "dial: i/o timeout"};
  return {FailureCode::kDialUnknownErrno, "dial: " + Words(error)};
}

Failure ReadFailure(const error_code& error) { return StreamFailure("read", error); }
Failure WriteFailure(const error_code& error) { return StreamFailure("write", error); }

}  // namespace kload::agent
