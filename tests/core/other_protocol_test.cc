#include "core/event/other_protocol.h"

#include <string>

#include <doctest/doctest.h>

namespace straykey {
namespace {

using namespace std::string_literals;

std::string_view name_of(std::string_view beginning) {
  const OtherProtocol* const found = other_protocol(beginning);
  return found == nullptr ? "" : found->name;
}

}  // namespace

TEST_CASE("what is no syslog is named by its first bytes") {
  CHECK(name_of("\x16\x03\x01\x02\x00\x01\x00"s) == "TLS");
  CHECK(name_of("GET / HTTP/1.1\r\n") == "HTTP");
  CHECK(name_of("POST /v1/events HTTP/1.1\r\n") == "HTTP");
  CHECK(name_of("PRI * HTTP/2.0\r\n") == "HTTP");
  CHECK(name_of("PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n<14>{}") == "PROXY protocol, version 1");
  CHECK(name_of("\r\n\r\n\0\r\nQUIT\n\x21\x11"s) == "PROXY protocol, version 2");
  for (const std::string& text : {"PROXY TCP4 "s, "\r\n\r\n\0\r\nQUIT\n"s}) {
    REQUIRE(other_protocol(text) != nullptr);
    CHECK(other_protocol(text)->change.find("syslog.proxy_protocol") != std::string_view::npos);
    CHECK(other_protocol(text)->change.find("trusted_proxies") != std::string_view::npos);
  }
  CHECK(name_of("\x1f\x8b\x08\x00"s) == "gzip");
  CHECK(name_of("\x78\x9c\x01"s) == "zlib");
  CHECK(name_of("\x28\xb5\x2f\xfd\x04"s) == "zstd");
  CHECK(name_of("z\x78\xda\x01"s) == "rsyslog's compressed messages");
  CHECK(name_of("310 z\x78\xda\x01"s) == "rsyslog's compressed messages");
  CHECK(name_of("\x1e\x0f\x01"s) == "GELF in chunks");
}

TEST_CASE("syslog is none of them, nor is what could become one") {
  for (const std::string& text : {"<14>{}"s, "{\"a\":1}"s, "120 <14>1 - "s, "Nov 22 edge: {}"s, ""s, "\n"s,
                                  "\r\n\r\n<14>"s, "GET"s, "PROXY"s, "\x16"s, "x {}"s, "zone"s}) {
    CAPTURE(text);
    CHECK(other_protocol(text) == nullptr);
  }
  for (const std::string& text : {""s, "\r"s, "GET"s, "PROXY TC"s, "\x16\x03"s}) CHECK(may_become_other_protocol(text));
  for (const std::string& text : {"<"s, "{"s, "1"s, "GETS"s, "\n"s}) CHECK_FALSE(may_become_other_protocol(text));
}

}  // namespace straykey
