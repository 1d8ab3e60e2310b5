// What selectors match, and what is said of those that are wrong.
#include <map>

#include "tests/unit/common/html/page.h"

namespace kload::html {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using Shown = std::vector<std::string>;

class SelectorTest : public ::testing::Test {
 protected:
  Shown Ids(std::string_view selector) {
    Shown ids;
    for (const NodeId node : Find(*page_, selector)) {
      ids.emplace_back(page_->AttributeOr(node, "id"));
    }
    return ids;
  }
  void Expect(const std::map<std::string, Shown>& cases) {
    for (const auto& [selector, ids] : cases) EXPECT_EQ(Ids(selector), ids) << selector;
  }

  const Page page_ = Parse(R"(<html lang="en-US"><body id=body>
    <ul id=list class="menu main">
      <li id=l1 class=item>One</li><!-- between -->
      <li id=l2 class="item on" data-n=2>Two <b id=bold>bold</b></li>
      <li id=l3 class=item>Three</li>
      <li id=l4></li>
    </ul>
    <p id=p1 lang=fr>Bonjour <a id=a1 href="/x.html" rel="next nofollow">Lien (1)</a></p>
    <p id=p2><a id=a2>no link</a><span id=s1>[x]</span></p>
    <form id=f>
      <input id=i1 type=text name="user[0]" disabled><input id=i2 type=checkbox checked>
      <select id=sel><option id=o1><option id=o2 selected></select>
      <fieldset id=fs disabled><legend id=leg><input id=i3></legend><input id=i4></fieldset>
    </form>
    <div id="a:b.c"></div><div id=kid><!-- only a comment --></div></body></html>)");
};

TEST_F(SelectorTest, TypesIdsAndClasses) {
  Expect({{"li", {"l1", "l2", "l3", "l4"}},
          {"LI.item.on", {"l2"}},
          {"#l3", {"l3"}},
          {".item", {"l1", "l2", "l3"}},
          {".ite", {}},
          {"ul.main", {"list"}},
          {"p, #l1 , b", {"l1", "bold", "p1", "p2"}},
          {"*#s1", {"s1"}},
          {"#a\\:b\\.c", {"a:b.c"}},
          {"#\\61 1", {"a1"}}});
}

TEST_F(SelectorTest, Attributes) {
  Expect({{"[href]", {"a1"}},
          {"a[href=\"/x.html\"]", {"a1"}},
          {"[data-n=2]", {"l2"}},
          {"[name='user[0]']", {"i1"}},
          {"a[href^=\"/x\"]", {"a1"}},
          {"a[href$='.html']", {"a1"}},
          {"a[href*=htm]", {"a1"}},
          {"a[href*='']", {}},
          {"[rel~=nofollow]", {"a1"}},
          {"[rel~=\"next nofollow\"]", {"a1"}},
          {"[rel~=no]", {}},
          {"p[lang|=fr]", {"p1"}},
          {"[type='TEXT' i]", {"i1"}},
          {"[type=TEXT]", {}},
          {"[type=text s]", {"i1"}},
          {"p[lang!=fr]", {"p2"}},
          {"[ id = l4 ]", {"l4"}},
          {"[id#=^l[34]$]", {"l3", "l4"}}});
}

TEST_F(SelectorTest, Combinators) {
  Expect({{"ul b", {"bold"}},
          {"ul > b", {}},
          {"ul>li>b", {"bold"}},
          {"#l1 + li", {"l2"}},
          {"#l1 ~ li", {"l2", "l3", "l4"}},
          {"body ul li.on b", {"bold"}},
          {"li + li + li", {"l3", "l4"}},
          {"div p", {}}});
}

TEST_F(SelectorTest, Positions) {
  Expect({{"li:first-child", {"l1"}},
          {"li:last-child", {"l4"}},
          {"li:nth-child(2)", {"l2"}},
          {"li:nth-child(odd)", {"l1", "l3"}},
          {"li:nth-child( 2n )", {"l2", "l4"}},
          {"li:nth-child(even)", {"l2", "l4"}},
          {"li:nth-child(n+3)", {"l3", "l4"}},
          {"li:nth-child(-n + 2)", {"l1", "l2"}},
          {"li:nth-last-child(1)", {"l4"}},
          {"p:first-of-type", {"p1"}},
          {"p:last-of-type", {"p2"}},
          {"p:nth-of-type(2)", {"p2"}},
          {"p:nth-last-of-type(2)", {"p1"}},
          {"b:only-child", {"bold"}},
          {"p a:only-of-type", {"a1", "a2"}},
          {"p a:only-child", {"a1"}},
          {"html:root body", {"body"}}});
}

TEST_F(SelectorTest, States) {
  Expect({{":checked", {"i2", "o2"}},
          {"input:disabled", {"i1", "i4"}},
          {"input:enabled", {"i2", "i3"}},
          {":link", {"a1"}},
          {"li:empty", {"l4"}},
          {"div:empty", {"a:b.c", "kid"}},
          {"#f > :input", {"i1", "i2", "sel"}},
          {"a:hover", {}},
          {"p:lang(fr)", {"p1"}},
          {"p:lang(en)", {"p2"}}});
}

TEST_F(SelectorTest, TextsAndRegularExpressions) {
  Expect({{"li:contains(two)", {"l2"}},
          {"li:contains('Two bold')", {"l2"}},
          {"li:containsOwn(bold)", {}},
          {"b:containsOwn(\"bold\")", {"bold"}},
          {"a:contains('Lien (1)')", {"a1"}},
          {"li:matches(^T.*[de]$)", {"l2", "l3"}},
          {"li:matchesOwn((Two|Three)$)", {"l3"}}});
}

TEST_F(SelectorTest, SelectorsWithin) {
  Expect({{"li:not(.on)", {"l1", "l3", "l4"}},
          {"li:not(.on, #l1)", {"l3", "l4"}},
          {"li:not(:empty):not(:first-child)", {"l2", "l3"}},
          {"p:has(span)", {"p2"}},
          {"p:has(> a[href])", {"p1"}},
          {"ul:has(> b)", {}},
          {"ul:haschild(li)", {"list"}},
          {"ul:haschild(b)", {}},
          {"li:has(+ #l4)", {"l3"}},
          {":is(b, span)", {"bold", "s1"}},
          {"li:where(#l1)", {"l1"}}});
}

TEST_F(SelectorTest, Scope) {
  const NodeId list = One(*page_, "#list");
  EXPECT_THAT(Show(*page_, Find(*page_, "b", list)), ElementsAre("b#bold"));
  EXPECT_THAT(Show(*page_, Find(*page_, "> b", list)), IsEmpty());
  EXPECT_THAT(Find(*page_, "> li", list).size(), 4u);
  EXPECT_THAT(Show(*page_, Find(*page_, "body b", list)), ElementsAre("b#bold"));
  EXPECT_THAT(Show(*page_, Find(*page_, "p", list)), IsEmpty());
  EXPECT_EQ(Selector::Parse("li")->FindFirst(*page_, list), One(*page_, "#l1"));
  EXPECT_EQ(Selector::Parse("p")->FindFirst(*page_, list), kNoNode);
  EXPECT_TRUE(Selector::Parse("ul li")->Matches(*page_, One(*page_, "#l1")));
  EXPECT_FALSE(Selector::Parse("*")->Matches(*page_, kDocumentNode));
}

TEST_F(SelectorTest, Wrong) {
  std::string deep = "a";
  for (int i = 0; i < 20; ++i) deep = ":not(" + deep + ")";
  std::string wide = "a";
  for (int i = 0; i < 40; ++i) wide += " a";
  const std::map<std::string, std::string> wrong = {
      {"li:first", "selector \"li:first\": :first is not available in kload"},
      {"a::before", "pseudo-elements"},
      {"", "expected an element, #id, .class, [attribute] or :class at its end"},
      {"li,", "at its end"},
      {"li > > b", "at byte 5, not '>'"},
      {"li)", "unexpected ')' at byte 2"},
      {"[a", "expected '=' or ']' at its end"},
      {"[a=]", "expected a value at byte 3"},
      {"[a='x]", "without its closing '"},
      {"#", "expected a name"},
      {"li:nth-child(x)", "'x' is no position"},
      {"li:nth-child", ":nth-child wants its argument"},
      {"li:not(b", "expected ')' at its end"},
      {"li:contains()", "expected a text"},
      {"li:matches([)", "missing ]"},
      {"li:matches(*)", "'*': "},
      {"a\\", "a backslash at its end"},
      {std::string(20000, 'a'), "it has 20000 bytes"},
      {deep, "more than 8 levels of brackets"},
      {wide, "more than 32 elements in a row"}};
  for (const auto& [selector, problem] : wrong) {
    const auto parsed = Selector::Parse(selector);
    EXPECT_EQ(parsed.status().code(), absl::StatusCode::kInvalidArgument) << selector;
    EXPECT_THAT(Message(parsed.status()), HasSubstr(problem)) << selector;
  }
}

}  // namespace
}  // namespace kload::html
