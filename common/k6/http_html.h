// What a Response does with a page: html(), submitForm(), clickLink().
#pragma once

#include <quickjs.h>

namespace kload::k6 {

void DefineHtmlMethods(JSContext* cx, JSValueConst response_prototype);

}  // namespace kload::k6
