// Steps between sets of nodes.
#include "common/html/traverse.h"

#include "tests/unit/common/html/page.h"

namespace kload::html {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class TraverseTest : public ::testing::Test {
 protected:
  std::vector<std::string> Go(std::string_view from, Step step, const NodeTest& until = nullptr) {
    return Show(*page_, Walk(*page_, Find(*page_, from), step, until));
  }
  NodeTest Is(std::string_view selector) {
    return [this, parsed = *Selector::Parse(selector)](NodeId node) {
      return parsed.Matches(*page_, node);
    };
  }

  const Page page_ = Parse(
      "<body id=body><div id=d>text<p id=p1><b id=b1></b></p><p id=p2><b id=b2></b></p><p "
      "id=p3></p></div></body>");
};

TEST_F(TraverseTest, Down) {
  EXPECT_THAT(Go("#d", Step::kChildren), ElementsAre("p#p1", "p#p2", "p#p3"));
  EXPECT_THAT(Go("#d", Step::kContents), ElementsAre("'text'", "p#p1", "p#p2", "p#p3"));
  EXPECT_THAT(Go("p", Step::kChildren), ElementsAre("b#b1", "b#b2"));
}

TEST_F(TraverseTest, Beside) {
  EXPECT_THAT(Go("#p1", Step::kNext), ElementsAre("p#p2"));
  EXPECT_THAT(Go("p", Step::kNext), ElementsAre("p#p2", "p#p3"));
  EXPECT_THAT(Go("#p3", Step::kNext), IsEmpty());
  EXPECT_THAT(Go("#p1", Step::kNextAll), ElementsAre("p#p2", "p#p3"));
  EXPECT_THAT(Go("#p3", Step::kPrev), ElementsAre("p#p2"));
  EXPECT_THAT(Go("#p3", Step::kPrevAll), ElementsAre("p#p2", "p#p1"));
  EXPECT_THAT(Go("#p2", Step::kSiblings), ElementsAre("p#p1", "p#p3"));
  EXPECT_THAT(Go("#p1, #p2", Step::kSiblings), ElementsAre("p#p1", "p#p2", "p#p3"));
  EXPECT_THAT(Go("#p1", Step::kNextAll, Is("#p3")), ElementsAre("p#p2"));
  EXPECT_THAT(Go("#p3", Step::kPrevAll, Is("#p1")), ElementsAre("p#p2"));
}

TEST_F(TraverseTest, Up) {
  EXPECT_THAT(Go("b", Step::kParent), ElementsAre("p#p1", "p#p2"));
  EXPECT_THAT(Go("p", Step::kParent), ElementsAre("div#d"));
  EXPECT_THAT(Go("html", Step::kParent), IsEmpty());
  EXPECT_THAT(Go("#b1", Step::kParents), ElementsAre("p#p1", "div#d", "body#body", "html"));
  EXPECT_THAT(Go("#b1", Step::kParents, Is("body")), ElementsAre("p#p1", "div#d"));
  EXPECT_THAT(Show(*page_, Closest(*page_, Find(*page_, "b"), Is("p, div"))),
              ElementsAre("p#p1", "p#p2"));
  EXPECT_THAT(Show(*page_, Closest(*page_, Find(*page_, "b, p"), Is("div"))), ElementsAre("div#d"));
  EXPECT_THAT(Show(*page_, Closest(*page_, Find(*page_, "b"), Is("ul"))), IsEmpty());
}

TEST_F(TraverseTest, TheDocumentHasNoNeighbours) {
  for (const Step step :
       {Step::kNext, Step::kPrevAll, Step::kParent, Step::kParents, Step::kSiblings}) {
    EXPECT_THAT(Walk(*page_, {kDocumentNode}, step), IsEmpty());
  }
  EXPECT_THAT(Show(*page_, Walk(*page_, {kDocumentNode}, Step::kChildren)), ElementsAre("html"));
}

}  // namespace
}  // namespace kload::html
