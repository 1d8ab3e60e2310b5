#include "common/k6/html_objects.h"

#include <fmt/format.h>

#include <utility>

#include "common/base/status.h"
#include "common/js/function.h"

namespace kload::k6 {
namespace {

// Of the pages that a script holds at once, when its VU has no memory limit.
constexpr size_t kPagesBytesMax = size_t{256} << 20;

JSClassID SelectionClass() {
  static const JSClassID id = js::NewClassId();
  return id;
}

JSClassID ElementClass() {
  static const JSClassID id = js::NewClassId();
  return id;
}

void FinalizeSelection(JSRuntime*, JSValue self) noexcept {
  delete static_cast<Set*>(JS_GetOpaque(self, SelectionClass()));
}

void FinalizeElement(JSRuntime*, JSValue self) noexcept {
  delete static_cast<ElementRef*>(JS_GetOpaque(self, ElementClass()));
}

bool NewClass(JSContext* cx, JSClassID id, const char* name, JSClassFinalizer* finalizer) {
  const JSClassDef definition = {.class_name = name,
                                 .finalizer = finalizer,
                                 .gc_mark = nullptr,
                                 .call = nullptr,
                                 .exotic = nullptr};
  return JS_NewClass(JS_GetRuntime(cx), id, &definition) == 0;
}

size_t LimitOf(const Realm& realm) {
  return realm.settings.memory_limit_bytes != 0 ? realm.settings.memory_limit_bytes
                                                : kPagesBytesMax;
}

// The prototype of an element, made when the first one of its name is seen.
JSValueConst PrototypeFor(JSContext* cx, HtmlObjects& objects, std::string_view name) {
  auto known = objects.element_prototypes.find(name);
  if (known == objects.element_prototypes.end()) {
    js::Value own = NewElementPrototype(cx, name, objects.element_prototype.get());
    // Pages choose their names: those that are nothing special are not remembered.
    if (own.IsUndefined() || own.IsException()) return objects.element_prototype.get();
    known = objects.element_prototypes.emplace(name, std::move(own)).first;
  }
  return known->second.get();
}

}  // namespace

HtmlPage::HtmlPage(std::shared_ptr<const html::Document> document_in, std::string url_in,
                   std::shared_ptr<PageMemory> memory_in)
    : document(std::move(document_in)), url(std::move(url_in)), memory(std::move(memory_in)) {
  memory->used_bytes += document->memory_bytes();
}

HtmlPage::~HtmlPage() { memory->used_bytes -= document->memory_bytes(); }

NodeSet::NodeSet(Page page_in, html::Nodes nodes_in, Set previous_in)
    : page(std::move(page_in)), nodes(std::move(nodes_in)), previous(std::move(previous_in)) {}

// A loop of `s = s.next()` makes a long chain, which must not be freed by as deep a recursion.
NodeSet::~NodeSet() {
  while (previous != nullptr && previous.use_count() == 1) {
    Set before = std::move(previous->previous);
    previous = std::move(before);
  }
}

HtmlObjects* HtmlObjectsOf(Realm& realm) {
  if (realm.html != nullptr) return realm.html.get();
  JSContext* cx = realm.cx;
  if (!NewClass(cx, SelectionClass(), "Selection", FinalizeSelection) ||
      !NewClass(cx, ElementClass(), "Element", FinalizeElement)) {
    return nullptr;
  }
  auto objects = std::make_shared<HtmlObjects>();
  objects->memory = std::make_shared<PageMemory>();
  objects->selection_prototype = js::Object(cx);
  DefineTraversal(cx, objects->selection_prototype.get());
  DefineContent(cx, objects->selection_prototype.get());
  objects->element_prototype = js::Object(cx);
  DefineElement(cx, objects->element_prototype.get());
  objects->attribute_prototype = js::Object(cx);
  DefineAttribute(cx, objects->attribute_prototype.get());
  realm.html = std::move(objects);
  return realm.html.get();
}

js::Value ParsePage(Realm& realm, const char* function, std::string_view source, std::string url) {
  HtmlObjects* objects = HtmlObjectsOf(realm);
  if (objects == nullptr) return js::Thrown(realm.cx);
  auto document = html::Document::Parse(source);
  if (!document.ok()) {
    return js::ThrowRangeError(realm.cx,
                               fmt::format("{}: {}", function, Message(document.status())));
  }
  const size_t bytes = (*document)->memory_bytes();
  const size_t limit = LimitOf(realm);
  if (objects->memory->used_bytes + bytes > limit) JS_RunGC(JS_GetRuntime(realm.cx));
  if (objects->memory->used_bytes + bytes > limit) {
    return js::ThrowRangeError(
        realm.cx,
        fmt::format("{}: the pages that this script holds on to would take {} MiB, {} are "
                    "the most; keep texts instead of Selections and Elements",
                    function, (objects->memory->used_bytes + bytes) >> 20, limit >> 20));
  }
  return NewSelection(
      realm,
      std::make_shared<const HtmlPage>(*std::move(document), std::move(url), objects->memory),
      {html::kDocumentNode});
}

js::Value NewSelection(Realm& realm, Page page, html::Nodes nodes, Set previous) {
  HtmlObjects* objects = HtmlObjectsOf(realm);
  if (objects == nullptr) return js::Thrown(realm.cx);
  js::Value object(realm.cx, JS_NewObjectProtoClass(realm.cx, objects->selection_prototype.get(),
                                                    SelectionClass()));
  if (object.IsException()) return object;
  auto set = std::make_unique<Set>(
      std::make_shared<NodeSet>(std::move(page), std::move(nodes), std::move(previous)));
  JS_SetOpaque(object.get(), set.release());
  return object;
}

js::Value NewElement(Realm& realm, const Page& page, html::NodeId node) {
  if (node == html::kNoNode) return js::Undefined(realm.cx);
  HtmlObjects* objects = HtmlObjectsOf(realm);
  if (objects == nullptr) return js::Thrown(realm.cx);
  const html::Document& document = *page->document;
  JSValueConst prototype =
      document.is_element(node) && document.name_space(node) == html::Namespace::kHtml
          ? PrototypeFor(realm.cx, *objects, document.name(node))
          : objects->element_prototype.get();
  js::Value object(realm.cx, JS_NewObjectProtoClass(realm.cx, prototype, ElementClass()));
  if (object.IsException()) return object;
  JS_SetOpaque(object.get(), std::make_unique<ElementRef>(ElementRef{page, node}).release());
  return object;
}

js::Value NewElements(Realm& realm, const Page& page, const html::Nodes& nodes) {
  js::Value array = js::Array(realm.cx);
  if (array.IsException()) return array;
  for (uint32_t i = 0; i < nodes.size(); ++i) {
    js::Value element = NewElement(realm, page, nodes[i]);
    if (element.IsException()) return element;
    JS_DefinePropertyValueUint32(realm.cx, array.get(), i, element.Release(), JS_PROP_C_W_E);
  }
  return array;
}

const Set* SelectionOf(JSValueConst value) {
  return static_cast<const Set*>(JS_GetOpaque(value, SelectionClass()));
}

const ElementRef* ElementOf(JSValueConst value) {
  return static_cast<const ElementRef*>(JS_GetOpaque(value, ElementClass()));
}

}  // namespace kload::k6
