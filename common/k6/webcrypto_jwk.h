// What importing and exporting JSON Web Keys share. Source: RFC 7518.
#pragma once

#include <openssl/bn.h>
#include <openssl/core_names.h>

#include <array>
#include <memory>
#include <string>
#include <utility>

#include "common/k6/webcrypto.h"

namespace kload::k6::webcrypto {

using Bignum = std::unique_ptr<BIGNUM, decltype(&BN_free)>;

// Member of a JWK and the name of OpenSSL's parameter.
using Component = std::pair<const char*, const char*>;
inline constexpr std::array<Component, 8> kRsaComponents = {{
    {"n", OSSL_PKEY_PARAM_RSA_N},
    {"e", OSSL_PKEY_PARAM_RSA_E},
    {"d", OSSL_PKEY_PARAM_RSA_D},
    {"p", OSSL_PKEY_PARAM_RSA_FACTOR1},
    {"q", OSSL_PKEY_PARAM_RSA_FACTOR2},
    {"dp", OSSL_PKEY_PARAM_RSA_EXPONENT1},
    {"dq", OSSL_PKEY_PARAM_RSA_EXPONENT2},
    {"qi", OSSL_PKEY_PARAM_RSA_COEFFICIENT1},
}};

// `alg` of a JWK; empty where there is none.
std::string JwkAlgorithm(const KeyParams& params, size_t secret_bytes);

}  // namespace kload::k6::webcrypto
