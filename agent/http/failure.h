// Why a request failed, in k6's words: its number (the error_code tag) and its short text.
//
// Thread: plain values.
#pragma once

#include <boost/system/error_code.hpp>
#include <string>

namespace kload::agent {

// k6's numbers, as far as HTTP/1.1 over TCP can meet them.
enum class FailureCode {
  kUnclassified = 1000,
  kInvalidUrl = 1020,
  kRequestTimeout = 1050,
  kDns = 1100,
  kNoSuchHost = 1101,
  kBlacklistedIp = 1110,
  kBlockedHostname = 1111,
  kBrokenPipe = 1201,
  kUnknownErrno = 1202,
  kDialTimeout = 1211,
  kDialRefused = 1212,
  kDialUnknownErrno = 1213,
  kReset = 1220,
  kTls = 1300,
  kNotTls = 1301,
  kUnknownAuthority = 1310,
  kHostMismatch = 1311,
  kDecompression = 1701,
};

struct Failure {
  FailureCode code = FailureCode::kUnclassified;
  std::string text;
};

// Whether it is this machine that lacks something: files, ports, memory.
bool IsOwnLack(const boost::system::error_code& error);
// Of a name look-up, a TCP connect, a read and a write.
Failure LookupFailure(const boost::system::error_code& error);
Failure DialFailure(const boost::system::error_code& error);
Failure ReadFailure(const boost::system::error_code& error);
Failure WriteFailure(const boost::system::error_code& error);

}  // namespace kload::agent
