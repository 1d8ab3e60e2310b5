#include "common/js/name_list.h"

#include "common/base/check.h"

namespace kload::js {

NameList::NameList(JSContext* cx, std::span<const char* const> names)
    : count_(names.size()), cx_(cx) {
  KLOAD_CHECK(count_ <= kMax, "more names than a list has place for");
  for (size_t i = 0; i < count_; ++i) atoms_[i] = JS_NewAtom(cx, names[i]);
}

NameList::~NameList() {
  for (const JSAtom atom : atoms()) JS_FreeAtom(cx_, atom);
}

}  // namespace kload::js
