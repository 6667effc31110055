#include "core/identity/issued_tokens.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "core/base/bytes.h"
#include "core/base/invariant.h"

namespace straykey {
namespace {

// The version of a row with several tokens. Those of a single one are decode_issued_token()'s.
constexpr std::uint8_t kSeveral = 3;

bool speaks_for(const IssuedToken& token, Day day) noexcept {
  return token.issued_day <= day + IssuedTokens::kUsedBefore && day <= token.issued_day + IssuedTokens::kUsedAfter;
}

// Whether `a` is to be believed rather than `b`, of a key that was used on the day.
bool is_better(const IssuedToken& a, const IssuedToken& b, Day day) noexcept {
  const auto rank = [day](const IssuedToken& token) {
    const bool is_later = token.issued_day > day;
    const Day distance = is_later ? token.issued_day - day : day - token.issued_day;
    return std::tuple(-token.weight(), distance, is_later);
  };
  return rank(a) < rank(b);
}

}  // namespace

const IssuedToken* IssuedTokens::on(Day day) const noexcept {
  const IssuedToken* best = nullptr;
  for (const IssuedToken& token : tokens_)
    if (speaks_for(token, day) && (best == nullptr || is_better(token, *best, day))) best = &token;
  return best;
}

bool IssuedTokens::decides(const IssuedToken& token, Day day) const noexcept {
  const IssuedToken* const known = on(day);
  return known != nullptr && *known == token;
}

bool IssuedTokens::add(const IssuedToken& token) {
  const auto at = std::lower_bound(tokens_.begin(), tokens_.end(), token.issued_day,
                                   [](const IssuedToken& other, Day day) { return other.issued_day < day; });
  if (at != tokens_.end() && at->issued_day == token.issued_day) {
    if (at->weight() >= token.weight()) return false;
    *at = token;
    return true;
  }
  if (tokens_.size() == kMax && at == tokens_.begin()) return false;
  tokens_.insert(at, token);
  if (tokens_.size() > kMax) tokens_.erase(tokens_.begin());
  return true;
}

bool IssuedTokens::contains(const IssuedToken& token) const noexcept {
  return std::find(tokens_.begin(), tokens_.end(), token) != tokens_.end();
}

std::string encode(const IssuedTokens& tokens) {
  INVARIANT(!tokens.all().empty());
  if (tokens.all().size() == 1) return encode(tokens.all().front());
  ByteWriter out;
  out.fixed(kSeveral);
  for (const IssuedToken& token : tokens.all()) out.string(encode(token));
  return out.bytes();
}

std::optional<IssuedTokens> decode_issued_tokens(std::string_view bytes) {
  if (bytes.empty() || static_cast<std::uint8_t>(bytes.front()) != kSeveral) {
    auto only = decode_issued_token(bytes);
    return only ? std::optional(IssuedTokens(std::move(*only))) : std::nullopt;
  }
  ByteReader in(bytes.substr(1));
  IssuedTokens tokens;
  for (Day last = 0; !in.at_end();) {
    const auto token = decode_issued_token(in.string());
    if (in.failed() || !token || tokens.all().size() == IssuedTokens::kMax) return std::nullopt;
    if (!tokens.all().empty() && token->issued_day <= last) return std::nullopt;
    last = token->issued_day;
    tokens.add(*token);
  }
  return tokens.all().size() > 1 ? std::optional(std::move(tokens)) : std::nullopt;
}

}  // namespace straykey
