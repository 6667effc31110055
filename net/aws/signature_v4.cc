#include "net/aws/signature_v4.h"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <map>
#include <new>

#include "core/base/hex.h"
#include "core/base/invariant.h"

namespace straykey {
namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";
constexpr std::size_t kDigestBytes = 32;

std::string hmac_sha256(std::string_view key, std::string_view text) {
  std::string digest(kDigestBytes, '\0');
  unsigned int size = 0;
  // This can fail only for want of memory.
  if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(text.data()),
           text.size(), reinterpret_cast<unsigned char*>(digest.data()), &size) == nullptr)
    throw std::bad_alloc();
  INVARIANT(size == kDigestBytes, size);
  return digest;
}

bool is_unreserved(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return result;
}

// Without blanks at the ends, and one blank for several.
std::string trimmed(std::string_view value) {
  std::string result;
  bool blank_before = true;
  for (const char c : value) {
    const bool blank = c == ' ' || c == '\t';
    if (!blank || !blank_before) result += blank ? ' ' : c;
    blank_before = blank;
  }
  if (!result.empty() && result.back() == ' ') result.pop_back();
  return result;
}

// Without empty segments and those of one or two points (RFC 3986, section 5.2.4).
std::string normalised(std::string_view path) {
  std::vector<std::string_view> segments;
  const bool ends_open = path.ends_with('/') || path.ends_with("/.") || path.ends_with("/..");
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/'), path.size());
    const std::string_view segment = path.substr(0, end);
    if (segment == "..") {
      if (!segments.empty()) segments.pop_back();
    } else if (!segment.empty() && segment != ".") {
      segments.push_back(segment);
    }
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  std::string result;
  for (const std::string_view segment : segments) result.append("/").append(segment);
  if (result.empty() || ends_open) result += '/';
  return result;
}

// Sorted by the encoded name, then by the encoded value.
std::string encoded_query(const AwsRequest::Fields& query) {
  AwsRequest::Fields encoded;
  for (const auto& [name, value] : query)
    encoded.emplace_back(encode_for_uri(name, false), encode_for_uri(value, false));
  std::sort(encoded.begin(), encoded.end());
  std::string text;
  for (const auto& [name, value] : encoded) {
    if (!text.empty()) text += '&';
    text.append(name).append("=").append(value);
  }
  return text;
}

struct CanonicalHeaders {
  std::string text, names;
};

// In the order of their names; the values of one name are joined in theirs.
CanonicalHeaders canonical_headers(const AwsRequest::Fields& headers, const std::string& host) {
  std::map<std::string, std::string> sorted{{"host", host}};
  for (const auto& [name, value] : headers) {
    const auto [at, is_new] = sorted.emplace(lower(name), trimmed(value));
    if (!is_new) at->second.append(",").append(trimmed(value));
  }
  CanonicalHeaders canonical;
  for (const auto& [name, value] : sorted) {
    canonical.text.append(name).append(":").append(value).append("\n");
    if (!canonical.names.empty()) canonical.names += ';';
    canonical.names += name;
  }
  return canonical;
}

// The key is derived in four steps, so that it is good for one day, Region and service only.
std::string signing_key(const std::string& secret, std::string_view day, const SigningScope& scope) {
  std::string first = "AWS4" + secret;
  std::string key = hmac_sha256(first, day);
  OPENSSL_cleanse(first.data(), first.size());
  for (const std::string_view step :
       {std::string_view(scope.region), std::string_view(scope.service), std::string_view("aws4_request")})
    key = hmac_sha256(key, step);
  return key;
}

}  // namespace

std::string encode_for_uri(std::string_view text, bool keeps_slashes) {
  constexpr std::string_view kUpperDigits = "0123456789ABCDEF";
  std::string encoded;
  encoded.reserve(text.size());
  for (const char c : text) {
    if (is_unreserved(c) || (keeps_slashes && c == '/')) {
      encoded += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    encoded += '%';
    encoded += kUpperDigits[byte >> 4];
    encoded += kUpperDigits[byte & 15];
  }
  return encoded;
}

std::string aws_time(Seconds time) {
  std::string text = format_time(time);
  std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
  return text;
}

std::string sha256_hex(std::string_view bytes) {
  std::array<char, kDigestBytes> digest{};
  unsigned int size = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<unsigned char*>(digest.data()), &size, EVP_sha256(),
                 nullptr) != 1)
    throw std::bad_alloc();
  return encode_hex({digest.data(), digest.size()});
}

SignedRequest sign_v4(const AwsRequest& request, const AwsCredentials& credentials, const SigningScope& scope) {
  const bool for_s3 = scope.rules == SigningScope::Rules::s3;
  const std::string time = aws_time(scope.now);
  const std::string day = time.substr(0, 8);
  const std::string body_hash = sha256_hex(request.body);

  SignedRequest result;
  result.headers = request.headers;
  result.headers.emplace_back("X-Amz-Date", time);
  if (for_s3) result.headers.emplace_back("X-Amz-Content-Sha256", body_hash);
  if (!credentials.session_token.empty())
    result.headers.emplace_back("X-Amz-Security-Token", credentials.session_token);

  const std::string path = request.path.empty() ? "/" : request.path;
  const std::string wire_path = encode_for_uri(path, true);
  const std::string canonical_path = for_s3 ? wire_path : encode_for_uri(normalised(wire_path), true);
  const std::string query = encoded_query(request.query);
  result.target = query.empty() ? wire_path : wire_path + "?" + query;

  const CanonicalHeaders headers = canonical_headers(result.headers, request.host);
  result.canonical_request = fmt::format("{}\n{}\n{}\n{}\n{}\n{}", request.method, canonical_path, query, headers.text,
                                         headers.names, body_hash);
  const std::string credential_scope = fmt::format("{}/{}/{}/aws4_request", day, scope.region, scope.service);
  result.string_to_sign =
      fmt::format("{}\n{}\n{}\n{}", kAlgorithm, time, credential_scope, sha256_hex(result.canonical_request));
  const std::string signature =
      encode_hex(hmac_sha256(signing_key(credentials.secret_access_key, day, scope), result.string_to_sign));
  result.headers.emplace_back("Authorization",
                              fmt::format("{} Credential={}/{}, SignedHeaders={}, Signature={}", kAlgorithm,
                                          credentials.access_key_id, credential_scope, headers.names, signature));
  return result;
}

}  // namespace straykey
