// Bodies that http.file() and params.compression make, and params.auth.
#include <zlib.h>

#include "common/k6/body_encoding.h"
#include "common/k6/multipart.h"
#include "tests/unit/common/k6/fake_host.h"

namespace kload::k6 {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

using HttpBodyTest = ScriptTest;

TEST(MultipartTest, PartsInOrder) {
  EXPECT_EQ(BuildMultipart(
                {{"a \"b\"", "1", {}}, {"f", "", FormFile{"data", "n.txt", "text/plain"}}}, "XX"),
            "--XX\r\nContent-Disposition: form-data; name=\"a \\\"b\\\"\"\r\n\r\n1\r\n"
            "--XX\r\nContent-Disposition: form-data; name=\"f\"; filename=\"n.txt\"\r\n"
            "Content-Type: text/plain\r\n\r\ndata\r\n--XX--\r\n");
  EXPECT_EQ(
      BuildMultipart({{"f\r\nX: y", "", FormFile{"", "a\nb", "t\r\nEvil: 1"}}}, "X").find("\nX: y"),
      std::string::npos);
}

TEST_F(HttpBodyTest, FilesMakeAFormMultipart) {
  EXPECT_THAT(Printed(R"(
    const f = http.file(new Uint8Array([104, 105]).buffer, 'hi.txt', 'text/plain');
    console.log(f.filename, f.content_type, f.data.byteLength);
    http.post('http://h/', { field: 'v', upload: f });
    http.post('http://h/', { many: [http.file('a'), 'b'] }, { headers: { 'Content-Type': 'own' } });
  )"),
              ElementsAre("hi.txt text/plain 2"));
  const http::Request& request = host_.sent[0].request;
  ASSERT_EQ(request.headers.size(), 1U);
  const std::string& type = request.headers[0].second;
  ASSERT_THAT(type, ::testing::StartsWith("multipart/form-data; boundary="));
  const std::string boundary = type.substr(type.find('=') + 1);
  EXPECT_EQ(request.body, BuildMultipart({{"field", "v", {}},
                                          {"upload", "", FormFile{"hi", "hi.txt", "text/plain"}}},
                                         boundary));
  EXPECT_EQ(host_.sent[1].request.headers[0].second, "own");
  EXPECT_THAT(host_.sent[1].request.body, HasSubstr("application/octet-stream"));
}

TEST(BodyEncodingTest, ReadsListsOfEncodings) {
  EXPECT_THAT(*ParseEncodings(" gzip , br,zstd"), ElementsAre("gzip", "br", "zstd"));
  EXPECT_TRUE(ParseEncodings("")->empty());
  EXPECT_THAT(Message(ParseEncodings("gzip, lzma").status()), HasSubstr("'lzma' is none of"));
}

TEST(BodyEncodingTest, DeflateIsTheZlibFormat) {
  const std::string body(10'000, 'x');
  const auto encoded = EncodeBody({"deflate"}, body);
  ASSERT_TRUE(encoded.ok());
  std::string back(body.size(), '\0');
  uLongf size = back.size();
  ASSERT_EQ(uncompress(reinterpret_cast<Bytef*>(back.data()), &size,
                       reinterpret_cast<const Bytef*>(encoded->data()), encoded->size()),
            Z_OK);
  EXPECT_EQ(back, body);
  EXPECT_LT(encoded->size(), 200U);
  for (const char* each : {"gzip", "br", "zstd"}) {
    EXPECT_LT(EncodeBody({each}, body)->size(), 200U) << each;
    EXPECT_TRUE(EncodeBody({each}, "").ok()) << each;
  }
}

TEST_F(HttpBodyTest, CompressionEncodesTheBody) {
  Printed(
      "http.post('http://h/', 'x'.repeat(1000), { compression: 'gzip, br' });"
      "http.post('http://h/', null, { compression: 'gzip' });");
  EXPECT_LT(host_.sent[0].request.body.size(), 200U);
  EXPECT_THAT(host_.sent[0].request.headers,
              ElementsAre(std::pair("Content-Encoding", "gzip, br")));
  EXPECT_TRUE(host_.sent[1].request.headers.empty());
  settings_.throw_on_error = true;
  EXPECT_THAT(Thrown("http.post('http://h/', 'x', { compression: 'lzma' })"),
              HasSubstr("params.compression: 'lzma' is none of"));
}

TEST_F(HttpBodyTest, Auth) {
  Printed(
      "http.get('http://u:p@h/', { auth: 'digest' }); http.get('http://u:p@h/', { auth: 'basic' "
      "});");
  EXPECT_TRUE(host_.sent[0].request.digest_auth);
  EXPECT_FALSE(host_.sent[1].request.digest_auth);
  EXPECT_THAT(Thrown("http.get('http://h/', { auth: 'ntlm' })"),
              HasSubstr("'ntlm' is not available in kload"));
}

}  // namespace
}  // namespace kload::k6
