// The names of common/http/url.h that this folder speaks in.
#pragma once

#include "common/http/url.h"

namespace kload::agent {

using http::IsAbsoluteUrl;
using http::IsSameOrSubdomain;
using http::ParseUrl;
using http::ResolveReference;
using http::Target;

}  // namespace kload::agent
