#include "common/security/certificates.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <memory>

#include "common/base/status.h"

namespace kload {
namespace {

using testing::HasSubstr;

constexpr Nanos kNow{1'800'000'000'000'000'000};

class CertificatesTest : public testing::Test {
 protected:
  ~CertificatesTest() override { std::filesystem::remove_all(folder_); }
  CertificateOrder Order(const std::string& name = "a") const {
    return {
        .folder = folder_ + "/" + name, .hosts = {"load.example", "10.0.0.5"}, .unix_now = kNow};
  }
  static std::string NameOf(const std::string& pem) {
    const std::unique_ptr<X509, decltype(&X509_free)> certificate = Parse(pem);
    char name[100] = {};
    X509_NAME_get_text_by_NID(X509_get_subject_name(certificate.get()), NID_commonName, name,
                              sizeof(name));
    return name;
  }
  static std::unique_ptr<X509, decltype(&X509_free)> Parse(const std::string& pem) {
    BIO* bio = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
    std::unique_ptr<X509, decltype(&X509_free)> certificate(
        PEM_read_bio_X509(bio, nullptr, nullptr, nullptr), &X509_free);
    BIO_free(bio);
    return certificate;
  }

  const std::string folder_ =
      (std::filesystem::temp_directory_path() / fmt::format("kload-certs-{}", getpid())).string();
};

TEST_F(CertificatesTest, EachPartHasItsOwn) {
  ASSERT_TRUE(MakeCertificates(Order()).ok());
  for (const auto& [file, name] :
       {std::pair("controller", kControllerName), std::pair("agent", kAgentName),
        std::pair("operator", kOperatorName)}) {
    const auto identity = ReadIdentity(Order().folder, file, kNow);
    ASSERT_TRUE(identity.ok()) << Message(identity.status());
    EXPECT_EQ(NameOf(identity->certificate), name);
  }
  struct stat about {};
  ASSERT_EQ(stat((Order().folder + "/agent.key").c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0777, 0600U);
  const auto controller = Parse(ReadIdentity(Order().folder, "controller", kNow)->certificate);
  EXPECT_EQ(X509_check_host(controller.get(), "load.example", 0, 0, nullptr), 1);
  EXPECT_EQ(X509_check_ip_asc(controller.get(), "10.0.0.5", 0), 1);
  EXPECT_EQ(X509_check_ip_asc(controller.get(), "127.0.0.1", 0), 1);
  EXPECT_EQ(X509_check_host(controller.get(), "other.example", 0, 0, nullptr), 0);
}

TEST_F(CertificatesTest, NothingIsWrittenOver) {
  ASSERT_TRUE(MakeCertificates(Order()).ok());
  const std::string before = ReadIdentity(Order().folder, "agent", kNow)->key;
  EXPECT_EQ(MakeCertificates(Order()).code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(ReadIdentity(Order().folder, "agent", kNow)->key, before);
  ASSERT_TRUE(MakeAgentCertificate(Order(), "rack1").ok());
  EXPECT_EQ(MakeAgentCertificate(Order(), "rack1").code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(NameOf(ReadIdentity(Order().folder, "rack1", kNow)->certificate), "kload-agent:rack1");
  EXPECT_FALSE(MakeAgentCertificate(Order(), "../rack2").ok());
  EXPECT_EQ(MakeAgentCertificate(Order("nowhere"), "x").code(), absl::StatusCode::kNotFound);
}

TEST_F(CertificatesTest, WhatIsWrongIsSaid) {
  const auto wrong = [&](const std::string& name, Nanos now = kNow) {
    return Message(ReadIdentity(Order().folder, name, now).status());
  };
  EXPECT_THAT(wrong("agent"), HasSubstr("kctl certs init"));
  ASSERT_TRUE(MakeCertificates(Order()).ok());
  EXPECT_THAT(wrong("agent", kNow + std::chrono::hours(24 * 366)), HasSubstr("has expired"));
  ASSERT_TRUE(MakeCertificates(Order("b")).ok());
  std::filesystem::copy_file(Order("b").folder + "/agent.key", Order().folder + "/agent.key",
                             std::filesystem::copy_options::overwrite_existing);
  EXPECT_THAT(wrong("agent"), HasSubstr("another's key"));
  std::filesystem::copy_file(Order("b").folder + "/agent.pem", Order().folder + "/agent.pem",
                             std::filesystem::copy_options::overwrite_existing);
  EXPECT_THAT(wrong("agent"), HasSubstr("not signed by the authority"));
  EXPECT_FALSE(
      MakeCertificates({.folder = folder_ + "/c", .hosts = {"a b"}, .unix_now = kNow}).ok());
}

}  // namespace
}  // namespace kload
