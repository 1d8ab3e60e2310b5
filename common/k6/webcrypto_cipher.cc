// encrypt() and decrypt(): AES-CBC, AES-CTR, AES-GCM, RSA-OAEP.

#include <fmt/format.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <array>
#include <utility>

#include "common/k6/webcrypto.h"

namespace kload::k6::webcrypto {
namespace {

enum Direction { kDecipher = 0, kEncipher = 1 };
constexpr size_t kBlock = 16;
constexpr size_t kDataBytesMax = size_t{1} << 30;  // OpenSSL counts in int

using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;
using PkeyContext = std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)>;
using Result = std::optional<std::string>;

const EVP_CIPHER* CipherOf(Algorithm algorithm, size_t key_bytes) {
  using Make = const EVP_CIPHER* (*)();
  constexpr std::array<std::array<Make, 3>, 3> kCiphers = {{
      {EVP_aes_128_cbc, EVP_aes_192_cbc, EVP_aes_256_cbc},
      {EVP_aes_128_ctr, EVP_aes_192_ctr, EVP_aes_256_ctr},
      {EVP_aes_128_gcm, EVP_aes_192_gcm, EVP_aes_256_gcm},
  }};
  const size_t row = algorithm == Algorithm::kAesCbc ? 0 : algorithm == Algorithm::kAesCtr ? 1 : 2;
  return kCiphers[row][key_bytes / 8 - 2]();
}

Result Failed(JSContext* cx, Direction direction) {
  ThrowDom(cx, "OperationError",
           direction == kEncipher
               ? "encrypt failed"
               : "decrypt failed: another key, other parameters, or changed data");
  return std::nullopt;
}

// One run of a block cipher without authentication; nothing when it fails.
Result RunCipher(const Key& key, const std::string& iv, std::string_view data,
                 Direction direction) {
  const CipherContext context(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
  std::string out(data.size() + kBlock, '\0');
  int size = 0;
  int rest = 0;
  const bool ok = EVP_CipherInit_ex(context.get(), CipherOf(key.algorithm, key.secret.size()),
                                    nullptr, Bytes(key.secret), Bytes(iv), direction) == 1 &&
                  EVP_CipherUpdate(context.get(), Bytes(out), &size, Bytes(data),
                                   static_cast<int>(data.size())) == 1 &&
                  EVP_CipherFinal_ex(context.get(), Bytes(out) + size, &rest) == 1;
  if (!ok) return std::nullopt;
  out.resize(static_cast<size_t>(size + rest));
  return out;
}

Result Cbc(JSContext* cx, JSValueConst algorithm, const Key& key, const std::string& data,
           Direction direction) {
  const auto iv = ReadBufferOf(cx, algorithm, "iv");
  if (!iv.has_value()) return std::nullopt;
  if (iv->size() != kBlock) {
    ThrowDom(cx, "OperationError", fmt::format("iv: {} bytes instead of 16", iv->size()));
    return std::nullopt;
  }
  auto out = RunCipher(key, *iv, data, direction);
  return out.has_value() ? std::move(out) : Failed(cx, direction);
}

// Blocks until the lowest `bits` of the counter are zero again, as far as a size_t can tell.
uint64_t BlocksToWrap(const std::string& counter, int64_t bits) {
  if (bits >= 64) return UINT64_MAX;  // beyond what memory holds
  uint64_t low = 0;
  for (size_t i = 8; i < kBlock; ++i) low = low << 8 | static_cast<unsigned char>(counter[i]);
  const uint64_t size = uint64_t{1} << bits;
  return size - (low & (size - 1));
}

std::string Wrapped(std::string counter, int64_t bits) {
  for (size_t i = kBlock; bits > 0; bits -= 8) {
    --i;
    const unsigned keep = bits >= 8 ? 0 : 0xffU << bits;
    counter[i] = static_cast<char>(static_cast<unsigned char>(counter[i]) & keep);
  }
  return counter;
}

// Only the lowest `length` bits of the counter count; OpenSSL counts in all of them.
Result Ctr(JSContext* cx, JSValueConst algorithm, const Key& key, const std::string& data,
           Direction direction) {
  const auto counter = ReadBufferOf(cx, algorithm, "counter");
  const auto bits =
      counter.has_value() ? ReadInteger(cx, algorithm, "length", 1, 128) : std::nullopt;
  if (!bits.has_value()) return std::nullopt;
  if (counter->size() != kBlock) {
    ThrowDom(cx, "OperationError", fmt::format("counter: {} bytes instead of 16", counter->size()));
    return std::nullopt;
  }
  const uint64_t blocks = (data.size() + kBlock - 1) / kBlock;
  if (*bits < 64 && blocks > uint64_t{1} << *bits) {
    ThrowDom(cx, "OperationError", fmt::format("length: {} bits count too few blocks", *bits));
    return std::nullopt;
  }
  const uint64_t first = std::min(blocks, BlocksToWrap(*counter, *bits));
  const std::string_view all = data;
  auto out = RunCipher(key, *counter, all.substr(0, first * kBlock), direction);
  if (!out.has_value() || first == blocks) return out.has_value() ? out : Failed(cx, direction);
  const auto rest = RunCipher(key, Wrapped(*counter, *bits), all.substr(first * kBlock), direction);
  if (!rest.has_value()) return Failed(cx, direction);
  return *out + *rest;
}

struct GcmParams {
  std::string iv;
  std::string additional;
  size_t tag_bytes = 16;
};

std::optional<GcmParams> ReadGcm(JSContext* cx, JSValueConst algorithm) {
  auto iv = ReadBufferOf(cx, algorithm, "iv");
  auto additional =
      iv.has_value() ? ReadOptionalBuffer(cx, algorithm, "additionalData") : std::nullopt;
  const auto bits =
      additional.has_value() ? ReadInteger(cx, algorithm, "tagLength", 32, 128, 128) : std::nullopt;
  if (!bits.has_value()) return std::nullopt;
  if (*bits % 8 != 0 || (*bits < 96 && *bits != 32 && *bits != 64) || iv->empty()) {
    ThrowDom(cx, "OperationError",
             "AES-GCM: iv has one byte or more, tagLength is 32, 64 or from 96 to 128 by 8");
    return std::nullopt;
  }
  return GcmParams{.iv = *std::move(iv),
                   .additional = *std::move(additional),
                   .tag_bytes = static_cast<size_t>(*bits / 8)};
}

// `data` without its tag; `tag` is checked or filled.
Result RunGcm(const Key& key, const GcmParams& params, std::string_view data, std::string& tag,
              Direction direction) {
  const CipherContext context(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
  EVP_CIPHER_CTX* const raw = context.get();
  const auto tag_bytes = static_cast<int>(params.tag_bytes);
  std::string out(data.size() + kBlock, '\0');
  int size = 0;
  int rest = 0;
  bool ok =
      EVP_CipherInit_ex(raw, CipherOf(key.algorithm, key.secret.size()), nullptr, nullptr, nullptr,
                        direction) == 1 &&
      EVP_CIPHER_CTX_ctrl(raw, EVP_CTRL_GCM_SET_IVLEN, static_cast<int>(params.iv.size()),
                          nullptr) == 1 &&
      EVP_CipherInit_ex(raw, nullptr, nullptr, Bytes(key.secret), Bytes(params.iv), direction) ==
          1 &&
      EVP_CipherUpdate(raw, nullptr, &size, Bytes(params.additional),
                       static_cast<int>(params.additional.size())) == 1 &&
      EVP_CipherUpdate(raw, Bytes(out), &size, Bytes(data), static_cast<int>(data.size())) == 1;
  if (ok && direction == kDecipher) {
    ok = EVP_CIPHER_CTX_ctrl(raw, EVP_CTRL_GCM_SET_TAG, tag_bytes, tag.data()) == 1;
  }
  ok = ok && EVP_CipherFinal_ex(raw, Bytes(out) + size, &rest) == 1;
  if (ok && direction == kEncipher) {
    tag.resize(params.tag_bytes);
    ok = EVP_CIPHER_CTX_ctrl(raw, EVP_CTRL_GCM_GET_TAG, tag_bytes, tag.data()) == 1;
  }
  if (!ok) return std::nullopt;
  out.resize(static_cast<size_t>(size + rest));
  return out;
}

Result Gcm(JSContext* cx, JSValueConst algorithm, const Key& key, const std::string& data,
           Direction direction) {
  const auto params = ReadGcm(cx, algorithm);
  if (!params.has_value()) return std::nullopt;
  std::string_view body = data;
  std::string tag;
  if (direction == kDecipher) {
    if (data.size() < params->tag_bytes) return Failed(cx, direction);
    body.remove_suffix(params->tag_bytes);
    tag = data.substr(body.size());
  }
  auto out = RunGcm(key, *params, body, tag, direction);
  if (!out.has_value()) return Failed(cx, direction);
  return direction == kEncipher ? *out + tag : *out;
}

// OpenSSL takes the label over: it has to be its own allocation.
bool SetLabel(EVP_PKEY_CTX* context, const std::string& label) {
  if (label.empty()) return true;
  void* copy = OPENSSL_memdup(label.data(), label.size());
  if (copy == nullptr) return false;
  if (EVP_PKEY_CTX_set0_rsa_oaep_label(context, copy, static_cast<int>(label.size())) == 1) {
    return true;
  }
  OPENSSL_free(copy);
  return false;
}

Result Oaep(JSContext* cx, JSValueConst algorithm, const Key& key, const std::string& data,
            Direction direction) {
  const auto label = ReadOptionalBuffer(cx, algorithm, "label");
  if (!label.has_value()) return std::nullopt;
  const PkeyContext context(EVP_PKEY_CTX_new_from_pkey(nullptr, key.pkey.get(), nullptr),
                            EVP_PKEY_CTX_free);
  EVP_PKEY_CTX* const raw = context.get();
  std::string out(static_cast<size_t>(EVP_PKEY_get_size(key.pkey.get())), '\0');
  size_t size = out.size();
  const bool encipher = direction == kEncipher;
  const bool ok =
      raw != nullptr && (encipher ? EVP_PKEY_encrypt_init(raw) : EVP_PKEY_decrypt_init(raw)) == 1 &&
      EVP_PKEY_CTX_set_rsa_padding(raw, RSA_PKCS1_OAEP_PADDING) == 1 &&
      EVP_PKEY_CTX_set_rsa_oaep_md(raw, DigestOf(key.hash)) == 1 &&
      EVP_PKEY_CTX_set_rsa_mgf1_md(raw, DigestOf(key.hash)) == 1 && SetLabel(raw, *label) &&
      (encipher ? EVP_PKEY_encrypt(raw, Bytes(out), &size, Bytes(data), data.size())
                : EVP_PKEY_decrypt(raw, Bytes(out), &size, Bytes(data), data.size())) == 1;
  if (!ok) return Failed(cx, direction);
  out.resize(size);
  return out;
}

js::Value Run(const js::Call& call, Direction direction) {
  JSContext* cx = call.cx;
  const auto params = ReadKeyParams(cx, call.arg(0));
  if (!params.has_value()) return js::Thrown(cx);
  const Algorithm algorithm = params->algorithm;
  if (!IsAes(algorithm) && algorithm != Algorithm::kRsaOaep) {
    return ThrowDom(cx, "NotSupportedError", fmt::format("{} does not encrypt", NameOf(algorithm)));
  }
  const Key* key = KeyFor(cx, call.arg(1), algorithm, direction == kEncipher ? kEncrypt : kDecrypt);
  const auto data = key != nullptr ? ReadBuffer(cx, call.arg(2), "data") : std::nullopt;
  if (!data.has_value()) return js::Thrown(cx);
  if (data->size() > kDataBytesMax) return ThrowDom(cx, "OperationError", "data: beyond 1 GiB");
  using Function = Result (*)(JSContext*, JSValueConst, const Key&, const std::string&, Direction);
  const Function function = algorithm == Algorithm::kAesCbc   ? Cbc
                            : algorithm == Algorithm::kAesCtr ? Ctr
                            : algorithm == Algorithm::kAesGcm ? Gcm
                                                              : Oaep;
  const Result out = function(cx, call.arg(0), *key, *data, direction);
  return out.has_value() ? js::Bytes(cx, *out) : js::Thrown(cx);
}

}  // namespace

js::Value Encrypt(const js::Call& call) { return Run(call, kEncipher); }
js::Value Decrypt(const js::Call& call) { return Run(call, kDecipher); }

}  // namespace kload::k6::webcrypto
