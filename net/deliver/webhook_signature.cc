#include "net/deliver/webhook_signature.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <new>
#include <optional>

namespace straykey {
namespace {

constexpr std::string_view kSecretPrefix = "whsec_";
constexpr std::size_t kKeyBytesMin = 24;
constexpr std::size_t kKeyBytesMax = 64;

std::string base64(const unsigned char* bytes, std::size_t count) {
  std::string text((count + 2) / 3 * 4 + 1, '\0');  // EVP_EncodeBlock ends with a NUL of its own
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), bytes, static_cast<int>(count));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

// Padded standard base64 only: EVP_DecodeBlock alone would also take blanks and a `=` in the middle.
std::optional<std::string> decode_base64(std::string_view text) {
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const std::size_t digits = std::min(text.find_first_not_of(kAlphabet), text.size());
  const std::size_t padding = text.size() - digits;
  if (text.empty() || text.size() % 4 != 0 || padding > 2 || text.substr(digits) != std::string_view("==", padding))
    return std::nullopt;
  std::string bytes(text.size() / 4 * 3, '\0');
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                                   reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  if (size < 0) return std::nullopt;
  bytes.resize(static_cast<std::size_t>(size) - padding);
  return bytes;
}

}  // namespace

Result<WebhookSecret> WebhookSecret::parse(std::string_view text) {
  if (!text.starts_with(kSecretPrefix)) return Error{"a webhook secret must begin with whsec_"};
  std::optional<std::string> key = decode_base64(text.substr(kSecretPrefix.size()));
  if (!key) return Error{"a webhook secret must be whsec_ and then padded standard base64"};
  if (key->size() < kKeyBytesMin || key->size() > kKeyBytesMax) {
    OPENSSL_cleanse(key->data(), key->size());
    return Error{"a webhook secret must hold 24 to 64 bytes"};
  }
  return WebhookSecret(std::move(*key));
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
    // All that can fail is memory.
    if (HMAC(EVP_sha256(), secret.key_.data(), static_cast<int>(secret.key_.size()),
             reinterpret_cast<const unsigned char*>(content.data()), content.size(), digest.data(), &size) == nullptr)
      throw std::bad_alloc();
    INVARIANT(size == digest.size());
    if (!header.empty()) header += ' ';
    header.append("v1,").append(base64(digest.data(), digest.size()));
  }
  return header;
}

}  // namespace straykey
