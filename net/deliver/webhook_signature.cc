#include "net/deliver/webhook_signature.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <new>

#include "core/base/base64.h"

namespace straykey {
namespace {

constexpr std::string_view kSecretPrefix = "whsec_";
constexpr std::size_t kKeyBytesMin = 24;
constexpr std::size_t kKeyBytesMax = 64;

}  // namespace

Result<WebhookSecret> WebhookSecret::parse(std::string_view text) {
  // One sentence for all that may be wrong, so that nobody learns the form by three failures.
  const Error wrong{
      "a webhook secret is whsec_ and the padded standard base64 of 24 to 64 random bytes, as this makes one: "
      "echo \"whsec_$(openssl rand -base64 32)\""};
  if (!text.starts_with(kSecretPrefix)) return wrong;
  std::string key;
  const bool decoded = decode_base64(text.substr(kSecretPrefix.size()), Base64Padding::required, key);
  if (decoded && key.size() >= kKeyBytesMin && key.size() <= kKeyBytesMax) return WebhookSecret(std::move(key));
  OPENSSL_cleanse(key.data(), key.size());
  return wrong;
}

WebhookSecret::~WebhookSecret() {
  OPENSSL_cleanse(key_.data(), key_.size());
}

std::string webhook_signature(const std::vector<WebhookSecret>& secrets, std::string_view id, Seconds timestamp,
                              std::string_view body) {
  std::string content;
  content.append(id).append(".").append(std::to_string(timestamp)).append(".").append(body);
  std::string header;
  for (const WebhookSecret& secret : secrets) {
    std::array<unsigned char, 32> digest{};
    unsigned int size = 0;
    // This can fail only for want of memory.
    if (HMAC(EVP_sha256(), secret.key_.data(), static_cast<int>(secret.key_.size()),
             reinterpret_cast<const unsigned char*>(content.data()), content.size(), digest.data(), &size) == nullptr)
      throw std::bad_alloc();
    INVARIANT(size == digest.size());
    if (!header.empty()) header += ' ';
    header.append("v1,").append(encode_base64({reinterpret_cast<const char*>(digest.data()), digest.size()}));
  }
  return header;
}

}  // namespace straykey
