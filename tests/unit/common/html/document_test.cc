// The tree of a page, and its markup.
#include <array>

#include "tests/unit/common/html/page.h"

namespace kload::html {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(DocumentTest, NumbersNodesInDocumentOrder) {
  const Page page = Parse("<!DOCTYPE html><p id=a>one<b id=b>two</b></p><!--end--><p id=c></p>");
  EXPECT_THAT(Show(*page, page->Children(kDocumentNode, false)), ElementsAre("doctype", "html"));
  const NodeId a = One(*page, "#a");
  const NodeId b = One(*page, "#b");
  const NodeId c = One(*page, "#c");
  EXPECT_LT(a, b);
  EXPECT_LT(b, c);
  EXPECT_TRUE(page->Contains(a, b));
  EXPECT_TRUE(page->Contains(a, a));
  EXPECT_FALSE(page->Contains(a, c));
  EXPECT_THAT(Show(*page, page->Children(a, false)), ElementsAre("'one'", "b#b"));
  EXPECT_THAT(Show(*page, page->Children(a, true)), ElementsAre("b#b"));
  EXPECT_EQ(Show(*page, page->parent(a)), "body");
  EXPECT_EQ(Show(*page, page->next(a)), "<!--end-->");
  EXPECT_EQ(page->next_element(a), c);
  EXPECT_EQ(page->previous_element(c), a);
  EXPECT_EQ(Show(*page, page->previous(b)), "'one'");
  EXPECT_EQ(page->next(c), kNoNode);
  EXPECT_EQ(page->previous(a), kNoNode);
  EXPECT_EQ(page->first_child(c), kNoNode);
  EXPECT_EQ(page->parent(kDocumentNode), kNoNode);
  EXPECT_EQ(page->parent_element(One(*page, "html")), kNoNode);
}

TEST(DocumentTest, RepairsAsBrowsersDo) {
  const Page page = Parse("<table><tr><td>1<td>2</table><p>a<p>b");
  EXPECT_THAT(Find(*page, "tbody > tr > td").size(), 2u);
  EXPECT_THAT(Find(*page, "body > p").size(), 2u);
  EXPECT_THAT(Find(*Parse(""), "html > head + body").size(), 1u);
}

TEST(DocumentTest, Attributes) {
  const Page page = Parse("<a ID=x Href='/a?b=1&amp;c=2' hidden>é</a>");
  const NodeId a = One(*page, "a");
  EXPECT_EQ(page->attribute_count(a), 3u);
  EXPECT_EQ(page->attribute(a, 1).name, "href");
  EXPECT_EQ(page->FindAttribute(a, "href"), "/a?b=1&c=2");
  EXPECT_EQ(page->FindAttribute(a, "hidden"), "");
  EXPECT_EQ(page->FindAttribute(a, "name"), std::nullopt);
  EXPECT_EQ(page->FindById("x"), a);
  EXPECT_EQ(page->FindById("y"), kNoNode);
  EXPECT_EQ(page->TextContent(a), "é");
}

TEST(DocumentTest, UnknownAndForeignElements) {
  const Page page = Parse(
      "<My-Tag>x</My-Tag><svg viewbox=1><a "
      "xlink:href=#i></a><foreignobject></foreignobject></svg>");
  EXPECT_EQ(page->TextContent(One(*page, "my-tag")), "x");
  const NodeId svg = One(*page, "svg");
  EXPECT_EQ(page->name_space(svg), Namespace::kSvg);
  EXPECT_EQ(page->attribute(svg, 0).name, "viewBox");
  EXPECT_EQ(page->name(One(*page, "foreignObject")), "foreignObject");
  EXPECT_EQ(page->FindAttribute(One(*page, "svg a"), "xlink:href"), "#i");
  EXPECT_EQ(Find(*page, "a[xlink:href]").size(), 1u);
}

TEST(DocumentTest, WhatIsInANoscriptIsText) {
  const Page page = Parse("<body><noscript><img src=x>1 &amp; 2</noscript><p>");
  EXPECT_THAT(Find(*page, "img"), IsEmpty());
  EXPECT_EQ(page->TextContent(One(*page, "noscript")), "<img src=x>1 &amp; 2");
  EXPECT_EQ(Show(*page, page->next(One(*page, "noscript"))), "p");
}

TEST(DocumentTest, DeepPagesNeedNoStack) {
  std::string source;
  for (int i = 0; i < 3000; ++i) source += "<div>";
  const Page page = Parse(source + "x");
  EXPECT_EQ(page->TextContent(kDocumentNode), "x");
  EXPECT_EQ(Find(*page, "div").size(), 3000u);
  EXPECT_THAT(OuterHtml(*page, kDocumentNode), HasSubstr("<div>x</div></div>"));
  EXPECT_GT(page->memory_bytes(), 3000u * 16);
}

TEST(DocumentTest, RefusesWhatIsTooLarge) {
  const std::string source(Document::kSourceBytesMax + 1, ' ');
  const auto document = Document::Parse(source);
  EXPECT_EQ(document.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(Message(document.status()), HasSubstr("64 MiB"));
}

TEST(DocumentTest, RefusesWhatTakesTooMuchMemory) {
  std::string source;
  for (int i = 0; i < 2'000'000; ++i) source += "<br>";
  const auto document = Document::Parse(source);
  EXPECT_EQ(document.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(Message(document.status()), "the page takes more than 256 MiB to parse");
}

TEST(DocumentTest, RefusesWhatIsTooDeep) {
  std::string source;
  for (size_t i = 0; i <= Document::kDepthMax; ++i) source += "<div>";
  EXPECT_THAT(Message(Document::Parse(source).status()),
              HasSubstr("more than 10000 elements within each other"));
  // What closes itself or is closed may come as often as it likes.
  source.clear();
  for (size_t i = 0; i <= Document::kDepthMax; ++i) source += "<li><p><br><i>x</i><LI>";
  EXPECT_TRUE(Document::Parse(source).ok());
  for (const auto& [before, again, after] :
       {std::array{"<script>", "a<b;", "</script>"}, std::array{"<!--", "<div>", "-->"},
        std::array{"<style>", "<b", "</style>"}, std::array{"<svg>", "<path d=1 />", "</svg>"},
        std::array{"<textarea>", "<div>", ""}}) {
    source = before;
    for (size_t i = 0; i <= Document::kDepthMax; ++i) source += again;
    EXPECT_TRUE(Document::Parse(source + after).ok()) << before;
  }
  for (const char* again :
       {"<div/>", "<p-x>", "<svg><foreignObject><div/>", "<a title='>' x='/'>"}) {
    source.clear();
    for (size_t i = 0; i <= Document::kDepthMax; ++i) source += again;
    EXPECT_FALSE(Document::Parse(source).ok()) << again;
  }
}

// Pages out of shuffled pieces: whatever comes, the numbering is one of a tree, and its markup can be read again.
TEST(DocumentTest, AnyTextIsATree) {
  const std::vector<std::string> pieces = {"<div>",
                                           "</div>",
                                           "<p>",
                                           "</p>",
                                           "<table>",
                                           "<tr>",
                                           "<td>",
                                           "</table>",
                                           "<b>",
                                           "</b>",
                                           "<i>",
                                           "</i>",
                                           "<a href=x>",
                                           "</a>",
                                           "<form>",
                                           "</form>",
                                           "<!--",
                                           "-->",
                                           "<select>",
                                           "<option>",
                                           "</select>",
                                           "<script>",
                                           "</script>",
                                           "<svg>",
                                           "</svg>",
                                           "<math>",
                                           "<title>",
                                           "</title>",
                                           "<template>",
                                           "</template>",
                                           "<noscript>",
                                           "</noscript>",
                                           "text",
                                           " ",
                                           "&amp;",
                                           "&",
                                           "<",
                                           "\"",
                                           "<br/>",
                                           "<input name='",
                                           "'>",
                                           "<textarea>",
                                           "</textarea>",
                                           "<pre>\n",
                                           "<!doctype html>",
                                           "</body>",
                                           std::string(1, '\0'),
                                           "\xff",
                                           "<![CDATA[",
                                           "]]>",
                                           "<x-y z>",
                                           "<frameset>"};
  uint64_t seed = 20240607;
  for (int round = 0; round < 2000; ++round) {
    std::string source;
    for (int i = 0; i < 30; ++i) {
      seed = seed * 6364136223846793005u + 1442695040888963407u;
      source += pieces[(seed >> 33) % pieces.size()];
    }
    const Page page = Parse(source);
    for (NodeId node = 1; node < page->size(); ++node) {
      const NodeId parent = page->parent(node);
      ASSERT_LT(parent, node) << source;
      ASSERT_LE(page->end(node), page->end(parent)) << source;
      const NodeId previous = page->previous(node);
      ASSERT_EQ(previous == kNoNode ? parent + 1 : page->end(previous), node) << source;
    }
    ASSERT_EQ(page->end(kDocumentNode), page->size());
    Find(*page, "div:not(:empty) > *:nth-child(2n+1), form input[name], :has(> b):contains(text)");
    OuterHtml(*Parse(OuterHtml(*page, kDocumentNode)), kDocumentNode);
  }
}

TEST(DocumentTest, Markup) {
  const Page page = Parse(
      "<!doctype html PUBLIC \"p\" \"s\"><head><script>a<b && 'c'</script></head><body><p "
      "class='a&quot;b'>1 < 2 & "
      "it's<br>x<!--note--></p><pre>\n\nx</pre></body>");
  EXPECT_EQ(
      OuterHtml(*page, kDocumentNode),
      "<!DOCTYPE html PUBLIC \"p\" \"s\"><html><head><script>a<b && 'c'</script></head><body>"
      "<p class=\"a&#34;b\">1 &lt; 2 &amp; it&#39;s<br/>x<!--note--></p><pre>\n\nx</pre></body>"
      "</html>");
  EXPECT_EQ(InnerHtml(*page, One(*page, "p")), "1 &lt; 2 &amp; it&#39;s<br/>x<!--note-->");
  EXPECT_EQ(OuterHtml(*page, One(*page, "br")), "<br/>");
  EXPECT_EQ(InnerHtml(*page, One(*page, "br")), "");
  // What is written is read as the same again.
  EXPECT_EQ(OuterHtml(*Parse(OuterHtml(*page, kDocumentNode)), kDocumentNode),
            OuterHtml(*page, kDocumentNode));
}

TEST(DocumentTest, BytesThatAreNoText) {
  const Page page = Parse(std::string_view("<p>a\0b\xff</p>", 12));
  EXPECT_THAT(page->TextContent(One(*page, "p")), HasSubstr("b\xEF\xBF\xBD"));
}

}  // namespace
}  // namespace kload::html
