// A script with a parsed page, for the tests of k6/html.
#pragma once

#include "tests/unit/common/k6/fake_host.h"

namespace kload::k6 {

class HtmlPageTest : public ScriptTest {
 protected:
  // What String(expression) is, with the page's Selection as `doc`, and as `ids` a function that shows a Selection as
  // the ids of its nodes between blanks.
  std::string Show(const std::string& expression) {
    const std::vector<std::string> lines =
        Printed("console.log(String(" + expression + "))", Init());
    return lines.size() == 1 ? lines[0] : "?";
  }
  std::string Json(const std::string& expression) {
    return Show("JSON.stringify(" + expression + ")");
  }
  std::string Error(const std::string& expression) { return Thrown(expression + ";", Init()); }
  std::string Init() const {
    return "import { parseHTML } from 'k6/html'; const doc = parseHTML(`" + page_ +
           "`); const ids = (s) => s.map((i, e) => e.attr('id') || e.get(0).nodeName()).join(' ');";
  }

  std::string page_;
};

}  // namespace kload::k6
