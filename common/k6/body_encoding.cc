#include "common/k6/body_encoding.h"

#include <brotli/encode.h>
#include <fmt/format.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "common/base/status.h"

namespace kload::k6 {
namespace {

constexpr std::array<std::string_view, 4> kKnown = {"gzip", "deflate", "br", "zstd"};
constexpr int kGzipWindow = MAX_WBITS + 16;  // zlib's way to ask for gzip

absl::Status Failed(std::string_view library) {
  return absl::InternalError(fmt::format("{} could not compress the body", library));
}

absl::StatusOr<std::string> Zlib(const std::string& body, int window_bits) {
  z_stream stream{};
  if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, window_bits, 8,
                   Z_DEFAULT_STRATEGY) != Z_OK) {
    return Failed("zlib");
  }
  std::string out(deflateBound(&stream, body.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(body.data()));
  stream.avail_in = static_cast<uInt>(body.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int result = deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  if (result != Z_STREAM_END) return Failed("zlib");
  return out;
}

absl::StatusOr<std::string> Brotli(const std::string& body) {
  size_t size = std::max<size_t>(BrotliEncoderMaxCompressedSize(body.size()), 16);
  std::string out(size, '\0');
  if (BrotliEncoderCompress(BROTLI_DEFAULT_QUALITY, BROTLI_DEFAULT_WINDOW, BROTLI_DEFAULT_MODE,
                            body.size(), reinterpret_cast<const uint8_t*>(body.data()), &size,
                            reinterpret_cast<uint8_t*>(out.data())) != BROTLI_TRUE) {
    return Failed("brotli");
  }
  out.resize(size);
  return out;
}

absl::StatusOr<std::string> Zstd(const std::string& body) {
  std::string out(ZSTD_compressBound(body.size()), '\0');
  const size_t size =
      ZSTD_compress(out.data(), out.size(), body.data(), body.size(), ZSTD_CLEVEL_DEFAULT);
  if (ZSTD_isError(size) != 0) return Failed("zstd");
  out.resize(size);
  return out;
}

absl::StatusOr<std::string> Encode(std::string_view encoding, const std::string& body) {
  if (encoding == "gzip") return Zlib(body, kGzipWindow);
  if (encoding == "deflate") return Zlib(body, MAX_WBITS);
  return encoding == "br" ? Brotli(body) : Zstd(body);
}

}  // namespace

absl::StatusOr<std::vector<std::string>> ParseEncodings(std::string_view text) {
  std::vector<std::string> encodings;
  while (!text.empty()) {
    const size_t comma = std::min(text.find(','), text.size());
    std::string_view name = text.substr(0, comma);
    text.remove_prefix(std::min(comma + 1, text.size()));
    name.remove_prefix(std::min(name.find_first_not_of(" \t"), name.size()));
    name = name.substr(0, name.find_last_not_of(" \t") + 1);
    if (name.empty()) continue;
    if (std::find(kKnown.begin(), kKnown.end(), name) == kKnown.end()) {
      return absl::InvalidArgumentError(
          fmt::format("'{}' is none of gzip, deflate, br, zstd", name));
    }
    encodings.emplace_back(name);
  }
  return encodings;
}

absl::StatusOr<std::string> EncodeBody(const std::vector<std::string>& encodings,
                                       std::string body) {
  for (const std::string& encoding : encodings) {
    KLOAD_ASSIGN_OR_RETURN(body, Encode(encoding, body));
  }
  return body;
}

}  // namespace kload::k6
