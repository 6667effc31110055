#pragma once
// Authenticator: which token a request carries, and whether it opens this door.
//
// Shape:  a table of SHA-256 digests with names and scopes; a secret itself is never kept.
// Thread: any (synchronised inside): check() takes the current table, replace() swaps it.
// Bounds: AuthSettings::addresses_max addresses are remembered for their failures; the table is emptied of old seconds
//         when full, and altogether if that frees nothing (an attacker with that many addresses is no single address).
// Errors: a Refusal: 401 none or unknown, 403 of the other scope, 400 two Authorization headers, 429 too many failures.
//         A sender with a good token is served even from an address that others misuse (they may share a proxy).
#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include "core/base/result.h"
#include "core/base/time.h"
#include "core/location/ip_address.h"
#include "net/http/request_guard.h"

namespace straykey {

inline constexpr std::size_t kTokenBytesMin = 16;

// read: what an operator may see; admin: that, and what he may change.
enum class TokenScope : std::uint8_t { ingest, admin, read };

struct TokenSettings {
  std::string name;
  std::string secret;
  TokenScope scope = TokenScope::ingest;
  std::string source{};  // what its sender is called in metrics, rejects and rates; empty: `name`
};

struct AuthSettings {
  std::string api_key_header = "X-Api-Key";
  unsigned failures_per_second_max = 100;
  std::size_t addresses_max = 4'096;
};

// Where a protocol of its own puts the token, besides Bearer, Basic and the API key header.
struct CredentialPlace {
  std::string_view scheme;  // of Authorization: "Splunk"
  std::string_view header;  // "X-Amz-Firehose-Access-Key"
};

// Failures of each address in the current second.
class AuthFailures {
 public:
  AuthFailures(unsigned per_second_max, std::size_t addresses_max);

  // Counts one; true if the address is over its limit in this second. An IPv6 address counts as its /64.
  bool count(const IpAddress& address, Seconds now);
  [[nodiscard]] std::size_t addresses() const;
  void limit(unsigned per_second_max) noexcept { per_second_max_ = per_second_max; }

 private:
  struct Window {
    Seconds second = 0;
    unsigned failures = 0;
  };
  struct Hash {
    std::size_t operator()(const IpAddress& address) const noexcept;
  };

  std::atomic<unsigned> per_second_max_;
  const std::size_t addresses_max_;
  mutable std::mutex mutex_;
  std::unordered_map<IpAddress, Window, Hash> windows_;
};

class Authenticator {
 public:
  explicit Authenticator(AuthSettings settings);

  // Takes a new set of tokens, all or none: each named, of at least kTokenBytesMin bytes, no secret twice.
  Status replace(const std::vector<TokenSettings>& tokens);

  // From now on; addresses_max stays as it is.
  void use(const AuthSettings& settings);

  // The source of the token, or why not. `now` in seconds, for the limit of failures.
  [[nodiscard]] std::variant<std::string, Refusal> check(const RequestHead& head, TokenScope needed,
                                                         CredentialPlace place, const IpAddress& peer, Seconds now);
  struct Bearer {
    std::string name;
    TokenScope scope;
  };
  // Of the token that the request carries; nothing if that is none of ours.
  [[nodiscard]] std::optional<Bearer> bearer_of(const RequestHead& head, CredentialPlace place) const;
  // Whether the text is the secret of one of ours.
  [[nodiscard]] bool is_secret(std::string_view text) const;
  // True if the request carries anything that could be a token.
  [[nodiscard]] bool presents_credential(const RequestHead& head, CredentialPlace place) const;

 private:
  using Digest = std::array<unsigned char, 32>;
  struct Token {
    std::string name, source;
    Digest digest;
    TokenScope scope;
  };
  using Table = std::vector<Token>;

  [[nodiscard]] std::optional<std::string> credential_of(const RequestHead& head, CredentialPlace place) const;
  [[nodiscard]] static const Token* find(const Table& table, std::string_view secret);
  [[nodiscard]] Refusal fail(const Refusal& refusal, const IpAddress& peer, Seconds now);

  [[nodiscard]] std::shared_ptr<const std::string> api_key_header() const;

  AuthFailures failures_;
  mutable std::mutex mutex_;
  std::shared_ptr<const Table> table_;
  std::shared_ptr<const std::string> api_key_header_;
};

}  // namespace straykey
