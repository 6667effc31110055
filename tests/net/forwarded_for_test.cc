#include "net/http/forwarded_for.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace straykey {
namespace {

const std::vector<Prefix> kProxies{*parse_prefix("192.0.2.0/24"), *parse_prefix("2001:db8:1::/48")};

std::string client(const std::string& peer, const std::vector<std::string>& fields,
                   const std::vector<Prefix>& trusted = kProxies) {
  RequestHead head;
  for (const std::string& value : fields) head.fields.push_back({"x-forwarded-FOR", value});
  return client_of(head, *parse_ip(peer), trusted).text();
}

}  // namespace

TEST_CASE("the client is the right-most address that is no trusted proxy, over all fields") {
  CHECK(client("192.0.2.1", {"203.0.113.5"}) == "203.0.113.5");
  CHECK(client("192.0.2.1", {"198.51.100.9, 203.0.113.5"}) == "203.0.113.5");
  CHECK(client("192.0.2.1", {"198.51.100.9, 203.0.113.5, 192.0.2.7"}) == "203.0.113.5");
  CHECK(client("192.0.2.1", {"198.51.100.9", "203.0.113.5,192.0.2.7", "192.0.2.8"}) == "203.0.113.5");
  CHECK(client("2001:db8:1::1", {"2001:db8:2::5, 2001:db8:1::2"}) == "2001:db8:2::5");
}

TEST_CASE("nobody but a trusted proxy is believed") {
  CHECK(client("203.0.113.9", {"198.51.100.1"}) == "203.0.113.9");
  CHECK(client("192.0.2.1", {"203.0.113.5"}, {}) == "192.0.2.1");
}

TEST_CASE("ports are cut, and what is no address ends the look: the last one known is the client") {
  CHECK(client("192.0.2.1", {"203.0.113.5:4711"}) == "203.0.113.5");
  CHECK(client("192.0.2.1", {"[2001:db8:2::5]:443"}) == "2001:db8:2::5");
  CHECK(client("192.0.2.1", {"203.0.113.5, unknown"}) == "192.0.2.1");
  CHECK(client("192.0.2.1", {"203.0.113.5, unknown, 192.0.2.7"}) == "192.0.2.7");
  CHECK(client("192.0.2.1", {""}) == "192.0.2.1");
  CHECK(client("192.0.2.1", {","}) == "192.0.2.1");
  CHECK(client("192.0.2.1", {}) == "192.0.2.1");
  CHECK(client("192.0.2.1", {"192.0.2.7"}) == "192.0.2.7");
}

}  // namespace straykey
