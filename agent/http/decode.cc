#include "agent/http/decode.h"

#include <brotli/decode.h>
#include <fmt/format.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <vector>

#include "common/base/ascii.h"
#include "common/base/status.h"

namespace kload::agent {
namespace {

enum class Encoding { kIdentity, kGzip, kDeflate, kBrotli, kZstd };

constexpr size_t kStepBytes = 64 * 1024;

std::string_view Trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::optional<Encoding> EncodingOf(std::string_view name) {
  if (name.empty() || EqualsIgnoringCase(name, "identity")) return Encoding::kIdentity;
  if (EqualsIgnoringCase(name, "gzip") || EqualsIgnoringCase(name, "x-gzip"))
    return Encoding::kGzip;
  if (EqualsIgnoringCase(name, "deflate")) return Encoding::kDeflate;
  if (EqualsIgnoringCase(name, "br")) return Encoding::kBrotli;
  if (EqualsIgnoringCase(name, "zstd")) return Encoding::kZstd;
  return std::nullopt;
}

absl::Status Broken(std::string_view what, std::string_view why) {
  return absl::InvalidArgumentError(fmt::format("{}: {}", what, why));
}

// Where decoders write to: grows by steps, up to the limit.
class Output {
 public:
  explicit Output(size_t bytes_max) : bytes_max_(bytes_max) {}

  // Room for at least one more byte, or ResourceExhausted.
  absl::Status Grow() {
    if (used_ < bytes_.size()) return absl::OkStatus();
    if (used_ >= bytes_max_) {
      return absl::ResourceExhaustedError(
          fmt::format("decoded body is larger than {} bytes", bytes_max_));
    }
    bytes_.resize(std::min(bytes_max_, used_ + std::max(kStepBytes, used_)));
    return absl::OkStatus();
  }
  char* end() { return bytes_.data() + used_; }
  size_t room() const { return bytes_.size() - used_; }
  void Wrote(size_t bytes) { used_ += bytes; }
  std::string Take() {
    bytes_.resize(used_);
    return std::move(bytes_);
  }

 private:
  size_t bytes_max_;
  std::string bytes_;
  size_t used_ = 0;
};

// One z_stream, inflating `in` with zlib's `window_bits`; gzip may consist of several members.
absl::Status Inflate(std::string_view in, int window_bits, std::string_view name, Output& out) {
  z_stream stream{};
  if (inflateInit2(&stream, window_bits) != Z_OK) return Broken(name, "out of memory");
  const std::unique_ptr<z_stream, int (*)(z_stream*)> end(&stream, inflateEnd);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));
  stream.avail_in = static_cast<uInt>(in.size());
  while (true) {
    KLOAD_RETURN_IF_ERROR(out.Grow());
    const size_t room = std::min<size_t>(out.room(), 1U << 30);
    stream.next_out = reinterpret_cast<Bytef*>(out.end());
    stream.avail_out = static_cast<uInt>(room);
    const int result = inflate(&stream, Z_NO_FLUSH);
    out.Wrote(room - stream.avail_out);
    if (result == Z_STREAM_END) {
      if (stream.avail_in == 0 || name != "gzip") return absl::OkStatus();
      inflateReset(&stream);
    } else if (result == Z_BUF_ERROR ||
               (result == Z_OK && stream.avail_in == 0 && stream.avail_out > 0)) {
      return Broken(name, "unexpected end of data");
    } else if (result != Z_OK) {
      return Broken(name, stream.msg != nullptr ? stream.msg : "invalid data");
    }
  }
}

absl::Status DecodeDeflate(std::string_view in, size_t bytes_max, Output& out) {
  const absl::Status status = Inflate(in, MAX_WBITS, "deflate", out);
  if (status.ok() || status.code() == absl::StatusCode::kResourceExhausted) return status;
  // Some servers leave out the zlib wrapper that the RFC asks for.
  Output raw(bytes_max);
  const absl::Status raw_status = Inflate(in, -MAX_WBITS, "deflate", raw);
  if (raw_status.code() == absl::StatusCode::kResourceExhausted) return raw_status;
  if (!raw_status.ok()) return status;
  out = std::move(raw);
  return absl::OkStatus();
}

absl::Status DecodeBrotli(std::string_view in, Output& out) {
  const std::unique_ptr<BrotliDecoderState, void (*)(BrotliDecoderState*)> state(
      BrotliDecoderCreateInstance(nullptr, nullptr, nullptr), BrotliDecoderDestroyInstance);
  if (state == nullptr) return Broken("br", "out of memory");
  auto* next_in = reinterpret_cast<const uint8_t*>(in.data());
  size_t left_in = in.size();
  while (true) {
    KLOAD_RETURN_IF_ERROR(out.Grow());
    auto* next_out = reinterpret_cast<uint8_t*>(out.end());
    size_t room = out.room();
    const size_t had = room;
    const BrotliDecoderResult result =
        BrotliDecoderDecompressStream(state.get(), &left_in, &next_in, &room, &next_out, nullptr);
    out.Wrote(had - room);
    if (result == BROTLI_DECODER_RESULT_SUCCESS) return absl::OkStatus();
    if (result == BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT) {
      return Broken("br", "unexpected end of data");
    }
    if (result == BROTLI_DECODER_RESULT_ERROR) return Broken("br", "invalid data");
  }
}

absl::Status DecodeZstd(std::string_view in, Output& out) {
  const std::unique_ptr<ZSTD_DStream, size_t (*)(ZSTD_DStream*)> stream(ZSTD_createDStream(),
                                                                        ZSTD_freeDStream);
  if (stream == nullptr) return Broken("zstd", "out of memory");
  ZSTD_inBuffer source{in.data(), in.size(), 0};
  size_t hint = 1;
  while (true) {
    KLOAD_RETURN_IF_ERROR(out.Grow());
    ZSTD_outBuffer sink{out.end(), out.room(), 0};
    hint = ZSTD_decompressStream(stream.get(), &sink, &source);
    out.Wrote(sink.pos);
    if (ZSTD_isError(hint) != 0) return Broken("zstd", ZSTD_getErrorName(hint));
    if (source.pos < source.size || sink.pos == sink.size) {
      if (hint == 0 && source.pos == source.size) return absl::OkStatus();
      continue;
    }
    return hint == 0 ? absl::OkStatus() : Broken("zstd", "unexpected end of data");
  }
}

absl::Status DecodeOne(Encoding encoding, size_t bytes_max, std::string& body) {
  Output out(bytes_max);
  absl::Status status;
  switch (encoding) {
    case Encoding::kIdentity:
      return absl::OkStatus();
    case Encoding::kGzip:
      status = Inflate(body, MAX_WBITS + 16, "gzip", out);
      break;
    case Encoding::kDeflate:
      status = DecodeDeflate(body, bytes_max, out);
      break;
    case Encoding::kBrotli:
      status = DecodeBrotli(body, out);
      break;
    case Encoding::kZstd:
      status = DecodeZstd(body, out);
      break;
  }
  if (status.ok()) body = out.Take();
  return status;
}

}  // namespace

absl::Status DecodeBody(std::string_view content_encoding, std::string& body, size_t bytes_max) {
  if (body.empty()) return absl::OkStatus();
  std::vector<Encoding> encodings;
  while (!content_encoding.empty()) {
    const size_t comma = std::min(content_encoding.find(','), content_encoding.size());
    const std::optional<Encoding> encoding = EncodingOf(Trim(content_encoding.substr(0, comma)));
    if (!encoding) return absl::OkStatus();
    encodings.push_back(*encoding);
    content_encoding.remove_prefix(std::min(comma + 1, content_encoding.size()));
  }
  constexpr size_t kEncodingsMax = 4;  // each one may multiply the work
  if (encodings.size() > kEncodingsMax) return Broken("content-encoding", "too many layers");
  for (auto encoding = encodings.rbegin(); encoding != encodings.rend(); ++encoding) {
    KLOAD_RETURN_IF_ERROR(DecodeOne(*encoding, bytes_max, body));
  }
  return absl::OkStatus();
}

}  // namespace kload::agent
