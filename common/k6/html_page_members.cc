// What links, tables and the rest have besides their attributes.
#include <array>
#include <string>

#include "common/html/url.h"
#include "common/k6/html_element_members.h"

namespace kload::k6 {
namespace {

using html::Document;
using html::kNoNode;
using html::NodeId;
using html::Nodes;

js::Value Text(Realm& realm, std::string_view text) { return js::String(realm.cx, text); }

// ---- Links ----

html::UrlParts Link(const ElementRef& self) {
  return html::SplitUrl(
      html::ResolveUrl(self.page->url, self.document().AttributeOr(self.node, "href")));
}

js::Value Origin(Realm& realm, const ElementRef& self) {
  const html::UrlParts url = Link(self);
  return Text(realm, url.has_authority ? url.scheme + "://" + url.host() : "");
}

// ---- Tables ----

// Rows of a table, in the order of its sections.
Nodes TableRows(const Document& document, NodeId table) {
  Nodes rows;
  for (const NodeId child : document.Children(table, true)) {
    if (document.is(child, "tr")) {
      rows.push_back(child);
    } else if (ListsElement(" thead tbody tfoot ", document.name(child))) {
      const Nodes own = ChildrenNamed(document, child, " tr ");
      rows.insert(rows.end(), own.begin(), own.end());
    }
  }
  return rows;
}

constexpr std::string_view kHref = " a area ";

constexpr std::array kMembers = {
    // ---- Links ----
    ElementMember{kHref, "hash",
                  [](Realm& realm, const ElementRef& self) {
                    const html::UrlParts url = Link(self);
                    return Text(realm, url.fragment.empty() ? "" : "#" + url.fragment);
                  }},
    ElementMember{
        kHref, "host",
        [](Realm& realm, const ElementRef& self) { return Text(realm, Link(self).host()); }},
    ElementMember{
        kHref, "hostname",
        [](Realm& realm, const ElementRef& self) { return Text(realm, Link(self).hostname()); }},
    ElementMember{kHref, "origin", Origin},
    ElementMember{
        kHref, "password",
        [](Realm& realm, const ElementRef& self) { return Text(realm, Link(self).password()); }},
    ElementMember{
        kHref, "pathname",
        [](Realm& realm, const ElementRef& self) { return Text(realm, Link(self).path); }},
    ElementMember{
        kHref, "port",
        [](Realm& realm, const ElementRef& self) { return Text(realm, Link(self).port()); }},
    ElementMember{kHref, "protocol",
                  [](Realm& realm, const ElementRef& self) {
                    const std::string scheme = Link(self).scheme;
                    return Text(realm, scheme.empty() ? "" : scheme + ":");
                  }},
    ElementMember{kHref, "search",
                  [](Realm& realm, const ElementRef& self) {
                    const html::UrlParts url = Link(self);
                    return Text(realm, url.query.empty() ? "" : "?" + url.query);
                  }},
    ElementMember{
        kHref, "username",
        [](Realm& realm, const ElementRef& self) { return Text(realm, Link(self).username()); }},
    ElementMember{" a area link ", "relList",
                  [](Realm& realm, const ElementRef& self) {
                    return NewWords(realm.cx, self.document().AttributeOr(self.node, "rel"));
                  }},
    ElementMember{" a area option script title ", "text",
                  [](Realm& realm, const ElementRef& self) {
                    return Text(realm, self.document().TextContent(self.node));
                  }},
    // ---- Tables and media ----
    ElementMember{" map ", "areas",
                  [](Realm& realm, const ElementRef& self) {
                    return NewElements(realm, self.page,
                                       ElementsWithin(self.document(), self.node, " area "));
                  }},
    ElementMember{" map ", "images",
                  [](Realm& realm, const ElementRef& self) {
                    const std::string map =
                        "#" + std::string(self.document().AttributeOr(self.node, "name"));
                    Nodes images =
                        ElementsWithin(self.document(), html::kDocumentNode, " img object ");
                    std::erase_if(images, [&](NodeId image) {
                      return self.document().AttributeOr(image, "usemap") != map;
                    });
                    return NewElements(realm, self.page, images);
                  }},
    ElementMember{" audio video ", "textTracks",
                  [](Realm& realm, const ElementRef& self) {
                    return NewElements(realm, self.page,
                                       ElementsWithin(self.document(), self.node, " track "));
                  }},
    ElementMember{
        " style ", "type",
        [](Realm& realm, const ElementRef& self) {
          return Text(realm, self.document().FindAttribute(self.node, "type").value_or("text/css"));
        }},
    ElementMember{" table ", "caption",
                  [](Realm& realm, const ElementRef& self) {
                    return NewElement(
                        realm, self.page,
                        FirstOf(ChildrenNamed(self.document(), self.node, " caption ")));
                  }},
    ElementMember{" table ", "rows",
                  [](Realm& realm, const ElementRef& self) {
                    return NewElements(realm, self.page, TableRows(self.document(), self.node));
                  }},
    ElementMember{" table ", "tBodies",
                  [](Realm& realm, const ElementRef& self) {
                    return NewElements(realm, self.page,
                                       ChildrenNamed(self.document(), self.node, " tbody "));
                  }},
    ElementMember{" table ", "tFoot",
                  [](Realm& realm, const ElementRef& self) {
                    return NewElement(
                        realm, self.page,
                        FirstOf(ChildrenNamed(self.document(), self.node, " tfoot ")));
                  }},
    ElementMember{" table ", "tHead",
                  [](Realm& realm, const ElementRef& self) {
                    return NewElement(
                        realm, self.page,
                        FirstOf(ChildrenNamed(self.document(), self.node, " thead ")));
                  }},
    ElementMember{" tbody tfoot thead ", "rows",
                  [](Realm& realm, const ElementRef& self) {
                    return NewElements(realm, self.page,
                                       ChildrenNamed(self.document(), self.node, " tr "));
                  }},
    ElementMember{" tr ", "cells",
                  [](Realm& realm, const ElementRef& self) {
                    return NewElements(realm, self.page,
                                       ChildrenNamed(self.document(), self.node, " td th "));
                  }},
    ElementMember{" tr ", "rowIndex",
                  [](Realm& realm, const ElementRef& self) {
                    const NodeId table = ElementAround(self.document(), self.node, " table ");
                    return PositionIn(
                        realm, table == kNoNode ? Nodes() : TableRows(self.document(), table),
                        self.node);
                  }},
    ElementMember{
        " tr ", "sectionRowIndex",
        [](Realm& realm, const ElementRef& self) {
          const NodeId section = self.document().parent_element(self.node);
          return PositionIn(
              realm, section == kNoNode ? Nodes() : ChildrenNamed(self.document(), section, " tr "),
              self.node);
        }},
    ElementMember{" td th ", "cellIndex",
                  [](Realm& realm, const ElementRef& self) {
                    const NodeId row = self.document().parent_element(self.node);
                    return PositionIn(
                        realm,
                        row == kNoNode ? Nodes() : ChildrenNamed(self.document(), row, " td th "),
                        self.node);
                  }},
};

}  // namespace

std::span<const ElementMember> PageMembers() { return kMembers; }

}  // namespace kload::k6
