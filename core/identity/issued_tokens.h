#pragma once
// IssuedTokens: what is known of the events that issued one access key to one role. In the world a key is issued once.
// Where logs were masked, several sessions share a key's id, and each event that issued one speaks for its own days.
//
// Shape:  a row of Table::tokens. At most one token for each day of issue.
// Units:  whole UTC days. A key is used from kUsedBefore days before its event (a record may carry a wrong time) to
//         kUsedAfter days after it: a session lasts 36 hours at most.
// Order:  of one day the token of the greatest weight stays, so it makes no difference which event came first.
// Bounds: kMax days, more than a backfill learns before it judges; then the oldest goes.
// Thread: any (a value).
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/identity/service_token.h"

namespace straykey {

class IssuedTokens {
 public:
  static constexpr Day kUsedBefore = 2, kUsedAfter = 2;
  static constexpr std::size_t kMax = 64;

  IssuedTokens() = default;
  explicit IssuedTokens(IssuedToken only) { tokens_.push_back(std::move(only)); }

  // What is known of a key that was used on the day: of the tokens that speak for it the one of the greatest weight,
  // of these the one that was issued nearest to it, before rather than after. Null: nothing. Good until the next add().
  [[nodiscard]] const IssuedToken* on(Day day) const noexcept;
  // Whether this token is what is known on the day.
  [[nodiscard]] bool decides(const IssuedToken& token, Day day) const noexcept;
  // Whether that was news: nothing was known of its day of issue, or something of less weight.
  bool add(const IssuedToken& token);
  [[nodiscard]] bool contains(const IssuedToken& token) const noexcept;
  [[nodiscard]] const std::vector<IssuedToken>& all() const noexcept { return tokens_; }

  bool operator==(const IssuedTokens&) const = default;

 private:
  std::vector<IssuedToken> tokens_;  // by day of issue
};
// One token is written as by itself. REQUIRES: not empty.
[[nodiscard]] std::string encode(const IssuedTokens& tokens);
[[nodiscard]] std::optional<IssuedTokens> decode_issued_tokens(std::string_view bytes);

}  // namespace straykey
