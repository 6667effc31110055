#include "net/io/proxy_header.h"

#include <string>
#include <utility>

#include <doctest/doctest.h>

namespace straykey {
namespace {

// Whom the line names: an address, "proxy", or "bad".
std::string said(const std::optional<ProxyHeader>& header) {
  if (!header) return "bad";
  return header->client ? header->client->text() : "proxy";
}
std::string line(const std::string& text) {
  return said(read_proxy_line(text));
}
std::string binary(const std::string& text) {
  return said(read_proxy_binary(text));
}

// Version 2: command, family and transport, and what follows.
std::string header(char command, char family, const std::string& rest) {
  std::string text("\r\n\r\n\0\r\nQUIT\n", 12);
  text += {command, family, static_cast<char>(rest.size() >> 8), static_cast<char>(rest.size() & 0xff)};
  return text + rest;
}
const std::string kTcp4("\xcb\x00\x71\x05\xc0\x00\x02\x01\x30\x39\x01\xbb", 12);  // 203.0.113.5 to 192.0.2.1

}  // namespace

TEST_CASE("version 1 is read exactly as it is specified") {
  CHECK(line("PROXY TCP4 203.0.113.5 192.0.2.1 4711 443\r\n") == "203.0.113.5");
  CHECK(line("PROXY TCP6 2001:db8::5 2001:db8::1 4711 443\r\n") == "2001:db8::5");
  CHECK(line("PROXY TCP6 ::ffff:203.0.113.5 ::ffff:192.0.2.1 4711 443\r\n") == "203.0.113.5");
  CHECK(line("PROXY UNKNOWN\r\n") == "proxy");
  CHECK(line("PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n") == "proxy");
  for (const char* bad :
       {"PROXY TCP4 203.0.113.5 192.0.2.1 4711 443\n", "PROXY TCP4 203.0.113.5 192.0.2.1 4711\r\n",
        "PROXY TCP4 203.0.113.5 192.0.2.1 4711 443 \r\n", "PROXY TCP4  203.0.113.5 192.0.2.1 4711 443\r\n",
        "PROXY TCP4 203.0.113.5 192.0.2.1 65536 443\r\n", "PROXY TCP4 203.0.113.5 192.0.2.1 -1 443\r\n",
        "PROXY TCP4 203.0.113.5 192.0.2.1 04711 443\r\n", "PROXY TCP4 203.0.113.05 192.0.2.1 4711 443\r\n",
        "PROXY TCP4 2001:db8::5 2001:db8::1 4711 443\r\n", "PROXY UDP4 203.0.113.5 192.0.2.1 4711 443\r\n",
        "PROXY TCP4 host 192.0.2.1 4711 443\r\n", "proxy TCP4 203.0.113.5 192.0.2.1 4711 443\r\n", "PROXY \r\n",
        "PROXY TCP4\r\n", "GET / HTTP/1.1\r\n", ""}) {
    CAPTURE(bad);
    CHECK(line(bad) == "bad");
  }
  CHECK(line("PROXY UNKNOWN " + std::string(91, 'x') + "\r\n") == "proxy");  // 107 bytes
  CHECK(line("PROXY UNKNOWN " + std::string(92, 'x') + "\r\n") == "bad");
}

TEST_CASE("version 2 is read exactly as it is specified, and what it adds is passed over") {
  CHECK(binary(header('\x21', '\x11', kTcp4)) == "203.0.113.5");
  CHECK(binary(header('\x21', '\x11',
                      kTcp4 + std::string("\x20\x00\x03"
                                          "abc",
                                          6))) == "203.0.113.5");
  std::string six;
  for (const char* text : {"2001:db8::5", "2001:db8::1"}) {
    const IpAddress address = *parse_ip(text);
    six.append(reinterpret_cast<const char*>(address.bytes.data()), address.bytes.size());
  }
  six += "\x30\x39\x01\xbb";
  CHECK(binary(header('\x21', '\x21', six)) == "2001:db8::5");
  CHECK(binary(header('\x20', '\x00', "")) == "proxy");
  CHECK(binary(header('\x20', '\x11', kTcp4)) == "proxy");
  CHECK(binary(header('\x21', '\x00', "")) == "proxy");
  const std::string good = header('\x21', '\x11', kTcp4);
  for (std::size_t size = 0; size < good.size(); ++size) CHECK(binary(good.substr(0, size)) == "bad");
  CHECK(binary(good + "x") == "bad");
  for (const auto& [command, family] :
       {std::pair{'\x22', '\x11'}, {'\x11', '\x11'}, {'\x21', '\x12'}, {'\x21', '\x31'}, {'\x21', '\x21'}}) {
    CHECK(binary(header(command, family, kTcp4)) == "bad");
  }
  CHECK(binary(header('\x21', '\x11', kTcp4.substr(0, 11))) == "bad");
  const std::string most(kProxyBytesMax - kProxyBinaryBytes - kTcp4.size(), '\0');
  CHECK(binary(header('\x21', '\x11', kTcp4 + most)) == "203.0.113.5");
  CHECK(binary(header('\x21', '\x11', kTcp4 + most + "x")) == "bad");
}

}  // namespace straykey
