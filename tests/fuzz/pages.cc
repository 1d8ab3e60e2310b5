// Pages that scripts parse, selectors that they look for, and sources whose imports are searched. A selector comes first, up to
// the end of its line.
#include <algorithm>
#include <string>

#include "common/html/document.h"
#include "common/html/form.h"
#include "common/html/selector.h"
#include "common/html/url.h"
#include "common/k6/import_scan.h"
#include "tests/fuzz/target.h"

KLOAD_FUZZ(bytes) {
  using namespace kload::html;
  (void)kload::k6::ScanImports(bytes);
  (void)kload::k6::ScanRequires(bytes);
  (void)ResolveUrl("http://a.example/b/c?d", bytes.substr(0, 200));
  const std::string_view line = bytes.substr(0, bytes.find('\n'));
  const auto selector = Selector::Parse(line);
  const auto document = Document::Parse(bytes.substr(std::min(line.size() + 1, bytes.size())));
  if (!document.ok()) return;
  const NodeId root = kDocumentNode;
  (void)OuterHtml(**document, root);
  if (selector.ok()) (void)selector->Find(**document, root);
}
