#include "net/admin/page_sessions.h"

#include <string>

#include <doctest/doctest.h>

namespace straykey {
namespace {

struct Door {
  Seconds now = 1'000;
  PageSessions sessions{false, [this] { return now; }};

  // Whoever has this cookie and header: "" nobody, "403" a refusal.
  std::string admitted(const std::string& cookie, HttpMethod method = HttpMethod::get, const std::string& csrf = "",
                       TokenScope needed = TokenScope::read) {
    RequestHead head;
    head.method = method;
    head.fields = {{"Cookie", cookie}, {"X-Csrf-Token", csrf}};
    const auto found = sessions.admit(head, needed);
    if (const auto* refusal = std::get_if<Refusal>(&found)) return std::to_string(refusal->status);
    const auto* name = std::get_if<std::string>(&found);
    return name == nullptr ? "" : *name;
  }
  static std::string cookie_of(const PageSessions::Opened& opened) {
    return opened.set_cookie.substr(0, opened.set_cookie.find(';'));
  }
};

TEST_CASE("page sessions: the cookie lets in, among others and in any place, and no other value does") {
  Door door;
  const auto opened = door.sessions.open("operator", TokenScope::admin);
  const std::string cookie = Door::cookie_of(opened);
  CHECK_EQ(door.admitted(cookie), "operator");
  CHECK_EQ(door.admitted("a=b; " + cookie + "; c=d"), "operator");
  CHECK_EQ(door.admitted("x" + cookie), "");
  CHECK_EQ(door.admitted(cookie.substr(0, cookie.size() - 1) + "x"), "");
  CHECK_EQ(door.admitted("straykey="), "");
  CHECK_EQ(door.admitted(""), "");
  CHECK_NE(opened.set_cookie.find("; HttpOnly; SameSite=Strict;"), std::string::npos);
  CHECK_EQ(opened.set_cookie.find("Secure"), std::string::npos);
}

TEST_CASE("page sessions: over TLS the cookie is bound to it and to the host") {
  PageSessions sessions(true, [] { return Seconds{1}; });
  const std::string cookie = sessions.open("operator", TokenScope::admin).set_cookie;
  CHECK(cookie.starts_with("__Host-straykey="));
  CHECK(cookie.ends_with("; Secure"));
}

TEST_CASE("page sessions: a change needs the session's own header, and a session that may change") {
  Door door;
  const auto admin = door.sessions.open("operator", TokenScope::admin);
  const auto reader = door.sessions.open("reader", TokenScope::read);
  const std::string cookie = Door::cookie_of(admin);
  CHECK_EQ(door.admitted(cookie, HttpMethod::post, "", TokenScope::admin), "403");
  CHECK_EQ(door.admitted(cookie, HttpMethod::post, reader.session.csrf, TokenScope::admin), "403");
  CHECK_EQ(door.admitted(cookie, HttpMethod::post, admin.session.csrf, TokenScope::admin), "operator");
  CHECK_EQ(door.admitted(Door::cookie_of(reader), HttpMethod::post, reader.session.csrf, TokenScope::admin), "403");
  CHECK_EQ(door.admitted(Door::cookie_of(reader)), "reader");
}

TEST_CASE("page sessions: one ends when it is not used, when it is old, when it is closed, and with all others") {
  Door door;
  const std::string idle = Door::cookie_of(door.sessions.open("idle", TokenScope::read));
  const std::string used = Door::cookie_of(door.sessions.open("used", TokenScope::read));
  for (; door.now < 1'000 + PageSessions::kLifeS; door.now += PageSessions::kIdleS - 1) {
    CHECK_EQ(door.admitted(used), "used");
  }
  CHECK_EQ(door.admitted(idle), "");
  CHECK_EQ(door.admitted(used), "");
  const std::string closed = Door::cookie_of(door.sessions.open("closed", TokenScope::read));
  RequestHead head;
  head.fields = {{"Cookie", closed}};
  CHECK(door.sessions.close(head).starts_with("straykey=; "));
  CHECK_EQ(door.admitted(closed), "");
  const std::string one = Door::cookie_of(door.sessions.open("one", TokenScope::read));
  door.sessions.close_all();
  CHECK_EQ(door.admitted(one), "");
}

TEST_CASE("page sessions: one more than there may be ends the one that was used longest ago") {
  Door door;
  const std::string first = Door::cookie_of(door.sessions.open("first", TokenScope::read));
  ++door.now;
  const std::string second = Door::cookie_of(door.sessions.open("second", TokenScope::read));
  ++door.now;
  CHECK_EQ(door.admitted(first), "first");
  for (std::size_t i = 2; i <= PageSessions::kSessionsMax; ++i)
    static_cast<void>(door.sessions.open("more", TokenScope::read));
  CHECK_EQ(door.admitted(first), "first");
  CHECK_EQ(door.admitted(second), "");
}

TEST_CASE("page sessions: who sends a token is judged by the token") {
  Door door;
  const std::string cookie = Door::cookie_of(door.sessions.open("operator", TokenScope::admin));
  RequestHead head;
  head.method = HttpMethod::get;
  head.fields = {{"Cookie", cookie}, {"Authorization", "Bearer x"}};
  CHECK(std::holds_alternative<std::monostate>(door.sessions.admit(head, TokenScope::read)));
}

}  // namespace
}  // namespace straykey
