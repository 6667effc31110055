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

constexpr std::string_view kUrlBegin = "https://sns.";

bool is_small_letter(char c) {
  return c >= 'a' && c <= 'z';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Two letters, one or two words of letters, and a number, with hyphens between them.
bool is_region(std::string_view name) {
  const std::size_t last = name.rfind('-');
  if (last == std::string_view::npos || name.find('-') != 2) return false;
  const std::string_view number = name.substr(last + 1);
  if (number.empty() || number.size() > 2 || !std::ranges::all_of(number, is_digit)) return false;
  std::size_t parts = 0;
  for (std::string_view rest = name.substr(0, last); !rest.empty(); ++parts) {
    const std::size_t end = std::min(rest.find('-'), rest.size());
    if (end == 0 || !std::ranges::all_of(rest.substr(0, end), is_small_letter)) return false;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return parts == 2 || parts == 3;
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
  const auto is_visible = [](char c) { return c > ' ' && c < 0x7f; };
  if (!url.starts_with(kUrlBegin) || !std::ranges::all_of(url, is_visible)) return false;
  url.remove_prefix(kUrlBegin.size());
  const std::size_t slash = url.find('/');
  if (slash == std::string_view::npos) return false;
  const std::string_view host = url.substr(0, slash);
  const std::string_view region = host.substr(0, host.find('.'));
  const std::string_view domain = host.substr(region.size());
  return is_region(region) && domain == (region.starts_with("cn-") ? ".amazonaws.com.cn" : ".amazonaws.com");
}

bool is_sns_certificate_url(std::string_view url) noexcept {
  if (!is_sns_url(url)) return false;
  url.remove_prefix(url.find('/', kUrlBegin.size()));
  const auto is_plain = [](char c) {
    return is_small_letter(c) || is_digit(c) || (c >= 'A' && c <= 'Z') || c == '-' || c == '.' || c == '/';
  };
  return url.starts_with("/SimpleNotificationService-") && url.ends_with(".pem") &&
         std::ranges::all_of(url, is_plain) && url.find('/', 1) == std::string_view::npos;
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
