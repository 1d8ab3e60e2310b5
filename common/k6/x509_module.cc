// The module `k6/crypto/x509`: what a PEM certificate says.

#include <fmt/format.h>
#include <openssl/asn1.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <array>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/js/function.h"
#include "common/k6/binary_text.h"
#include "common/k6/realm.h"

namespace kload::k6 {
namespace {

using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;

// Null, with an exception pending, for what is no PEM certificate.
Certificate ReadCertificate(const js::Call& call) {
  Certificate none(nullptr, X509_free);
  const auto pem = js::ToText(call.cx, call.arg(0));
  if (!pem.has_value()) return none;
  const std::unique_ptr<BIO, decltype(&BIO_free)> bio(
      BIO_new_mem_buf(pem->data(), static_cast<int>(pem->size())), BIO_free);
  Certificate certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr), X509_free);
  if (certificate == nullptr) {
    js::ThrowError(call.cx,
                   "x509: this is no certificate in PEM form "
                   "(-----BEGIN CERTIFICATE----- ...)");
  }
  return certificate;
}

js::Value TextArray(JSContext* cx, const std::vector<std::string>& texts) {
  js::Value array = js::Array(cx);
  uint32_t count = 0;
  for (const std::string& text : texts) {
    JS_SetPropertyUint32(cx, array.get(), count++, js::String(cx, text).Release());
  }
  return array;
}

// ---- Names ----

std::string TextOf(const ASN1_STRING* string) {
  unsigned char* utf8 = nullptr;
  const int size = ASN1_STRING_to_UTF8(&utf8, string);
  if (size < 0) return "";
  std::string text(reinterpret_cast<const char*>(utf8), static_cast<size_t>(size));
  OPENSSL_free(utf8);
  return text;
}

std::vector<std::string> Entries(const X509_NAME* name, int nid) {
  std::vector<std::string> texts;
  for (int at = X509_NAME_get_index_by_NID(name, nid, -1); at >= 0;
       at = X509_NAME_get_index_by_NID(name, nid, at)) {
    texts.push_back(TextOf(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at))));
  }
  return texts;
}

// All entries as {type, value}; the type is an object identifier in numbers.
js::Value AllEntries(JSContext* cx, const X509_NAME* name) {
  js::Value entries = js::Array(cx);
  for (int i = 0; i < X509_NAME_entry_count(name); ++i) {
    const X509_NAME_ENTRY* entry = X509_NAME_get_entry(name, i);
    std::array<char, 128> type{};
    OBJ_obj2txt(type.data(), type.size(), X509_NAME_ENTRY_get_object(entry), 1);
    js::Value object = js::Object(cx);
    js::Define(cx, object.get(), "type", js::String(cx, type.data()));
    js::Define(cx, object.get(), "value", js::String(cx, TextOf(X509_NAME_ENTRY_get_data(entry))));
    JS_SetPropertyUint32(cx, entries.get(), static_cast<uint32_t>(i), object.Release());
  }
  return entries;
}

js::Value NameObject(JSContext* cx, const X509_NAME* name, bool is_subject) {
  struct Field {
    const char* member;
    int nid;
    bool subject_only;
  };
  constexpr std::array<Field, 7> kFields = {{
      {"commonName", NID_commonName, false},
      {"country", NID_countryName, false},
      {"postalCode", NID_postalCode, true},
      {"stateOrProvince", NID_stateOrProvinceName, false},
      {"locality", NID_localityName, false},
      {"streetAddress", NID_streetAddress, true},
      {"organizationName", NID_organizationName, false},
  }};
  js::Value object = js::Object(cx);
  for (const Field& field : kFields) {
    if (field.subject_only && !is_subject) continue;
    const auto texts = Entries(name, field.nid);
    js::Define(cx, object.get(), field.member, js::String(cx, texts.empty() ? "" : texts.front()));
  }
  if (is_subject) {
    js::Define(cx, object.get(), "organizationalUnitName",
               TextArray(cx, Entries(name, NID_organizationalUnitName)));
  }
  js::Define(cx, object.get(), "names", AllEntries(cx, name));
  return object;
}

std::string AddressText(const ASN1_OCTET_STRING* address) {
  const unsigned char* bytes = ASN1_STRING_get0_data(address);
  if (ASN1_STRING_length(address) == 4) {
    return fmt::format("{}.{}.{}.{}", bytes[0], bytes[1], bytes[2], bytes[3]);
  }
  std::string text;
  for (int i = 0; i + 1 < ASN1_STRING_length(address); i += 2) {
    text += fmt::format("{}{:x}", i == 0 ? "" : ":", bytes[i] << 8 | bytes[i + 1]);
  }
  return text;
}

std::vector<std::string> AltNames(const X509* certificate) {
  const std::unique_ptr<GENERAL_NAMES, decltype(&GENERAL_NAMES_free)> names(
      static_cast<GENERAL_NAMES*>(
          X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)),
      GENERAL_NAMES_free);
  std::vector<std::string> texts;
  for (int i = 0; names != nullptr && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type == GEN_DNS || name->type == GEN_EMAIL || name->type == GEN_URI) {
      texts.push_back(TextOf(name->d.ia5));
    } else if (name->type == GEN_IPADD) {
      texts.push_back(AddressText(name->d.iPAddress));
    }
  }
  return texts;
}

// ---- The rest of a certificate ----

std::string TimeText(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return "";
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", parts.tm_year + 1900, parts.tm_mon + 1,
                     parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec);
}

// As k6 writes it: SHA256-RSA, ECDSA-SHA256; OpenSSL's own name for others.
std::string SignatureName(const X509* certificate) {
  const int nid = X509_get_signature_nid(certificate);
  int digest = NID_undef;
  int key = NID_undef;
  OBJ_find_sigid_algs(nid, &digest, &key);
  const char* const hash = digest == NID_undef ? "" : OBJ_nid2sn(digest);
  if (key == NID_rsaEncryption) return fmt::format("{}-RSA", hash);
  if (key == NID_X9_62_id_ecPublicKey) return fmt::format("ECDSA-{}", hash);
  return OBJ_nid2sn(nid);
}

js::Value FingerPrint(JSContext* cx, const X509* certificate) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  X509_digest(certificate, EVP_sha1(), digest.data(), &size);
  js::Value bytes = js::Array(cx);
  for (unsigned i = 0; i < size; ++i) {
    JS_SetPropertyUint32(cx, bytes.get(), i, JS_NewInt32(cx, digest[i]));
  }
  return bytes;
}

// {algorithm, key}: of RSA keys, `key` has `e`, a number, and `n`, hexadecimal.
js::Value PublicKey(JSContext* cx, const X509* certificate) {
  const EVP_PKEY* pkey = X509_get0_pubkey(certificate);
  js::Value object = js::Object(cx);
  if (pkey == nullptr) return object;
  const bool is_rsa = EVP_PKEY_is_a(pkey, "RSA") == 1;
  js::Define(cx, object.get(), "algorithm",
             js::String(cx, is_rsa                            ? "RSA"
                            : EVP_PKEY_is_a(pkey, "EC") == 1  ? "ECDSA"
                            : EVP_PKEY_is_a(pkey, "DSA") == 1 ? "DSA"
                                                              : EVP_PKEY_get0_type_name(pkey)));
  if (!is_rsa) return object;
  js::Value key = js::Object(cx);
  for (const auto& [member, param] :
       {std::pair{"e", OSSL_PKEY_PARAM_RSA_E}, std::pair{"n", OSSL_PKEY_PARAM_RSA_N}}) {
    BIGNUM* raw = nullptr;
    if (EVP_PKEY_get_bn_param(pkey, param, &raw) != 1) continue;
    const std::unique_ptr<BIGNUM, decltype(&BN_free)> number(raw, BN_free);
    std::string bytes(static_cast<size_t>(BN_num_bytes(raw)), '\0');
    BN_bn2bin(raw, reinterpret_cast<unsigned char*>(bytes.data()));
    js::Define(cx, key.get(), member,
               *member == 'e' ? js::Number(cx, static_cast<double>(BN_get_word(raw)))
                              : js::String(cx, EncodeHex(bytes)));
  }
  js::Define(cx, object.get(), "key", std::move(key));
  return object;
}

// ---- Functions ----

js::Value Parse(const js::Call& call) {
  JSContext* cx = call.cx;
  const Certificate certificate = ReadCertificate(call);
  if (certificate == nullptr) return js::Thrown(cx);
  const X509* const x509 = certificate.get();
  js::Value object = js::Object(cx);
  js::Define(cx, object.get(), "subject", NameObject(cx, X509_get_subject_name(x509), true));
  js::Define(cx, object.get(), "issuer", NameObject(cx, X509_get_issuer_name(x509), false));
  js::Define(cx, object.get(), "notBefore", js::String(cx, TimeText(X509_get0_notBefore(x509))));
  js::Define(cx, object.get(), "notAfter", js::String(cx, TimeText(X509_get0_notAfter(x509))));
  js::Define(cx, object.get(), "altNames", TextArray(cx, AltNames(x509)));
  js::Define(cx, object.get(), "signatureAlgorithm", js::String(cx, SignatureName(x509)));
  js::Define(cx, object.get(), "fingerPrint", FingerPrint(cx, x509));
  js::Define(cx, object.get(), "publicKey", PublicKey(cx, x509));
  return object;
}

js::Value GetAltNames(const js::Call& call) {
  const Certificate certificate = ReadCertificate(call);
  if (certificate == nullptr) return js::Thrown(call.cx);
  return TextArray(call.cx, AltNames(certificate.get()));
}

js::Value GetSubject(const js::Call& call) {
  const Certificate certificate = ReadCertificate(call);
  if (certificate == nullptr) return js::Thrown(call.cx);
  return NameObject(call.cx, X509_get_subject_name(certificate.get()), true);
}

js::Value GetIssuer(const js::Call& call) {
  const Certificate certificate = ReadCertificate(call);
  if (certificate == nullptr) return js::Thrown(call.cx);
  return NameObject(call.cx, X509_get_issuer_name(certificate.get()), false);
}

}  // namespace

js::Value MakeX509Module(Realm& realm) {
  JSContext* cx = realm.cx;
  js::Value module = js::Object(cx);
  js::Define(cx, module.get(), "parse", js::NewFunction<Parse>(cx, "parse", 1));
  js::Define(cx, module.get(), "getAltNames", js::NewFunction<GetAltNames>(cx, "getAltNames", 1));
  js::Define(cx, module.get(), "getIssuer", js::NewFunction<GetIssuer>(cx, "getIssuer", 1));
  js::Define(cx, module.get(), "getSubject", js::NewFunction<GetSubject>(cx, "getSubject", 1));
  return module;
}

}  // namespace kload::k6
