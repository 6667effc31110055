#include "net/io/peer_stream.h"

#include <string>

#include "tests/net/http_fixture.h"

#include <doctest/doctest.h>

namespace straykey {

TEST_CASE("a refusal reaches a sender that is still sending its body, by TCP and by TLS") {
  for (const bool tls : {false, true}) {
    HttpFixture::Settings settings;
    settings.tls = tls;
    const HttpFixture server(settings);
    const std::string body(200'000, 'x');
    for (int round = 0; round < 20; ++round) {
      const auto client = server.connect();
      client->send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
                   body);
      REQUIRE(client->read_reply().status == 401);
    }
  }
}

}  // namespace straykey
