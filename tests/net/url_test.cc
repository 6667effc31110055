#include "net/client/url.h"

#include <doctest/doctest.h>

#include <string>

using namespace straykey;

namespace {

Url url(const std::string& text) {
  auto parsed = parse_url(text);
  REQUIRE_MESSAGE(parsed.ok(), text);
  return std::move(parsed).value();
}

}  // namespace

TEST_CASE("a URL is taken apart into what a request needs") {
  const Url parsed = url("https://Hooks.Example.com/in/alerts?team=soc&x=%20");
  CHECK(parsed.https);
  CHECK_EQ(parsed.host, "hooks.example.com");
  CHECK_FALSE(parsed.literal);
  CHECK_EQ(parsed.port, 443);
  CHECK_EQ(parsed.target, "/in/alerts?team=soc&x=%20");
  CHECK_EQ(parsed.host_header, "hooks.example.com");
}

TEST_CASE("ports, missing paths and addresses as hosts") {
  CHECK_EQ(url("https://example.com").target, "/");
  CHECK_EQ(url("https://example.com?a=b").target, "/?a=b");
  CHECK_EQ(url("http://example.com/").port, 80);
  CHECK_EQ(url("https://example.com:443/").host_header, "example.com");
  CHECK_EQ(url("http://example.com:443/").host_header, "example.com:443");
  CHECK_EQ(url("https://example.com:8443/").host_header, "example.com:8443");
  const Url v4 = url("https://198.51.100.7:8443/a");
  CHECK(v4.literal == parse_ip("198.51.100.7"));
  const Url v6 = url("https://[2001:db8::7]:8443/a");
  CHECK(v6.literal == parse_ip("2001:db8::7"));
  CHECK_EQ(v6.host, "2001:db8::7");
  CHECK_EQ(v6.host_header, "[2001:db8::7]:8443");
}

TEST_CASE("what is no plain webhook URL is refused, and the sentence does not repeat it") {
  for (const std::string& text : {std::string(),
                                  std::string("example.com/canary"),
                                  std::string("//example.com/canary"),
                                  std::string("ftp://example.com/canary"),
                                  std::string("file:///etc/canary"),
                                  std::string("https:canary"),
                                  std::string("https:///canary"),
                                  std::string("https://user@example.com/canary"),
                                  std::string("https://user:canary@example.com/"),
                                  std::string("https://example.com/#canary"),
                                  std::string("https://example.com:0/canary"),
                                  std::string("https://example.com:99999/canary"),
                                  std::string("https://exa%6dple.com/canary"),
                                  std::string("https://exa mple.com/canary"),
                                  std::string("https://example.com/canary\r\nX: y"),
                                  std::string("https://example.com/canary y"),
                                  std::string("https://[v1.canary]/"),
                                  std::string("https://[fe80::1%25eth0]/canary"),
                                  std::string("https://example.com/\xc3\xa9 canary"),
                                  std::string("https://-canary.example.com/"),
                                  "https://example.com/canary" + std::string(2'048, 'a')}) {
    const auto parsed = parse_url(text);
    CHECK_FALSE_MESSAGE(parsed.ok(), text);
    if (!parsed.ok()) CHECK(parsed.error().message.find("canary") == std::string::npos);
  }
}

TEST_CASE("a syslog server is a scheme, a host and a port") {
  auto tls = parse_syslog_server("tls://SIEM.example.com:6514");
  REQUIRE(tls.ok());
  CHECK(tls->https);
  CHECK(tls->carrier == Url::Carrier::stream);
  CHECK_EQ(tls->host, "siem.example.com");
  CHECK_EQ(tls->port, 6514);
  auto udp = parse_syslog_server("udp://[2001:db8::1]:514");
  REQUIRE(udp.ok());
  CHECK_FALSE(udp->https);
  CHECK(udp->carrier == Url::Carrier::datagrams);
  CHECK(udp->literal.has_value());
  CHECK(parse_syslog_server("tcp://192.0.2.1:601/").ok());
  for (const char* const text :
       {"", "canary", "https://canary.example.com", "tls://canary.example.com", "tls://:6514",
        "tls://canary.example.com:0", "tls://canary.example.com:99999", "tls://a@canary.example.com:1",
        "tls://canary.example.com:1/x", "tls://canary:1#x", "tls://canary:1?x"}) {
    const auto parsed = parse_syslog_server(text);
    CHECK_FALSE_MESSAGE(parsed.ok(), text);
    if (!parsed.ok()) CHECK(parsed.error().message.find("canary") == std::string::npos);
  }
}
