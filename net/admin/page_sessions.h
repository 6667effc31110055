#pragma once
// PageSessions: who has logged in at the page. A browser shows a token once and has a cookie from then on, so that no
// script of the page ever holds the token.
//
// Shape:  a session is 32 random bytes in a cookie (HttpOnly, SameSite=Strict, and Secure over TLS), of which only a
//         SHA-256 is kept, and another 32 bytes (csrf) that a request which changes something has to repeat in the
//         header X-Csrf-Token. Another site can make a browser send the cookie, and cannot read these.
// Thread: any (synchronised inside).
// Bounds: kSessionsMax; one more ends the one that was used longest ago. A session ends kIdleS after its last use,
//         kLifeS after it began, and with every reload of the tokens.
// Errors: a cookie that is unknown or over is none. A change without the right header is a Refusal.
#include <array>
#include <cstddef>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/time.h"
#include "net/http/auth.h"
#include "net/http/request_guard.h"

namespace straykey {

struct PageSession {
  std::string name;  // of the token that it was opened with
  TokenScope scope = TokenScope::read;
  std::string csrf;
  Seconds ends = 0;
};

class PageSessions {
 public:
  static constexpr std::size_t kSessionsMax = 64;
  static constexpr Seconds kIdleS = 3'600, kLifeS = 12 * 3'600;

  // `secure`: the cookie is for TLS only. `now`: seconds of a clock that only runs forward, or of the wall clock.
  PageSessions(bool secure, std::function<Seconds()> now) : secure_(secure), now_(std::move(now)) {}

  struct Opened {
    PageSession session;
    std::string set_cookie;  // the value of Set-Cookie
  };
  [[nodiscard]] Opened open(std::string name, TokenScope scope);
  [[nodiscard]] std::optional<PageSession> find(const RequestHead& head);
  // Returns the value of the Set-Cookie that takes it away.
  [[nodiscard]] std::string close(const RequestHead& head);
  void close_all();

  // For Route::admit: the name of the token, or nothing if the request has no session. A POST needs the header.
  [[nodiscard]] std::variant<std::monostate, std::string, Refusal> admit(const RequestHead& head, TokenScope needed);

 private:
  using Digest = std::array<unsigned char, 32>;
  struct Kept {
    Digest digest{};
    PageSession session;
    Seconds used = 0;
  };

  [[nodiscard]] std::string_view cookie_name() const noexcept { return secure_ ? "__Host-straykey" : "straykey"; }
  [[nodiscard]] std::string cookie(std::string_view value, Seconds seconds) const;
  [[nodiscard]] std::string_view id_of(const RequestHead& head) const;
  void forget_old(Seconds now);

  const bool secure_;
  const std::function<Seconds()> now_;
  std::mutex mutex_;
  std::vector<Kept> sessions_;
};

}  // namespace straykey
