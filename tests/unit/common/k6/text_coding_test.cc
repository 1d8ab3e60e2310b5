#include "tests/unit/common/k6/fake_host.h"

namespace kload::k6 {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr char kBytes[] = "const b = (...n) => new Uint8Array(n);";

TEST_F(ScriptTest, TextEncoderWritesUtf8) {
  EXPECT_THAT(Printed("const e = new TextEncoder(); console.log(e.encoding, e.encode('aü€😀'),"
                      " e.encode(), e.encode('x') instanceof Uint8Array);"),
              ElementsAre("utf-8 [ 97, 195, 188, 226, 130, 172, 240, 159, 152, 128 ] [] true"));
  EXPECT_THAT(Printed("console.log(new TextEncoder().encode('\\ud800x'));"),
              ElementsAre("[ 239, 191, 189, 120 ]"));
}

// Bytes come also to a script that names none of their kinds, and to one that has deleted what it could not do without.
TEST_F(ScriptTest, BytesNeedNoNames) {
  EXPECT_THAT(Printed("console.log(new TextEncoder().encode('ab'));"), ElementsAre("[ 97, 98 ]"));
  EXPECT_THAT(Printed("delete globalThis.ArrayBuffer; console.log(new TextEncoder().encode('ab'));"
                      "console.log(new TextEncoder().encode('c').byteLength);"),
              ElementsAre("[ 97, 98 ]", "1"));
}

TEST_F(ScriptTest, TextDecoderReadsWhatThereIs) {
  EXPECT_THAT(
      Printed(
          "const d = (label, ...n) => new TextDecoder(label).decode(b(...n));"
          "console.log(d(undefined, 97, 195, 188, 240, 159, 152, 128));"
          "console.log(d('UTF-16LE', 97, 0, 0x3d, 0xd8, 0x00, 0xde));"
          "console.log(d(' latin1 ', 0xe4, 0x80), new TextDecoder('latin1').encoding);"
          "console.log(new TextDecoder().decode(b(104, 105).buffer), new TextDecoder().decode());",
          kBytes),
      ElementsAre("aü😀", "a😀", "ä€ windows-1252", "hi "));
}

TEST_F(ScriptTest, TextDecoderReplacesOrThrows) {
  EXPECT_THAT(
      Printed(
          "const d = new TextDecoder(); console.log(d.decode(b(97, 0xff, 98)),"
          " d.decode(b(0xf0, 0x9f, 97)), d.decode(b(0xe2, 0x82)), d.decode(b(0xed, 0xa0, 0x80)));",
          kBytes),
      ElementsAre("a\xef\xbf\xbd"
                  "b \xef\xbf\xbd"
                  "a \xef\xbf\xbd \xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"));
  EXPECT_THAT(Thrown("new TextDecoder('utf-8', { fatal: true }).decode(b(0xff));", kBytes),
              HasSubstr("TypeError: TextDecoder.decode(): the bytes are not utf-8"));
  EXPECT_THAT(Thrown("new TextDecoder('koi8-r');"),
              HasSubstr("RangeError: TextDecoder: 'koi8-r' is not available"));
  EXPECT_THAT(Thrown("new TextDecoder().decode('text');"), HasSubstr("expected an ArrayBuffer"));
}

TEST_F(ScriptTest, TextDecoderMarksAndStreams) {
  EXPECT_THAT(
      Printed(
          "console.log(new TextDecoder().decode(b(0xef, 0xbb, 0xbf, 97)).length,"
          " new TextDecoder('utf-8', { ignoreBOM: true }).decode(b(0xef, 0xbb, 0xbf, 97)).length);"
          "const d = new TextDecoder(); console.log(d.decode(b(0xe2, 0x82), { stream: true }) + '|'"
          " + d.decode(b(0xac), { stream: true }) + '|' + d.decode());",
          kBytes),
      ElementsAre("1 2", "|€|"));
}

TEST_F(ScriptTest, AScriptsOwnTextEncoderWins) {
  EXPECT_THAT(Printed("console.log(TextEncoder, new TextDecoder().encoding);", "TextEncoder = 5;"),
              ElementsAre("5 utf-8"));
}

}  // namespace
}  // namespace kload::k6
