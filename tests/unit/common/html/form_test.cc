// Values of controls, and what forms send.
#include "common/html/form.h"

#include "tests/unit/common/html/page.h"

namespace kload::html {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> Values(const Document& page, std::string_view selector) {
  return ValueOf(page, One(page, selector)).values;
}

TEST(FormTest, Values) {
  const Page page =
      Parse(R"(<input id=text value="a &amp; b"><input id=none><input id=tick type=checkbox>
    <textarea id=area>
line</textarea><button id=b>label</button><div id=d></div><li id=li value=3>
    <select id=one><option value=x>X<option selected>  Why   not </select>
    <select id=first><option disabled>no<option>yes</select><select id=empty></select>
    <select id=many multiple><option selected>1<option>2<option selected disabled>3<option selected>4</select>)");
  EXPECT_THAT(Values(*page, "#text"), ElementsAre("a & b"));
  EXPECT_THAT(Values(*page, "#none"), ElementsAre(""));
  EXPECT_THAT(Values(*page, "#tick"), ElementsAre("on"));
  EXPECT_THAT(Values(*page, "#area"), ElementsAre("line"));
  EXPECT_THAT(Values(*page, "#b"), ElementsAre(""));
  EXPECT_THAT(Values(*page, "#one"), ElementsAre("Why not"));
  EXPECT_THAT(Values(*page, "#first"), ElementsAre("yes"));
  EXPECT_THAT(Values(*page, "#empty"), IsEmpty());
  EXPECT_THAT(Values(*page, "#many"), ElementsAre("1", "4"));
  EXPECT_THAT(Values(*page, "#one option"), ElementsAre("x"));
  EXPECT_THAT(Values(*page, "#li"), ElementsAre("3"));
  EXPECT_TRUE(ValueOf(*page, One(*page, "#many")).is_list);
  EXPECT_FALSE(ValueOf(*page, One(*page, "#d")).is_control);
}

TEST(FormTest, Fields) {
  const Page page = Parse(R"(<form id=f><input name=user value=me><input value=nameless>
    <input name=off disabled><input type=checkbox name=c value=1 checked><input type=checkbox name=c value=2>
    <input type=checkbox name=c value=3 checked><input type=submit name=go value=Go><input type=file name=up>
    <button name=b value=1></button><textarea name=t>x</textarea><input type=hidden name=token value=42>
    <select name=s multiple><option selected>1<option selected>2</select>
    <fieldset disabled><input name=inside></fieldset></form>
    <input name=far value=away form=f><form id=g><input name=foreign form=f></form>)");
  EXPECT_THAT(FieldsOf(*page, {One(*page, "#f")}),
              ElementsAre(Field{"user", "me"}, Field{"c", "1"}, Field{"c", "3"}, Field{"t", "x"},
                          Field{"token", "42"}, Field{"s", "1"}, Field{"s", "2"},
                          Field{"far", "away"}, Field{"foreign", ""}));
  EXPECT_THAT(FieldsOf(*page, {One(*page, "#g")}), IsEmpty());
  EXPECT_THAT(FieldsOf(*page, Find(*page, "[name=token], [name=user], p")),
              ElementsAre(Field{"user", "me"}, Field{"token", "42"}));
}

TEST(FormTest, OwnersAndControls) {
  const Page page = Parse(
      "<form id=f><fieldset id=s><input id=i><input id=image type=image></fieldset></form>"
      "<input id=far form=f><input id=lost form=nowhere><input id=free>");
  const NodeId form = One(*page, "#f");
  EXPECT_EQ(FormOwner(*page, One(*page, "#i")), form);
  EXPECT_EQ(FormOwner(*page, One(*page, "#far")), form);
  EXPECT_EQ(FormOwner(*page, One(*page, "#lost")), kNoNode);
  EXPECT_EQ(FormOwner(*page, One(*page, "#free")), kNoNode);
  EXPECT_THAT(Show(*page, FormControls(*page, form)),
              ElementsAre("fieldset#s", "input#i", "input#far"));
  EXPECT_THAT(Show(*page, FormControls(*page, One(*page, "#s"))), ElementsAre("input#i"));
}

}  // namespace
}  // namespace kload::html
