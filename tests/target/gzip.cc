#include "tests/target/gzip.h"

#include <zlib.h>

#include "common/base/check.h"

namespace kload::target {

std::string Gzip(const std::string& body) {
  constexpr int kGzipFormat = 15 + 16;  // largest window, gzip header instead of zlib's
  constexpr int kMemoryLevel = 8;
  z_stream stream{};
  KLOAD_CHECK(
      deflateInit2(&stream, 1, Z_DEFLATED, kGzipFormat, kMemoryLevel, Z_DEFAULT_STRATEGY) == Z_OK,
      "zlib does not start");
  std::string out(deflateBound(&stream, body.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(body.data()));
  stream.avail_in = static_cast<uInt>(body.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  KLOAD_CHECK(deflate(&stream, Z_FINISH) == Z_STREAM_END, "deflateBound was too small");
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

}  // namespace kload::target
