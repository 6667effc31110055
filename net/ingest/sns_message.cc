#include "net/ingest/sns_message.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <algorithm>
#include <boost/json.hpp>
#include <ctime>
#include <memory>

#include "core/base/base64.h"

namespace straykey {
namespace {

namespace json = boost::json;

struct Free {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

std::optional<std::string> text_of(const json::object& object, std::string_view key) {
  const json::value* const value = object.if_contains(key);
  if (value == nullptr || !value->is_string()) return std::nullopt;
  return std::string(value->get_string());
}

// nullptr: it is no certificate, or not valid now.
std::unique_ptr<X509, Free> certificate_of(const std::string& pem, Seconds now) {
  const std::unique_ptr<BIO, Free> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  if (bio == nullptr) return nullptr;
  std::unique_ptr<X509, Free> certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  ERR_clear_error();
  if (certificate == nullptr) return nullptr;
  std::time_t at = now;
  const bool is_valid = X509_cmp_time(X509_get0_notBefore(certificate.get()), &at) < 0 &&
                        X509_cmp_time(X509_get0_notAfter(certificate.get()), &at) > 0;
  return is_valid ? std::move(certificate) : nullptr;
}

}  // namespace

std::optional<SnsMessage> read_sns_message(std::string_view body) {
  json::error_code error;
  const json::value value = json::parse(body, error);
  const json::object* const object = error ? nullptr : value.if_object();
  if (object == nullptr) return std::nullopt;
  SnsMessage message;
  message.type = text_of(*object, "Type").value_or("");
  if (!message.is_notification() && message.type != "SubscriptionConfirmation" &&
      message.type != "UnsubscribeConfirmation") {
    return std::nullopt;
  }
  for (const auto& [key, member] : {std::pair{"TopicArn", &message.topic},
                                    {"Message", &message.message},
                                    {"MessageId", &message.message_id},
                                    {"Timestamp", &message.timestamp},
                                    {"SignatureVersion", &message.signature_version},
                                    {"Signature", &message.signature},
                                    {"SigningCertURL", &message.certificate_url}}) {
    auto text = text_of(*object, key);
    if (!text) return std::nullopt;
    *member = std::move(*text);
  }
  message.subject = text_of(*object, "Subject");
  message.subscribe_url = text_of(*object, "SubscribeURL").value_or("");
  message.token = text_of(*object, "Token").value_or("");
  return message;
}

bool is_sns_url(std::string_view url) noexcept {
  constexpr std::string_view kBegin = "https://sns.";
  if (!url.starts_with(kBegin)) return false;
  url.remove_prefix(kBegin.size());
  const std::size_t slash = url.find('/');
  if (slash == std::string_view::npos) return false;
  const std::string_view host = url.substr(0, slash);
  const std::string_view region = host.substr(0, host.find('.'));
  const auto is_region_byte = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
  if (region.empty() || !std::all_of(region.begin(), region.end(), is_region_byte)) return false;
  const std::string_view domain = host.substr(region.size());
  return domain == ".amazonaws.com" || domain == ".amazonaws.com.cn";
}

std::string sns_signed_text(const SnsMessage& message) {
  std::string text;
  const auto add = [&text](std::string_view key, std::string_view value) {
    text.append(key).append("\n").append(value).append("\n");
  };
  add("Message", message.message);
  add("MessageId", message.message_id);
  if (message.is_notification()) {
    if (message.subject) add("Subject", *message.subject);
    add("Timestamp", message.timestamp);
  } else {
    add("SubscribeURL", message.subscribe_url);
    add("Timestamp", message.timestamp);
    add("Token", message.token);
  }
  add("TopicArn", message.topic);
  add("Type", message.type);
  return text;
}

bool sns_signed(const SnsMessage& message, const std::string& certificate_pem, Seconds now) {
  const EVP_MD* digest = nullptr;
  if (message.signature_version == "1") digest = EVP_sha1();
  if (message.signature_version == "2") digest = EVP_sha256();
  std::string signature;
  if (digest == nullptr || !decode_base64(message.signature, Base64Padding::required, signature)) return false;
  const std::unique_ptr<X509, Free> certificate = certificate_of(certificate_pem, now);
  if (certificate == nullptr) return false;
  const std::unique_ptr<EVP_MD_CTX, Free> context(EVP_MD_CTX_new());
  const std::string text = sns_signed_text(message);
  EVP_PKEY* const key = X509_get0_pubkey(certificate.get());
  const bool is_signed =
      context != nullptr && key != nullptr && EVP_DigestVerifyInit(context.get(), nullptr, digest, nullptr, key) == 1 &&
      EVP_DigestVerify(context.get(), reinterpret_cast<const unsigned char*>(signature.data()), signature.size(),
                       reinterpret_cast<const unsigned char*>(text.data()), text.size()) == 1;
  ERR_clear_error();
  return is_signed;
}

}  // namespace straykey
