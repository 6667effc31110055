#include "net/ingest/http_source.h"

#include "tests/net/http_fixture.h"

#include <doctest/doctest.h>

namespace straykey {

TEST_CASE("an HTTP listener is a source: it has a name and a URL, serves, reloads, and is gone once drained") {
  Log log({LogLevel::error, false});
  Metrics metrics;
  IoRuntime runtime({2}, log, metrics);
  HttpRouter router;
  Route route;
  route.path = "/there";
  route.body_bytes_max = 10;
  route.handle = [](const HttpRequest&, const ReplyTo& reply) { reply({}); };
  router.add(std::move(route));
  HttpListenerSettings settings;
  settings.name = "ingest_http";
  settings.address = "127.0.0.1";
  const HttpDependencies dependencies{std::make_shared<Authenticator>(AuthSettings{}),
                                      std::make_shared<ByteBudget>(1 << 20), metrics, log};
  HttpSource source(runtime, settings, std::move(router), dependencies);
  runtime.start();
  REQUIRE(source.start(now_seconds()).ok());
  CHECK(source.name() == "ingest_http");
  const std::string url = source.url();
  REQUIRE(url.starts_with("http://127.0.0.1:"));
  const auto port = static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':') + 1)));
  RawHttpClient client(port, false);
  client.send("POST /there HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
  CHECK(client.read_reply().status == 200);
  CHECK(source.reload(now_seconds()).ok());
  CHECK(source.drain(std::chrono::seconds(10)));
  CHECK(client.ends());
  runtime.stop();
}

}  // namespace straykey
