// The objects of `k6/html`: a Selection is a set of a page's nodes, an Element one of them. Both are only references: the
// page lives as long as any of them, and dies with the last.
//
// Thread: that of the engine.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/html/document.h"
#include "common/html/form.h"
#include "common/html/traverse.h"
#include "common/k6/realm.h"

namespace kload::k6 {

// What the pages of one script take, which the engine's own memory limit does not see.
struct PageMemory {
  size_t used_bytes = 0;
};

// Owned by the objects that point into it; immutable.
struct HtmlPage {
  HtmlPage(std::shared_ptr<const html::Document> document, std::string url,
           std::shared_ptr<PageMemory> memory);
  ~HtmlPage();
  HtmlPage(const HtmlPage&) = delete;
  HtmlPage& operator=(const HtmlPage&) = delete;

  const std::shared_ptr<const html::Document> document;
  const std::string url;  // what references in it are relative to; empty: unknown
  const std::shared_ptr<PageMemory> memory;
};
using Page = std::shared_ptr<const HtmlPage>;

// A Selection's content; immutable but for its end.
struct NodeSet {
  NodeSet(Page page, html::Nodes nodes, std::shared_ptr<NodeSet> previous);
  ~NodeSet();
  NodeSet(const NodeSet&) = delete;
  NodeSet& operator=(const NodeSet&) = delete;

  const html::Document& document() const { return *page->document; }

  const Page page;
  const html::Nodes nodes;
  std::shared_ptr<NodeSet> previous;  // what end() goes back to; null: nothing
};
using Set = std::shared_ptr<NodeSet>;

struct ElementRef {
  Page page;
  html::NodeId node = html::kDocumentNode;
  const html::Document& document() const { return *page->document; }
};

// Classes and prototypes of one realm.
struct HtmlObjects {
  js::Value selection_prototype;
  js::Value element_prototype;    // what all elements have
  js::Value attribute_prototype;  // of what Element.attributes() holds
  std::map<std::string, js::Value, std::less<>> element_prototypes;  // by the element's name
  std::shared_ptr<PageMemory> memory;
};

// Made when they are first asked for: a script without HTML pays nothing. Null with an exception pending.
HtmlObjects* HtmlObjectsOf(Realm& realm);

// The Selection that holds the document node of this source. `function` for messages: "parseHTML()".
js::Value ParsePage(Realm& realm, const char* function, std::string_view source, std::string url);

js::Value NewSelection(Realm& realm, Page page, html::Nodes nodes, Set previous = nullptr);
// undefined for kNoNode.
js::Value NewElement(Realm& realm, const Page& page, html::NodeId node);
js::Value NewElements(Realm& realm, const Page& page, const html::Nodes& nodes);

// The object's content; null for any other value, without an exception.
const Set* SelectionOf(JSValueConst value);
const ElementRef* ElementOf(JSValueConst value);

// A list of words that blanks separate, as an attribute such as `class` is.
std::vector<std::string> Words(std::string_view text);
js::Value NewWords(JSContext* cx, std::string_view text);

// {name: value}; an array of values for a name that comes more than once.
js::Value FieldsToObject(JSContext* cx, const std::vector<html::Field>& fields);

// ---- Members, one file each ----
void DefineTraversal(JSContext* cx, JSValueConst selection_prototype);
void DefineContent(JSContext* cx, JSValueConst selection_prototype);
void DefineElement(JSContext* cx, JSValueConst element_prototype);
void DefineAttributeAccess(JSContext* cx, JSValueConst element_prototype);
void DefineAttribute(JSContext* cx, JSValueConst attribute_prototype);
// What elements of this name have besides, as an object on top of `element_prototype`; undefined: nothing.
js::Value NewElementPrototype(JSContext* cx, std::string_view name, JSValueConst element_prototype);

}  // namespace kload::k6
