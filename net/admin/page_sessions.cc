#include "net/admin/page_sessions.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <algorithm>
#include <new>
#include <utility>

#include "core/base/hex.h"

namespace straykey {
namespace {

constexpr std::size_t kRandomBytes = 32;
constexpr Refusal kNoCsrf{403, "csrf_token_missing",
                          "A change in a page's session needs the header X-Csrf-Token with the session's csrf."};
constexpr Refusal kReadOnly{403, "wrong_scope", "The session was opened with a token that may only read."};

std::string random_text() {
  std::string bytes(kRandomBytes, '\0');
  if (RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(bytes.size())) != 1)
    throw std::bad_alloc();
  return encode_hex(bytes);
}

std::array<unsigned char, 32> digest_of(std::string_view text) {
  std::array<unsigned char, 32> digest{};
  unsigned size = 0;
  if (EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1) throw std::bad_alloc();
  return digest;
}

}  // namespace

std::string PageSessions::cookie(std::string_view value, Seconds seconds) const {
  std::string out(cookie_name());
  out.append("=").append(value).append("; Path=/; HttpOnly; SameSite=Strict; Max-Age=").append(std::to_string(seconds));
  if (secure_) out += "; Secure";
  return out;
}

PageSessions::Opened PageSessions::open(std::string name, TokenScope scope) {
  const std::string id = random_text();
  const Seconds now = now_();
  Kept kept{digest_of(id), {std::move(name), scope, random_text(), now + kLifeS}, now};
  Opened opened{kept.session, cookie(id, kLifeS)};
  const std::lock_guard lock(mutex_);
  forget_old(now);
  if (sessions_.size() >= kSessionsMax)
    sessions_.erase(std::min_element(sessions_.begin(), sessions_.end(),
                                     [](const Kept& a, const Kept& b) { return a.used < b.used; }));
  sessions_.push_back(std::move(kept));
  return opened;
}

void PageSessions::forget_old(Seconds now) {
  std::erase_if(sessions_, [now](const Kept& one) { return now >= one.session.ends || now - one.used >= kIdleS; });
}

// The value of our cookie among those of the request; empty: there is none.
std::string_view PageSessions::id_of(const RequestHead& head) const {
  std::string_view rest = head.field("Cookie");
  while (!rest.empty()) {
    std::string_view pair = rest.substr(0, rest.find(';'));
    rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
    while (pair.starts_with(' ')) pair.remove_prefix(1);
    const std::size_t equals = pair.find('=');
    if (equals != std::string_view::npos && pair.substr(0, equals) == cookie_name()) return pair.substr(equals + 1);
  }
  return {};
}

std::optional<PageSession> PageSessions::find(const RequestHead& head) {
  const std::string_view id = id_of(head);
  if (id.size() != 2 * kRandomBytes) return std::nullopt;
  const Digest digest = digest_of(id);
  const Seconds now = now_();
  const std::lock_guard lock(mutex_);
  forget_old(now);
  for (Kept& one : sessions_) {
    if (CRYPTO_memcmp(one.digest.data(), digest.data(), digest.size()) != 0) continue;
    one.used = now;
    return one.session;
  }
  return std::nullopt;
}

std::string PageSessions::close(const RequestHead& head) {
  if (const std::string_view id = id_of(head); !id.empty()) {
    const Digest digest = digest_of(id);
    const std::lock_guard lock(mutex_);
    std::erase_if(sessions_, [&](const Kept& one) { return one.digest == digest; });
  }
  return cookie("", 0);
}

void PageSessions::close_all() {
  const std::lock_guard lock(mutex_);
  sessions_.clear();
}

std::variant<std::monostate, std::string, Refusal> PageSessions::admit(const RequestHead& head, TokenScope needed) {
  if (!head.field("Authorization").empty()) return std::monostate();  // a token was sent: that one counts
  const auto session = find(head);
  if (!session) return std::monostate();
  if (needed == TokenScope::admin && session->scope != TokenScope::admin) return kReadOnly;
  if (head.method == HttpMethod::post) {
    const std::string_view sent = head.field("X-Csrf-Token");
    if (sent.size() != session->csrf.size() || CRYPTO_memcmp(sent.data(), session->csrf.data(), sent.size()) != 0)
      return kNoCsrf;
  }
  return session->name;
}

}  // namespace straykey
