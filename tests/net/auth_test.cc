#include "net/http/auth.h"

#include <doctest/doctest.h>

#include <string>

namespace straykey {
namespace {

const std::string kSecret = "0123456789abcdef";
const std::string kAdmin = "fedcba9876543210";
const CredentialPlace kSplunk{"Splunk", "X-Own-Key"};

IpAddress address(std::uint8_t last) {
  IpAddress out;
  out.bytes = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, last};
  return out;
}

struct Door {
  Authenticator auth{AuthSettings{}};
  Door() {
    REQUIRE(auth.replace({{"orders", kSecret, TokenScope::ingest}, {"operator", kAdmin, TokenScope::admin}}).ok());
  }

  // 200 and the name, or the refusal's status.
  unsigned knock(const std::string& headers, TokenScope scope = TokenScope::ingest) {
    RequestHead head;
    const std::string block = "GET /?token=" + kSecret + " HTTP/1.1\r\nHost: a\r\n" + headers + "\r\n";
    REQUIRE_FALSE(read_head(block, HeadLimits{}, head));
    const auto outcome = auth.check(head, scope, kSplunk, address(1), 1'000 + second++);
    if (const auto* refusal = std::get_if<Refusal>(&outcome)) {
      message = refusal->message;
      return refusal->status;
    }
    name = std::get<std::string>(outcome);
    return 200;
  }
  Seconds second = 0;
  std::string name, message;
};

}  // namespace

TEST_CASE("a token opens by every way of sending it, and names its source") {
  Door door;
  for (const std::string& headers :
       {"Authorization: Bearer " + kSecret + "\r\n", "authorization: bearer  " + kSecret + "\r\n",
        std::string("Authorization: Basic dXNlcjowMTIzNDU2Nzg5YWJjZGVm\r\n"), "x-api-key: " + kSecret + "\r\n",
        "Authorization: Splunk " + kSecret + "\r\n", "X-Own-Key: " + kSecret + "\r\n"}) {
    CAPTURE(headers);
    door.name.clear();
    CHECK(door.knock(headers) == 200);
    CHECK(door.name == "orders");
  }
}

TEST_CASE("two tokens of one sender, the old and the new one, may share a source") {
  Door door;
  REQUIRE(door.auth
              .replace({{"orders-2024", kSecret, TokenScope::ingest, "orders"},
                        {"orders-2025", kAdmin, TokenScope::ingest, "orders"}})
              .ok());
  for (const std::string& secret : {kSecret, kAdmin}) {
    door.name.clear();
    CHECK(door.knock("Authorization: Bearer " + secret + "\r\n") == 200);
    CHECK(door.name == "orders");
  }
}

TEST_CASE("whatever is not a token of this scope is refused") {
  Door door;
  struct Row {
    std::string headers;
    unsigned status;
  };
  const std::string bearer = "Authorization: Bearer ";
  for (const Row& row : std::vector<Row>{{"", 401},
                                         {bearer + "\r\n", 401},
                                         {bearer + "0123456789abcdeg\r\n", 401},
                                         {bearer + "0123456789abcde\r\n", 401},
                                         {bearer + kSecret + "0\r\n", 401},
                                         {bearer + std::string(4'096, 'a') + "\r\n", 401},
                                         {"Authorization: " + kSecret + "\r\n", 401},
                                         {"Authorization: Digest " + kSecret + "\r\n", 401},
                                         {"Authorization: Basic " + kSecret + "\r\n", 401},
                                         {"Authorization: Basic ====\r\n", 401},
                                         {"Authorization: Basic MDEyMzQ1Njc4OWFiY2RlZjo=\r\n", 401},
                                         {bearer + kSecret + "\r\n" + bearer + kSecret + "\r\n", 400},
                                         {"X-Api-Key: " + kSecret + "\r\nX-Api-Key: x\r\n", 400},
                                         {"Authorization: Bearer wrong\r\nX-Api-Key: " + kSecret + "\r\n", 401},
                                         {bearer + kAdmin + "\r\n", 403}}) {
    CAPTURE(row.headers);
    CHECK(door.knock(row.headers) == row.status);
  }
  CHECK(door.knock(bearer + kSecret + "\r\n", TokenScope::admin) == 403);
  CHECK(door.knock(bearer + kAdmin + "\r\n", TokenScope::admin) == 200);
}

TEST_CASE("a token of another scope hears which scopes would do") {
  Door door;
  const auto needs = [&](const std::string& token, TokenScope scope) {
    CHECK(door.knock("Authorization: Bearer " + token + "\r\n", scope) == 403);
    return door.message.substr(door.message.find("scope"));
  };
  CHECK(needs(kAdmin, TokenScope::ingest) == "scope ingest.");
  CHECK(needs(kSecret, TokenScope::admin) == "scope admin.");
  CHECK(needs(kSecret, TokenScope::read) == "scope read or admin.");
}

TEST_CASE("two tokens are valid at once, and a replaced one no longer") {
  Door door;
  REQUIRE(door.auth.replace({{"old", kSecret, TokenScope::ingest}, {"new", "another-token-of-16", TokenScope::ingest}})
              .ok());
  CHECK(door.knock("X-Api-Key: " + kSecret + "\r\n") == 200);
  CHECK(door.knock("X-Api-Key: another-token-of-16\r\n") == 200);
  REQUIRE(door.auth.replace({{"new", "another-token-of-16", TokenScope::ingest}}).ok());
  CHECK(door.knock("X-Api-Key: " + kSecret + "\r\n") == 401);
}

TEST_CASE("a bad set of tokens is refused as a whole and the old one stays") {
  Door door;
  CHECK_FALSE(door.auth.replace({{"", "another-token-of-16", TokenScope::ingest}}).ok());
  CHECK_FALSE(
      door.auth
          .replace({{"short", "fifteen-bytes-..", TokenScope::ingest}, {"x", "123456789012345", TokenScope::ingest}})
          .ok());
  CHECK_FALSE(door.auth.replace({{"a", kSecret, TokenScope::ingest}, {"b", kSecret, TokenScope::admin}}).ok());
  CHECK_FALSE(door.auth.replace({{"a", kSecret, TokenScope::ingest}, {"a", kAdmin, TokenScope::admin}}).ok());
  CHECK(door.knock("X-Api-Key: " + kSecret + "\r\n") == 200);
}

TEST_CASE("more than 100 failures a second from one address get 429, from that address and in that second only") {
  Authenticator auth{AuthSettings{}};
  REQUIRE(auth.replace({{"orders", kSecret, TokenScope::ingest}}).ok());
  RequestHead bad;
  REQUIRE_FALSE(read_head("GET / HTTP/1.1\r\nHost: a\r\nX-Api-Key: wrong\r\n\r\n", HeadLimits{}, bad));
  RequestHead good;
  const std::string good_block = "GET / HTTP/1.1\r\nHost: a\r\nX-Api-Key: " + kSecret + "\r\n\r\n";
  REQUIRE_FALSE(read_head(good_block, HeadLimits{}, good));
  const auto status = [&](const RequestHead& head, std::uint8_t from, Seconds second) {
    const auto outcome = auth.check(head, TokenScope::ingest, {}, address(from), second);
    const auto* refusal = std::get_if<Refusal>(&outcome);
    return refusal == nullptr ? 200u : refusal->status;
  };
  for (int i = 0; i < 100; ++i) CHECK(status(bad, 1, 50) == 401);
  CHECK(status(bad, 1, 50) == 429);
  CHECK(status(bad, 2, 50) == 401);
  CHECK(status(good, 1, 50) == 200);
  CHECK(status(bad, 1, 51) == 401);
}

TEST_CASE("the table of failures stays bounded, and an IPv6 network counts as one address") {
  AuthFailures failures(3, 100);
  for (std::uint32_t i = 0; i < 10'000; ++i) {
    IpAddress one;
    one.bytes[0] = 0x20;
    one.bytes[4] = static_cast<std::uint8_t>(i >> 8);
    one.bytes[5] = static_cast<std::uint8_t>(i);
    failures.count(one, 1);
    REQUIRE(failures.addresses() <= 100);
  }
  AuthFailures networks(3, 100);
  IpAddress host;
  host.bytes[0] = 0x20;
  for (std::uint8_t i = 0; i < 3; ++i) {
    host.bytes[15] = i;
    CHECK_FALSE(networks.count(host, 1));
  }
  host.bytes[15] = 200;
  CHECK(networks.count(host, 1));
}

TEST_CASE("the header of a token and the limit of failures may change") {
  Door door;
  CHECK(door.knock("X-Api-Key: " + kSecret + "\r\n") == 200);
  AuthSettings other;
  other.api_key_header = "X-Other-Key";
  other.failures_per_second_max = 1;
  door.auth.use(other);
  CHECK(door.knock("X-Api-Key: " + kSecret + "\r\n") == 401);
  CHECK(door.knock("X-Other-Key: " + kSecret + "\r\n") == 200);
  door.second = -1'000;
  RequestHead head;
  REQUIRE_FALSE(read_head("GET / HTTP/1.1\r\nHost: a\r\n\r\n", HeadLimits{}, head));
  const auto status = [&] {
    return std::get<Refusal>(door.auth.check(head, TokenScope::ingest, kSplunk, address(9), 1)).status;
  };
  CHECK(status() == 401);
  CHECK(status() == 429);
}

}  // namespace straykey
