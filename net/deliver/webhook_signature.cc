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
  if (!text.starts_with(kSecretPrefix)) return Error{"a webhook secret must begin with whsec_"};
  std::string key;
  const bool decoded = decode_base64(text.substr(kSecretPrefix.size()), Base64Padding::required, key);
  if (decoded && key.size() >= kKeyBytesMin && key.size() <= kKeyBytesMax) return WebhookSecret(std::move(key));
  OPENSSL_cleanse(key.data(), key.size());
  if (!decoded) return Error{"a webhook secret must be whsec_ and then padded standard base64"};
  return Error{"a webhook secret must hold 24 to 64 bytes"};
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
