#include "agent/http/decode.h"

#include <gmock/gmock.h>
#include <zlib.h>
#include <zstd.h>

namespace kload::agent {
namespace {

using ::testing::HasSubstr;

// zlib's window bits choose the wrapper: +16 gzip, plain zlib, negative none.
std::string Deflate(const std::string& text, int window_bits) {
  z_stream stream{};
  deflateInit2(&stream, 6, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string Gzip(const std::string& text) { return Deflate(text, MAX_WBITS + 16); }

std::string Zstd(const std::string& text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3));
  return out;
}

// An uncompressed brotli stream: window bits, one stored block, the empty last block.
const std::string kBrotliHello("\x0b\x02\x80hello\x03", 9);

std::string Decoded(std::string_view encoding, std::string body) {
  const absl::Status status = DecodeBody(encoding, body);
  return status.ok() ? body : "error: " + std::string(status.message());
}

std::string LongText() {
  std::string text;
  for (int i = 0; i < 50'000; ++i) text += std::to_string(i * 7919 % 100'003);
  return text;
}

TEST(Decode, TakesEveryEncodingOff) {
  for (const std::string& text : {std::string("hello"), LongText()}) {
    EXPECT_EQ(Decoded("gzip", Gzip(text)), text);
    EXPECT_EQ(Decoded("X-GZIP", Gzip(text)), text);
    EXPECT_EQ(Decoded("deflate", Deflate(text, MAX_WBITS)), text);
    EXPECT_EQ(Decoded("deflate", Deflate(text, -MAX_WBITS)), text);
    EXPECT_EQ(Decoded("zstd", Zstd(text)), text);
  }
  EXPECT_EQ(Decoded("br", kBrotliHello), "hello");
}

TEST(Decode, TakesLayersOffInReverse) {
  EXPECT_EQ(Decoded("gzip, zstd", Zstd(Gzip("hello"))), "hello");
  EXPECT_EQ(Decoded("identity , gzip", Gzip("hello")), "hello");
}

TEST(Decode, JoinsGzipMembers) { EXPECT_EQ(Decoded("gzip", Gzip("hel") + Gzip("lo")), "hello"); }

TEST(Decode, LeavesWhatItDoesNotKnow) {
  EXPECT_EQ(Decoded("", "hello"), "hello");
  EXPECT_EQ(Decoded("rot13", "hello"), "hello");
  EXPECT_EQ(Decoded("gzip, rot13", "hello"), "hello");
  EXPECT_EQ(Decoded("gzip", ""), "");
}

TEST(Decode, RefusesBrokenAndTruncatedData) {
  for (const std::string_view encoding : {"gzip", "deflate", "br", "zstd"}) {
    EXPECT_THAT(Decoded(encoding, "no such data"), HasSubstr("error: ")) << encoding;
  }
  const auto cut = [](std::string bytes) { return bytes.substr(0, bytes.size() - 3); };
  EXPECT_THAT(Decoded("gzip", cut(Gzip(LongText()))), HasSubstr("error: "));
  EXPECT_THAT(Decoded("deflate", cut(Deflate(LongText(), MAX_WBITS))), HasSubstr("error: "));
  EXPECT_THAT(Decoded("br", cut(kBrotliHello)), HasSubstr("error: "));
  EXPECT_THAT(Decoded("zstd", cut(Zstd(LongText()))), HasSubstr("error: "));
  EXPECT_THAT(Decoded("gzip,gzip,gzip,gzip,gzip", "x"), HasSubstr("too many layers"));
}

TEST(Decode, BoundsTheResult) {
  const std::string zeros(1 << 20, '\0');
  for (auto [encoding, body] : {std::pair<std::string, std::string>{"gzip", Gzip(zeros)},
                                {"deflate", Deflate(zeros, -MAX_WBITS)},
                                {"zstd", Zstd(zeros)}}) {
    std::string copy = body;
    EXPECT_EQ(DecodeBody(encoding, copy, zeros.size() - 1).code(),
              absl::StatusCode::kResourceExhausted)
        << encoding;
    EXPECT_TRUE(DecodeBody(encoding, body, zeros.size() + 1).ok()) << encoding;
  }
}

}  // namespace
}  // namespace kload::agent
