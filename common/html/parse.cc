// gumbo's tree -> ours. The only file that knows gumbo.
#include <gumbo.h>

#include <csetjmp>
#include <cstdlib>
#include <cstring>
#include <map>
#include <new>
#include <utility>

#include "common/html/ascii.h"
#include "common/html/depth.h"
#include "common/html/document.h"

namespace kload::html {
namespace {

// What gumbo allocates, freed all at once: its own way to free a tree recurses as deep as the tree is, and scripts run
// on small stacks. Nothing here may throw, since C code calls it.
class Arena {
 public:
  Arena() = default;
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;
  ~Arena() {
    while (last_ != nullptr) std::free(std::exchange(last_, last_->before));
  }

  // gumbo's tree of the source; null when that takes more than `Document::kParseBytesMax`. gumbo knows no failure to
  // allocate, so it is left by a jump: all that it holds is in here, and none of the frames between has a destructor.
  const GumboOutput* Parse(std::string_view source) {
    if (setjmp(exhausted_) != 0) return nullptr;
    GumboOptions options = kGumboDefaultOptions;
    options.allocator = [](void* self, size_t size) {
      return static_cast<Arena*>(self)->Take(size);
    };
    options.deallocator = [](void*, void*) {};
    options.userdata = this;
    options.max_errors = 0;
    return gumbo_parse_with_options(&options, source.data(), source.size());
  }

 private:
  // Blocks grow, so that small pages take little and large ones few of them.
  static constexpr size_t kFirstBlockBytes = size_t{16} << 10;
  static constexpr size_t kBlockBytesMax = size_t{1} << 20;
  struct alignas(std::max_align_t) Block {
    Block* before;
  };

  void* Take(size_t size) {
    size = (size + alignof(std::max_align_t) - 1) / alignof(std::max_align_t) *
           alignof(std::max_align_t);
    if (size > left_) NewBlock(size);
    void* taken = next_;
    next_ += size;
    left_ -= size;
    return taken;
  }

  void NewBlock(size_t at_least) {
    const size_t size = std::max(at_least, block_bytes_);
    block_bytes_ = std::min(block_bytes_ * 2, kBlockBytesMax);
    used_bytes_ += size;
    void* memory =
        used_bytes_ <= Document::kParseBytesMax ? std::malloc(sizeof(Block) + size) : nullptr;
    if (memory == nullptr) std::longjmp(exhausted_, 1);
    last_ = new (memory) Block{last_};
    next_ = static_cast<char*>(memory) + sizeof(Block);
    left_ = size;
  }

  std::jmp_buf exhausted_;
  Block* last_ = nullptr;
  char* next_ = nullptr;
  size_t left_ = 0;
  size_t block_bytes_ = kFirstBlockBytes;
  size_t used_bytes_ = 0;
};

bool HasChildren(const GumboNode& node) {
  return node.type == GUMBO_NODE_DOCUMENT || node.type == GUMBO_NODE_ELEMENT ||
         node.type == GUMBO_NODE_TEMPLATE;
}

const GumboVector& ChildrenOf(const GumboNode& node) {
  return node.type == GUMBO_NODE_DOCUMENT ? node.v.document.children : node.v.element.children;
}

std::string ElementName(const GumboElement& element) {
  GumboStringPiece original = element.original_tag;
  if (element.tag_namespace == GUMBO_NAMESPACE_SVG && original.length > 0) {
    gumbo_tag_from_original_text(&original);
    if (const char* name = gumbo_normalize_svg_tagname(&original)) return name;
  }
  if (element.tag != GUMBO_TAG_UNKNOWN) return gumbo_normalized_tagname(element.tag);
  original = element.original_tag;
  if (original.data == nullptr) return "unknown";
  gumbo_tag_from_original_text(&original);
  return Lower(std::string_view(original.data, original.length));
}

std::string AttributeName(const GumboAttribute& attribute) {
  switch (attribute.attr_namespace) {
    case GUMBO_ATTR_NAMESPACE_XLINK:
      return std::string("xlink:") + attribute.name;
    case GUMBO_ATTR_NAMESPACE_XML:
      return std::string("xml:") + attribute.name;
    case GUMBO_ATTR_NAMESPACE_XMLNS:
      return std::strcmp(attribute.name, "xmlns") == 0 ? "xmlns"
                                                       : std::string("xmlns:") + attribute.name;
    case GUMBO_ATTR_NAMESPACE_NONE:
      break;
  }
  return attribute.name;
}

// What stands between an element's tags in the source.
std::string_view SourceWithin(const GumboElement& element, std::string_view source) {
  if (element.original_tag.data == nullptr) return {};
  const char* begin = element.original_tag.data + element.original_tag.length;
  const char* end = element.original_end_tag.data != nullptr ? element.original_end_tag.data
                                                             : source.data() + source.size();
  return begin <= end ? std::string_view(begin, static_cast<size_t>(end - begin))
                      : std::string_view();
}

}  // namespace

class Builder {
 public:
  explicit Builder(std::string_view source) : source_(source), document_(new Document()) {}

  std::shared_ptr<const Document> Build(const GumboNode& root) {
    Open(root);
    while (!open_.empty()) {
      Level& level = open_.back();
      const GumboVector& children = ChildrenOf(*level.node);
      if (level.next == children.length) {
        document_->nodes_[level.id].end = document_->size();
        open_.pop_back();
        continue;
      }
      const auto& child = *static_cast<const GumboNode*>(children.data[level.next++]);
      if (HasChildren(child)) {
        Open(child);
      } else {
        AddText(child.type == GUMBO_NODE_COMMENT ? NodeType::kComment : NodeType::kText,
                child.v.text.text);
      }
    }
    document_->nodes_.shrink_to_fit();
    document_->attributes_.shrink_to_fit();
    document_->pool_.shrink_to_fit();
    return std::shared_ptr<const Document>(std::move(document_));
  }

 private:
  struct Level {
    const GumboNode* node;
    NodeId id;
    unsigned next = 0;            // child
    NodeId last_child = kNoNode;  // so far
  };

  // A node without children so far, below the innermost open one.
  NodeId Add(NodeType type) {
    const NodeId id = document_->size();
    Document::Node& node = document_->nodes_.emplace_back();
    node.type = type;
    node.end = id + 1;
    node.first_attribute = static_cast<uint32_t>(document_->attributes_.size());
    if (!open_.empty()) {
      node.parent = open_.back().id;
      node.previous = std::exchange(open_.back().last_child, id);
    }
    return id;
  }

  void Open(const GumboNode& node) {
    if (node.type == GUMBO_NODE_DOCUMENT) {
      open_.push_back({&node, Add(NodeType::kDocument)});
      if (node.v.document.has_doctype) AddDoctype(node.v.document);
      return;
    }
    const GumboElement& element = node.v.element;
    const NodeId id = Add(NodeType::kElement);
    const std::string name = ElementName(element);
    document_->nodes_[id].text = Shared(name);
    document_->nodes_[id].name_space = static_cast<Namespace>(element.tag_namespace);
    for (unsigned i = 0; i < element.attributes.length; ++i) {
      const auto& attribute = *static_cast<const GumboAttribute*>(element.attributes.data[i]);
      AddAttribute(id, AttributeName(attribute), attribute.value);
    }
    open_.push_back({&node, id});
    // k6 reads pages as a browser that runs scripts: what is in a noscript is one text.
    if (name == "noscript" && element.tag_namespace == GUMBO_NAMESPACE_HTML) {
      AddText(NodeType::kText, SourceWithin(element, source_));
      open_.back().next = element.children.length;
    }
  }

  void AddDoctype(const GumboDocument& doctype) {
    const NodeId id = Add(NodeType::kDoctype);
    document_->nodes_[id].text = Append(doctype.name);
    AddAttribute(id, "public", doctype.public_identifier);
    AddAttribute(id, "system", doctype.system_identifier);
  }

  void AddText(NodeType type, std::string_view text) {
    if (text.empty() && type == NodeType::kText) return;
    const NodeId id = Add(type);
    document_->nodes_[id].text = Append(text);
  }

  void AddAttribute(NodeId node, const std::string& name, std::string_view value) {
    document_->attributes_.push_back({Shared(name), Append(value)});
    ++document_->nodes_[node].attribute_count;
  }

  void AddAttribute(NodeId node, const std::string& name, const char* value) {
    AddAttribute(node, name, value == nullptr ? std::string_view() : std::string_view(value));
  }

  Document::Piece Append(std::string_view text) {
    const Document::Piece piece{static_cast<uint32_t>(document_->pool_.size()),
                                static_cast<uint32_t>(text.size())};
    document_->pool_ += text;
    return piece;
  }

  // Names come again and again.
  Document::Piece Shared(const std::string& name) {
    const auto known = names_.find(name);
    if (known != names_.end()) return known->second;
    return names_[name] = Append(name);
  }

  const std::string_view source_;
  std::unique_ptr<Document> document_;
  std::vector<Level> open_;
  std::map<std::string, Document::Piece> names_;
};

absl::StatusOr<std::shared_ptr<const Document>> Document::Parse(std::string_view source) {
  if (source.size() > kSourceBytesMax) {
    return absl::ResourceExhaustedError(
        "the page has " + std::to_string(source.size() >> 20) + " MiB; pages of up to " +
        std::to_string(kSourceBytesMax >> 20) + " MiB can be parsed");
  }
  if (DepthOf(source) > kDepthMax) {
    return absl::ResourceExhaustedError("the page has more than " + std::to_string(kDepthMax) +
                                        " elements within each other, or as many that are never "
                                        "closed");
  }
  Arena arena;
  const GumboOutput* output = arena.Parse(source);
  if (output == nullptr) {
    return absl::ResourceExhaustedError("the page takes more than " +
                                        std::to_string(kParseBytesMax >> 20) + " MiB to parse");
  }
  return Builder(source).Build(*output->document);
}

}  // namespace kload::html
