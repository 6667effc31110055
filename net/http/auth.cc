#include "net/http/auth.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <functional>
#include <memory>
#include <new>

#include "core/base/base64.h"
#include "net/io/connection_table.h"

namespace straykey {
namespace {

constexpr Refusal kMissingToken{
    401, "missing_token",
    "Send a token: Authorization: Bearer <token>, Basic with the token as password, or the API key header."};
constexpr Refusal kUnknownToken{401, "unknown_token", "The token is not known here."};
// In the order of TokenScope.
constexpr std::array<Refusal, 3> kWrongScope{
    {{403, "wrong_scope", "The token is valid, but this needs one with the scope ingest."},
     {403, "wrong_scope", "The token is valid, but this needs one with the scope admin."},
     {403, "wrong_scope", "The token is valid, but this needs one with the scope read or admin."}}};
constexpr Refusal kTwoCredentials{400, "two_credentials",
                                  "Send one Authorization header and one API key header at most."};
constexpr Refusal kTooManyFailures{429, "too_many_failures",
                                   "Too many requests without a valid token came from this address.", 1};

std::string_view trim_left(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  return text;
}

std::array<unsigned char, 32> digest_of(std::string_view secret) {
  std::array<unsigned char, 32> digest{};
  // Made once: finding and allocating them costs more than the hash.
  static EVP_MD* const sha256 = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  struct Free {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };
  thread_local std::unique_ptr<EVP_MD_CTX, Free> context;
  if (context == nullptr) context.reset(EVP_MD_CTX_new());
  if (sha256 == nullptr || context == nullptr || EVP_DigestInit_ex2(context.get(), sha256, nullptr) != 1 ||
      EVP_DigestUpdate(context.get(), secret.data(), secret.size()) != 1 ||
      EVP_DigestFinal_ex(context.get(), digest.data(), nullptr) != 1)
    throw std::bad_alloc();
  return digest;
}

}  // namespace

AuthFailures::AuthFailures(unsigned per_second_max, std::size_t addresses_max)
    : per_second_max_(per_second_max), addresses_max_(addresses_max) {}

std::size_t AuthFailures::Hash::operator()(const IpAddress& address) const noexcept {
  return std::hash<std::string_view>{}({reinterpret_cast<const char*>(address.bytes.data()), address.bytes.size()});
}

bool AuthFailures::count(const IpAddress& address, Seconds now) {
  const IpAddress key = counted_as(address);
  const unsigned per_second_max = per_second_max_;
  const std::lock_guard lock(mutex_);
  if (windows_.size() >= addresses_max_ && !windows_.contains(key)) {
    std::erase_if(windows_, [now](const auto& entry) { return entry.second.second != now; });
    if (windows_.size() >= addresses_max_) windows_.clear();
  }
  Window& window = windows_[key];
  if (window.second != now) window = {now, 0};
  if (window.failures <= per_second_max) ++window.failures;
  return window.failures > per_second_max;
}

std::size_t AuthFailures::addresses() const {
  const std::lock_guard lock(mutex_);
  return windows_.size();
}

Authenticator::Authenticator(AuthSettings settings)
    : failures_(settings.failures_per_second_max, settings.addresses_max),
      table_(std::make_shared<const Table>()),
      api_key_header_(std::make_shared<const std::string>(std::move(settings.api_key_header))) {}

void Authenticator::use(const AuthSettings& settings) {
  failures_.limit(settings.failures_per_second_max);
  auto header = std::make_shared<const std::string>(settings.api_key_header);
  const std::lock_guard lock(mutex_);
  api_key_header_ = std::move(header);
}

std::shared_ptr<const std::string> Authenticator::api_key_header() const {
  const std::lock_guard lock(mutex_);
  return api_key_header_;
}

Status Authenticator::replace(const std::vector<TokenSettings>& tokens) {
  auto table = std::make_shared<Table>();
  for (const TokenSettings& token : tokens) {
    if (token.name.empty()) return Error{"a token has no name"};
    if (token.secret.size() < kTokenBytesMin) return Error{"token " + token.name + " is shorter than 16 bytes"};
    const Digest digest = digest_of(token.secret);
    for (const Token& other : *table) {
      if (other.name == token.name) return Error{"two tokens are named " + token.name};
      if (other.digest == digest) return Error{"tokens " + other.name + " and " + token.name + " are the same secret"};
    }
    table->push_back({token.name, token.source.empty() ? token.name : token.source, digest, token.scope});
  }
  const std::lock_guard lock(mutex_);
  table_ = std::move(table);
  return {};
}

std::optional<std::string> Authenticator::credential_of(const RequestHead& head, CredentialPlace place) const {
  const std::string_view authorization = head.field("Authorization");
  if (!authorization.empty()) {
    const std::size_t space = authorization.find(' ');
    const std::string_view scheme = authorization.substr(0, space);
    if (space == std::string_view::npos) return std::string{};
    const std::string_view rest = trim_left(authorization.substr(space + 1));
    if (equal_ignoring_case(scheme, "Bearer")) return std::string(rest);
    if (!place.scheme.empty() && equal_ignoring_case(scheme, place.scheme)) return std::string(rest);
    if (!equal_ignoring_case(scheme, "Basic")) return std::string{};
    std::string pair;
    if (!decode_base64(rest, Base64Padding::required, pair)) return std::string{};
    const std::size_t colon = pair.find(':');
    return colon == std::string::npos ? std::string{} : pair.substr(colon + 1);
  }
  if (!place.header.empty() && head.field_count(place.header) > 0) return std::string(head.field(place.header));
  const auto header = api_key_header();
  if (head.field_count(*header) > 0) return std::string(head.field(*header));
  return std::nullopt;
}

bool Authenticator::presents_credential(const RequestHead& head, CredentialPlace place) const {
  return credential_of(head, place).has_value();
}

std::optional<Authenticator::Bearer> Authenticator::bearer_of(const RequestHead& head, CredentialPlace place) const {
  const auto credential = credential_of(head, place);
  if (!credential) return std::nullopt;
  const std::lock_guard lock(mutex_);
  const Token* const token = find(*table_, *credential);
  return token == nullptr ? std::nullopt : std::optional(Bearer{token->name, token->scope});
}

bool Authenticator::is_secret(std::string_view text) const {
  if (text.size() < kTokenBytesMin) return false;
  const std::lock_guard lock(mutex_);
  return table_ != nullptr && find(*table_, text) != nullptr;
}

const Authenticator::Token* Authenticator::find(const Table& table, std::string_view secret) {
  const Digest digest = digest_of(secret);
  const Token* found = nullptr;
  // All are compared, so that the time says nothing about which.
  for (const Token& token : table)
    if (CRYPTO_memcmp(token.digest.data(), digest.data(), digest.size()) == 0) found = &token;
  return found;
}

Refusal Authenticator::fail(const Refusal& refusal, const IpAddress& peer, Seconds now) {
  return failures_.count(peer, now) ? kTooManyFailures : refusal;
}

std::variant<std::string, Refusal> Authenticator::check(const RequestHead& head, TokenScope needed,
                                                        CredentialPlace place, const IpAddress& peer, Seconds now) {
  if (head.field_count("Authorization") > 1 || head.field_count(*api_key_header()) > 1 ||
      (!place.header.empty() && head.field_count(place.header) > 1)) {
    return fail(kTwoCredentials, peer, now);
  }
  const std::optional<std::string> credential = credential_of(head, place);
  if (!credential) return fail(kMissingToken, peer, now);
  std::shared_ptr<const Table> table;
  {
    const std::lock_guard lock(mutex_);
    table = table_;
  }
  const Token* token = find(*table, *credential);
  if (token == nullptr) return fail(kUnknownToken, peer, now);
  const bool reads = needed == TokenScope::read && token->scope == TokenScope::admin;
  if (token->scope != needed && !reads) return fail(kWrongScope[static_cast<std::size_t>(needed)], peer, now);
  return token->source;
}

}  // namespace straykey
