// k6/html: parseHTML() and the methods of a Selection, a group each.
#include "tests/unit/common/k6/html_page.h"

namespace kload::k6 {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class SelectionTest : public HtmlPageTest {
 protected:
  SelectionTest() {
    page_ =
        R"(<html><head><title>T</title></head><body id="body"><h1 id="h" class="a b" data-test-id="v">Hi <b id="b">there</b></h1>
<ul id="list"><li id="l1" class="x">1</li><li id="l2">2</li><li id="l3" class="x">3</li><li id="l4">4</li></ul>
<p id="p1">one</p><p id="p2"><span id="s">two</span><!--c--></p></body></html>)";
  }
};

TEST_F(SelectionTest, Module) {
  EXPECT_THAT(Printed("console.log(typeof html.parseHTML, parseHTML('<p>x').find('p').text(),"
                      " parseHTML(new Uint8Array([60, 98, 62, 65]).buffer).text())",
                      "import html, { parseHTML } from 'k6/html';"),
              ElementsAre("function x A"));
  EXPECT_EQ(Show("doc.size()"), "1");
  EXPECT_EQ(Show("doc.find('title').text()"), "T");
  EXPECT_THAT(Error("parseHTML(null)"), HasSubstr("expected a page's text"));
  EXPECT_THAT(Error("doc.find.call({}, 'p')"), HasSubstr("one of a Selection"));
  EXPECT_THAT(Error("doc.text.call(5)"), HasSubstr("one of a Selection"));
}

TEST_F(SelectionTest, ParsesInInitCodeAsInIterations) {
  EXPECT_THAT(Printed("console.log(early, parseHTML('<i>b').text())",
                      "import { parseHTML } from 'k6/html'; const early = parseHTML('a').text();"),
              ElementsAre("a b"));
}

TEST_F(SelectionTest, Find) {
  EXPECT_EQ(Show("ids(doc.find('li.x'))"), "l1 l3");
  EXPECT_EQ(Show("ids(doc.find('ul, body').find('li'))"), "l1 l2 l3 l4");
  EXPECT_EQ(Show("ids(doc.find('#list').find('> #l2'))"), "l2");
  EXPECT_EQ(Show("ids(doc.find('p').find(doc.find('#s')))"), "s");
  EXPECT_EQ(Show("ids(doc.find('ul').find(doc.find('#s').get(0)))"), "");
  EXPECT_EQ(Show("ids(doc.single('li'))"), "l1");
  EXPECT_EQ(Show("doc.single('table').size()"), "0");
  EXPECT_THAT(
      Error("doc.find('li:first')"),
      HasSubstr("Selection.find(): selector \"li:first\": :first is not available in kload"));
  EXPECT_THAT(Error("doc.find()"),
              HasSubstr("Selection.find(): expected a selector, not undefined"));
  EXPECT_THAT(Error("doc.find(5)"), HasSubstr("a Selection or an Element, not 5"));
}

TEST_F(SelectionTest, Filters) {
  EXPECT_EQ(Show("ids(doc.find('li').filter('.x'))"), "l1 l3");
  EXPECT_EQ(Show("ids(doc.find('li').filter((i, e) => i % 2 === 1 && e.is('li')))"), "l2 l4");
  EXPECT_EQ(Show("ids(doc.find('li').filter(doc.find('#l3, #p1')))"), "l3");
  EXPECT_EQ(Show("ids(doc.find('li').not('.x'))"), "l2 l4");
  EXPECT_EQ(Show("ids(doc.find('li').not((i, e) => e.text() === '1'))"), "l2 l3 l4");
  EXPECT_EQ(Show("ids(doc.find('li').not(doc.find('#l4').get(0)))"), "l1 l2 l3");
  EXPECT_EQ(Show("ids(doc.find('p').has('span'))"), "p2");
  EXPECT_EQ(Show("ids(doc.find('p, body').has(doc.find('#b')))"), "body");
  EXPECT_EQ(Show("doc.find('li').is('.x')"), "true");
  EXPECT_EQ(Show("doc.find('li').is('p')"), "false");
  EXPECT_EQ(Show("doc.find('li').is((i, e) => e.text() === '4')"), "true");
  EXPECT_EQ(Show("doc.find('#l1').is(doc.find('li'))"), "true");
  EXPECT_EQ(Show("doc.find('#l1').is(parseHTML('<li>').find('li'))"), "false");
  EXPECT_THAT(Error("doc.find('li').filter(() => { throw new Error('mine'); })"),
              HasSubstr("mine"));
  EXPECT_THAT(Error("doc.find('li').filter(5)"),
              HasSubstr("Selection.filter(): expected a selector"));
}

TEST_F(SelectionTest, Steps) {
  EXPECT_EQ(Show("ids(doc.find('#list').children())"), "l1 l2 l3 l4");
  EXPECT_EQ(Show("ids(doc.find('#list').children('.x'))"), "l1 l3");
  EXPECT_EQ(Show("ids(doc.find('#p2').contents())"), "s #comment");
  EXPECT_EQ(Show("ids(doc.find('.x').next())"), "l2 l4");
  EXPECT_EQ(Show("ids(doc.find('#l1').next('.x'))"), "");
  EXPECT_EQ(Show("ids(doc.find('#l1').nextAll('.x'))"), "l3");
  EXPECT_EQ(Show("ids(doc.find('#l1').nextUntil('#l4'))"), "l2 l3");
  EXPECT_EQ(Show("ids(doc.find('#l1').nextUntil('#l4', '.x'))"), "l3");
  EXPECT_EQ(Show("ids(doc.find('#l1').nextUntil(doc.find('#l3')))"), "l2");
  EXPECT_EQ(Show("ids(doc.find('#l1').nextUntil())"), "l2 l3 l4");
  EXPECT_EQ(Show("ids(doc.find('#l3').prev())"), "l2");
  EXPECT_EQ(Show("ids(doc.find('#l4').prevAll())"), "l3 l2 l1");
  EXPECT_EQ(Show("ids(doc.find('#l4').prevUntil('#l1'))"), "l3 l2");
  EXPECT_EQ(Show("ids(doc.find('#l4').siblings('.x'))"), "l1 l3");
  EXPECT_EQ(Show("ids(doc.find('li').parent())"), "list");
  EXPECT_EQ(Show("ids(doc.find('#s').parent('ul'))"), "");
  EXPECT_EQ(Show("ids(doc.find('#s').parents())"), "p2 body html");
  EXPECT_EQ(Show("ids(doc.find('#s').parents('body'))"), "body");
  EXPECT_EQ(Show("ids(doc.find('#s').parentsUntil('html'))"), "p2 body");
  EXPECT_EQ(Show("ids(doc.find('#s').parentsUntil('html', 'p'))"), "p2");
  EXPECT_EQ(Show("ids(doc.find('#b').closest('h1, body'))"), "h");
  EXPECT_EQ(Show("doc.find('#l4').next().size()"), "0");
  EXPECT_THAT(Error("doc.find('p').next('p:foo')"),
              HasSubstr("Selection.next(): selector \"p:foo\""));
}

TEST_F(SelectionTest, Positions) {
  EXPECT_EQ(Show("ids(doc.find('li').eq(1))"), "l2");
  EXPECT_EQ(Show("ids(doc.find('li').eq(-1))"), "l4");
  EXPECT_EQ(Show("ids(doc.find('li').eq(9))"), "");
  EXPECT_EQ(Show("ids(doc.find('li').first()) + ids(doc.find('li').last())"), "l1l4");
  EXPECT_EQ(Show("ids(doc.find('table').first())"), "");
  EXPECT_EQ(Show("ids(doc.find('li').slice(1, 3))"), "l2 l3");
  EXPECT_EQ(Show("ids(doc.find('li').slice(-2))"), "l3 l4");
  EXPECT_EQ(Show("ids(doc.find('li').slice(3, 1))"), "");
  EXPECT_EQ(Show("doc.find('li').get(2).id()"), "l3");
  EXPECT_EQ(Show("doc.find('li').get(-1).id()"), "l4");
  EXPECT_EQ(Show("doc.find('li').get(4)"), "undefined");
  EXPECT_EQ(Show("doc.find('li').get().length"), "4");
  EXPECT_EQ(Show("doc.find('li').toArray().map((s) => s.text()).join()"), "1,2,3,4");
  EXPECT_EQ(Show("doc.find('#l3').index()"), "2");
  EXPECT_EQ(Show("doc.find('#l3').index('.x')"), "1");
  EXPECT_EQ(Show("doc.find('li').index(doc.find('#l2'))"), "1");
  EXPECT_EQ(Show("doc.find('li').index(doc.find('#l4').get(0))"), "3");
  EXPECT_EQ(Show("doc.find('li').index(doc.find('p'))"), "-1");
  EXPECT_EQ(Show("doc.find('table').index()"), "-1");
  EXPECT_EQ(Show("doc.find('li').size()"), "4");
}

TEST_F(SelectionTest, AddAndEnd) {
  EXPECT_EQ(Show("ids(doc.find('#p1').add('#l1'))"), "l1 p1");
  EXPECT_EQ(Show("ids(doc.find('#p1').add(doc.find('#h')).add(doc.find('#l4').get(0)))"),
            "h l4 p1");
  EXPECT_EQ(Show("ids(doc.find('ul').find('li').end())"), "list");
  EXPECT_EQ(Show("ids(doc.find('ul').find('li').eq(1).next().end().end().end())"), "list");
  EXPECT_EQ(Show("doc.end().size()"), "0");
}

TEST_F(SelectionTest, Functions) {
  EXPECT_EQ(Show("(() => { const seen = []; doc.find('li').each((i, e) => { seen.push(i + e.id()); "
                 "return false; });"
                 " return seen; })()"),
            "0l1,1l2,2l3,3l4");
  EXPECT_EQ(Show("ids(doc.find('li').each(() => {}))"), "l1 l2 l3 l4");
  EXPECT_EQ(Json("doc.find('li').map((i, e) => [i, e.text()])"),
            "[[0,\"1\"],[1,\"2\"],[2,\"3\"],[3,\"4\"]]");
  EXPECT_THAT(Error("doc.find('li').each('x')"),
              HasSubstr("Selection.each(): expected a function, not x"));
  EXPECT_THAT(Error("doc.find('li').map((i) => { if (i === 2) throw new Error('third'); })"),
              HasSubstr("third"));
}

TEST_F(SelectionTest, Content) {
  EXPECT_EQ(Show("doc.find('h1').text()"), "Hi there");
  EXPECT_EQ(Show("doc.find('li').text()"), "1234");
  EXPECT_EQ(Json("doc.find('table').text()"), "\"\"");
  EXPECT_EQ(Show("doc.find('h1').html()"), "Hi <b id=\"b\">there</b>");
  EXPECT_EQ(Show("doc.find('table').html()"), "undefined");
  EXPECT_THAT(Show("doc.html()"),
              HasSubstr("<html><head><title>T</title></head><body id=\"body\">"));
  EXPECT_EQ(Show("doc.find('h1').attr('class')"), "a b");
  EXPECT_EQ(Show("doc.find('h1').attr('none')"), "undefined");
  EXPECT_EQ(Show("doc.find('h1').attr('none', 'else')"), "else");
  EXPECT_EQ(Show("doc.find('table').attr('class')"), "undefined");
}

TEST_F(SelectionTest, Data) {
  page_ =
      R"(<div data-test-id="v" data-n="12" data-hex="0x1" data-yes="true" data-no="false" data-nil="null"
data-list="[1,2]" data-obj='{"a":1}' data-bad="{a}" data-empty="" data="x" data-x-1="z"></div>)";
  EXPECT_EQ(Show("doc.find('div').data('test-id') + doc.find('div').data('testId')"), "vv");
  EXPECT_EQ(Json("doc.find('div').data()"),
            "{\"testId\":\"v\",\"n\":12,\"hex\":\"0x1\",\"yes\":true,\"no\":false,\"nil\":null,"
            "\"list\":[1,2],\"obj\":{\"a\":1},\"bad\":\"{a}\",\"empty\":\"\",\"x-1\":\"z\"}");
  EXPECT_EQ(Show("doc.find('div').data('nothing')"), "undefined");
  EXPECT_EQ(Show("doc.find('p').data()"), "undefined");
}

TEST_F(SelectionTest, Values) {
  page_ = R"(<input id="i" value="v"><input id="e"><textarea id="t">long</textarea><p id="p"></p>
<select id="one"><option value="no">1</option><option value="yes" selected>2</option></select>
<select id="many" multiple><option selected>a</option><option>b</option><option selected>c</option></select>
<select id="none"></select>)";
  EXPECT_EQ(Show("doc.find('#i').val()"), "v");
  EXPECT_EQ(Json("doc.find('#e').val()"), "\"\"");
  EXPECT_EQ(Show("doc.find('#t').val()"), "long");
  EXPECT_EQ(Show("doc.find('#one').val()"), "yes");
  EXPECT_EQ(Show("doc.find('#one option[selected]').val()"), "yes");
  EXPECT_EQ(Json("doc.find('#many').val()"), "[\"a\",\"c\"]");
  EXPECT_EQ(Show("doc.find('#none').val()"), "undefined");
  EXPECT_EQ(Show("doc.find('#p').val()"), "undefined");
}

TEST_F(SelectionTest, Serializes) {
  page_ =
      R"(<form><input name="user name" value="a&b é"><input type="checkbox" name="c" value="1" checked>
<input type="checkbox" name="c" value="2" checked><input type="checkbox" name="d" value="3"><input name="username">
<input type="submit" name="go" value="Go"></form>)";
  EXPECT_EQ(Show("doc.find('form').serialize()"), "user+name=a%26b+%C3%A9&c=1&c=2&username=");
  EXPECT_EQ(Json("doc.find('form').serializeArray()"),
            "[{\"name\":\"user name\",\"value\":\"a&b é\"},{\"name\":\"c\",\"value\":\"1\"},"
            "{\"name\":\"c\",\"value\":\"2\"},{\"name\":\"username\",\"value\":\"\"}]");
  EXPECT_EQ(Json("doc.find('form').serializeObject()"),
            "{\"user name\":\"a&b é\",\"c\":[\"1\",\"2\"],\"username\":\"\"}");
  EXPECT_EQ(Show("doc.find('[name=username]').serialize()"), "username=");
  EXPECT_EQ(Json("doc.find('p').serialize() + doc.find('p').serializeArray().length"), "\"0\"");
}

TEST_F(SelectionTest, LongChainsAreFreedWithoutRecursion) {
  settings_.stack_limit_bytes = 200 << 10;
  EXPECT_EQ(Show("(() => { let s = doc.find('li'); for (let i = 0; i < 100000; ++i) s = s.eq(0);"
                 " return s.size(); })()"),
            "1");
}

// ---- How long a page lives ----

TEST_F(SelectionTest, PagesDieWithTheirObjects) {
  // About 2 MiB each, of 16 at once.
  settings_.memory_limit_bytes = 16 << 20;
  const std::string init = Init() + "const big = '<p class=\"x\">text</p>'.repeat(20000);";
  EXPECT_EQ(Printed("let n = 0; for (let i = 0; i < 30; ++i) n += parseHTML(big).find('p').size();"
                    " console.log(n)",
                    init),
            std::vector<std::string>{"600000"});
  // In a cycle, which only a collection ends.
  EXPECT_EQ(
      Printed("for (let i = 0; i < 30; ++i) { const o = { page: parseHTML(big).find('p').get(0) };"
              " o.self = o; } console.log('ok')",
              init),
      std::vector<std::string>{"ok"});
  EXPECT_THAT(
      Thrown("const all = []; for (let i = 0; i < 30; ++i) all.push(parseHTML(big).find('p'));",
             init),
      HasSubstr("16 are the most; keep texts instead of Selections and Elements"));
}

TEST_F(SelectionTest, ANodeKeepsItsPage) {
  EXPECT_EQ(Show("(() => { let e = parseHTML('<div><p>kept</p></div>').find('p').get(0);"
                 " for (let i = 0; i < 100; ++i) parseHTML('<p>other</p>');"
                 " return e.parentNode().innerHTML(); })()"),
            "<p>kept</p>");
}

}  // namespace
}  // namespace kload::k6
