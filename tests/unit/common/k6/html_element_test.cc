// k6/html: Elements, what all have and what some have besides.
#include "tests/unit/common/k6/html_page.h"

namespace kload::k6 {
namespace {

using ::testing::HasSubstr;

class ElementTest : public HtmlPageTest {
 protected:
  // The same of the first element that matches, as `e`.
  std::string Of(const std::string& selector, const std::string& expression) {
    return Show("((e) => " + expression + ")(doc.find('" + selector + "').get(0))");
  }
};

class NodeTest : public ElementTest {
 protected:
  NodeTest() {
    page_ =
        R"(<!DOCTYPE html><html lang="en"><body><div id="d" class="a  b a"><!--c-->text<p id="p1">1</p><p id="p2" lang="fr">2</p></div>
<svg><a xlink:href="#x"></a></svg></body></html>)";
  }
};

TEST_F(NodeTest, NamesAndTexts) {
  EXPECT_EQ(Of("#d", "[e.nodeName(), e.nodeType(), e.nodeValue(), e.id(), e.className()].join()"),
            "div,1,,d,a  b a");
  EXPECT_EQ(
      Of("#d", "e.childNodes().map((n) => [n.nodeName(), n.nodeType(), n.nodeValue()]).join(';')"),
      "#comment,8,c;#text,3,text;p,1,;p,1,");
  EXPECT_EQ(Of("#d", "e.textContent()"), "text12");
  EXPECT_EQ(Of("#d", "e.innerHTML()"),
            "<!--c-->text<p id=\"p1\">1</p><p id=\"p2\" lang=\"fr\">2</p>");
  EXPECT_EQ(Of("#d", "JSON.stringify(e.classList())"), "[\"a\",\"b\",\"a\"]");
  EXPECT_EQ(Of("#p2", "e.lang()"), "fr");
  EXPECT_EQ(Of("#p1", "[typeof e.lang(), typeof e.className(), e.id()].join()"),
            "undefined,undefined,p1");
  EXPECT_EQ(Of("#d", "String(e)"), "[object html.Node]");
  EXPECT_EQ(Of("#d", "e.namespaceURI() + e.isDefaultNamespace()"),
            "http://www.w3.org/1999/xhtmltrue");
  EXPECT_EQ(Of("svg", "e.namespaceURI() + e.isDefaultNamespace()"),
            "http://www.w3.org/2000/svgfalse");
  EXPECT_THAT(Error("doc.find('p').get(0).id.call({})"), HasSubstr("one of an Element"));
}

TEST_F(NodeTest, Neighbours) {
  EXPECT_EQ(Of("#d",
               "[e.firstChild(), e.lastChild(), e.firstElementChild(), e.lastElementChild()]"
               ".map((n) => n.nodeName() + n.id()).join()"),
            "#comment,pp2,pp1,pp2");
  EXPECT_EQ(
      Of("#p1",
         "[e.nextSibling().id(), e.previousSibling().nodeValue(), e.nextElementSibling().id(), "
         "e.previousElementSibling()].join()"),
      "p2,text,p2,");
  EXPECT_EQ(Of("#p2", "typeof e.nextSibling()"), "undefined");
  EXPECT_EQ(Of("#p1", "e.parentNode().id() + e.parentElement().id()"), "dd");
  EXPECT_EQ(Of("html", "e.parentNode().nodeName() + typeof e.parentElement()"),
            "#documentundefined");
  EXPECT_EQ(Of("#p1", "e.ownerDocument().nodeType() + typeof e.ownerDocument().ownerDocument()"),
            "9undefined");
  EXPECT_EQ(Of("html", "e.previousSibling().nodeType() + e.previousSibling().nodeName()"),
            "10html");
  EXPECT_EQ(Of("#d", "[e.children().length, e.childNodes().length, e.childElementCount()].join()"),
            "2,4,2");
  EXPECT_EQ(Of("#d", "e.selection().find('p').size()"), "2");
}

TEST_F(NodeTest, Attributes) {
  EXPECT_EQ(Of("#p2", "e.getAttribute('lang') + e.getAttribute('x')"), "frundefined");
  EXPECT_EQ(Of("#p2", "[e.hasAttribute('lang'), e.hasAttribute('x'), e.hasAttributes()].join()"),
            "true,false,true");
  EXPECT_EQ(
      Of("#p2",
         "Object.entries(e.attributes()).map(([k, a]) => [k, a.name, a.value, a.ownerElement.id()])"
         ".join(';')"),
      "id,id,p2,p2;lang,lang,fr,p2");
  EXPECT_EQ(Of("#p2", "e.getAttributeNode('lang').value + typeof e.getAttributeNode('x')"),
            "frundefined");
  EXPECT_EQ(Of("svg a",
               "((a) => [a.localName(), a.prefix(), a.namespaceURI()].join())"
               "(e.getAttributeNode('xlink:href'))"),
            "href,xlink,http://www.w3.org/1999/xlink");
  EXPECT_EQ(Of("body", "[e.hasAttributes(), e.hasChildNodes()].join()"), "false,true");
}

TEST_F(NodeTest, ComparisonsAndQueries) {
  EXPECT_EQ(Of("#p1",
               "[e.isSameNode(doc.find('#p1').get(0)), e.isSameNode(doc.find('#p2').get(0)), "
               "e.isSameNode(5)].join()"),
            "true,false,false");
  EXPECT_EQ(Of("#p1", "e.isEqualNode(parseHTML('<p id=p1>1').find('p').get(0))"), "true");
  EXPECT_EQ(
      Of("#d",
         "[e.contains(e), e.contains(doc.find('#p1').get(0)), doc.find('#p1').get(0).contains(e), "
         "e.contains(doc.find('#p2'))].join()"),
      "true,true,false,true");
  EXPECT_EQ(Of("#d", "e.matches('body > div') + ' ' + e.matches('p')"), "true false");
  EXPECT_EQ(Of("body", "e.querySelector('p').id() + typeof e.querySelector('table')"),
            "p1undefined");
  EXPECT_EQ(Of("body", "e.querySelectorAll('p').length"), "2");
  EXPECT_EQ(Of("body", "e.getElementsByTagName('p').length + e.getElementsByTagName('*').length"),
            "7");
  EXPECT_EQ(Of("body", "e.getElementsByClassName('b a').length"), "1");
  EXPECT_THAT(Error("doc.find('p').get(0).querySelector('p:foo')"),
              HasSubstr("Element.querySelector(): selector \"p:foo\": :foo is not available"));
}

// ---- Kinds of elements ----

TEST_F(ElementTest, OnlyWhatAnElementHas) {
  page_ = "<div></div><x-new></x-new><a></a><svg><a></a></svg>";
  EXPECT_EQ(Of("div", "[typeof e.href, typeof e.value, typeof e.rows].join()"),
            "undefined,undefined,undefined");
  EXPECT_EQ(Of("a", "typeof e.href + JSON.stringify(e.href())"), "function\"\"");
  EXPECT_EQ(Of("svg a", "typeof e.href"), "undefined");
  EXPECT_EQ(Of("x-new", "e.nodeName()"), "x-new");
  EXPECT_THAT(Error("doc.find('a').get(0).href.call(5)"), HasSubstr("one of an Element"));
}

TEST_F(ElementTest, Links) {
  page_ =
      "<a href=\"http://me:pw@Host:8080/p/a?q=1#f\" rel=\"x y\" target=_blank>t</a><area "
      "href=\"/x\">";
  EXPECT_EQ(Of("a",
               "[e.href(), e.protocol(), e.host(), e.hostname(), e.port(), e.pathname(), "
               "e.search(), e.hash(), "
               "e.username(), e.password(), e.origin()].join(' ')"),
            "http://me:pw@Host:8080/p/a?q=1#f http: host:8080 host 8080 /p/a ?q=1 #f me pw "
            "http://host:8080");
  EXPECT_EQ(Of("a", "[e.rel(), e.relList().length, e.target(), e.text()].join()"),
            "x y,2,_blank,t");
  EXPECT_EQ(
      Of("area", "[e.pathname(), e.host(), e.search(), e.hash(), e.protocol(), e.origin()].join()"),
      "/x,,,,,");
}

TEST_F(ElementTest, Controls) {
  page_ =
      R"(<form id="f" action="/go" method="POST"><label id="l1" for="i">L</label><label id="l2"><input id="i2"></label>
<input id="i" name="n" value="v" disabled maxlength="5" type="email"><input id="c" type="checkbox" checked>
<button id="b" formaction="/other" formmethod="get">B <i>x</i></button><button id="b2" value="bv" type="button"></button>
<textarea id="t" rows="3">text</textarea><select id="s"><option>1</option><option selected value="two">2</option></select>
<fieldset id="fs"><input id="i3"></fieldset><output id="o">out</output></form><input id="far" form="f">)";
  EXPECT_EQ(Of("#i",
               "[e.name(), e.value(), e.disabled(), e.maxLength(), e.type(), e.size(), "
               "e.form().id()].join()"),
            "n,v,true,5,email,20,f");
  EXPECT_EQ(Of("#c", "[e.checked(), e.value(), e.disabled()].join()"), "true,on,false");
  EXPECT_EQ(Of("#i", "e.labels().map((l) => l.id()).join()"), "l1");
  EXPECT_EQ(Of("#l2", "e.control().id() + e.form().id()"), "i2f");
  EXPECT_EQ(Of("#l1", "e.control().id() + e.htmlFor()"), "ii");
  EXPECT_EQ(
      Of("#b",
         "[e.formAction(), e.formMethod(), e.type(), e.value(), e.formEnctype(), e.formTarget(), "
         "e.formNoValidate()].join()"),
      "/other,get,submit,B <i>x</i>,application/x-www-form-urlencoded,_self,false");
  EXPECT_EQ(Of("#b2", "[e.formAction(), e.formMethod(), e.type(), e.value()].join()"),
            "/go,post,button,bv");
  EXPECT_EQ(
      Of("#t", "[e.value(), e.defaultValue(), e.length(), e.rows(), e.cols(), e.type()].join()"),
      "text,text,4,3,20,textarea");
  EXPECT_EQ(Of("#s",
               "[e.value(), e.length(), e.selectedIndex(), e.type(), e.size(), e.options().length, "
               "e.selectedOptions()[0].text()].join()"),
            "two,2,1,select-one,1,2,2");
  EXPECT_EQ(
      Of("option",
         "[e.value(), e.index(), e.label(), e.selected(), e.disabled(), e.form().id()].join()"),
      "1,0,1,false,false,f");
  EXPECT_EQ(Of("#fs", "[e.elements().length, e.type(), typeof e.validity(), e.form().id()].join()"),
            "1,fieldset,undefined,f");
  EXPECT_EQ(Of("#o", "[e.value(), e.defaultValue(), e.type()].join()"), "out,out,output");
  EXPECT_EQ(
      Of("#f", "[e.length(), e.method(), e.action(), e.enctype(), e.elements().pop().id()].join()"),
      "11,post,/go,application/x-www-form-urlencoded,far");
  EXPECT_EQ(Of("#far", "e.form().id()"), "f");
}

TEST_F(ElementTest, Tables) {
  page_ =
      R"(<table id="t"><caption>C</caption><thead><tr id="r1"><th scope="col">h</th></tr></thead>
<tbody><tr id="r2"><td>1</td><td id="c" colspan="2">2</td></tr></tbody><tfoot></tfoot></table>)";
  EXPECT_EQ(
      Of("#t",
         "[e.rows().length, e.caption().textContent(), e.tBodies().length, e.tHead().nodeName(), "
         "e.tFoot().nodeName()].join()"),
      "2,C,1,thead,tfoot");
  EXPECT_EQ(Of("#r2", "[e.rowIndex(), e.sectionRowIndex(), e.cells().length].join()"), "1,0,2");
  EXPECT_EQ(Of("#c", "[e.cellIndex(), e.colSpan(), e.rowSpan()].join()"), "1,2,1");
  EXPECT_EQ(Of("th", "e.scope()"), "col");
  EXPECT_EQ(Of("tbody", "e.rows().length"), "1");
}

TEST_F(ElementTest, TheRest) {
  page_ =
      R"(<head><style>x</style><meta name="n" content="c"></head><map name="m"><area></map><img usemap="#m" src="a.png" width="7">
<video><track></video><progress value="3" max="4"></progress><meter value="0.3"></meter><ol start="4"><li value="2"></ol>
<datalist><option></datalist><canvas></canvas><script>code</script><time datetime="d"></time>)";
  EXPECT_EQ(Of("map", "e.areas().length + e.images()[0].src()"), "1a.png");
  EXPECT_EQ(Of("img", "[e.width(), e.height(), e.useMap(), e.isMap()].join()"), "7,0,#m,false");
  EXPECT_EQ(Of("video", "e.textTracks().length + ' ' + e.autoplay()"), "1 false");
  EXPECT_EQ(Of("progress", "[e.value(), e.max(), e.position()].join()"), "3,4,0.75");
  EXPECT_EQ(Of("meter", "[e.value(), e.max(), e.labels().length].join()"), "0.3,1,0");
  EXPECT_EQ(Of("ol", "e.start()"), "4");
  EXPECT_EQ(Of("li", "e.value()"), "2");
  EXPECT_EQ(Of("datalist", "e.options().length"), "1");
  EXPECT_EQ(Of("canvas", "e.width() + 'x' + e.height()"), "300x150");
  EXPECT_EQ(Of("script", "e.text() + e.async()"), "codefalse");
  EXPECT_EQ(Of("style", "e.type()"), "text/css");
  EXPECT_EQ(Of("meta", "e.name() + e.content()"), "nc");
  EXPECT_EQ(Of("time", "e.datetime() + e.dateTime()"), "dd");
}

}  // namespace
}  // namespace kload::k6
