#include "net/http/http_server.h"

#include <sys/resource.h>

#include <atomic>
#include <cstdlib>
#include <mutex>
#include <new>
#include <string>
#include <thread>
#include <vector>

#include "net/http/http_session.h"
#include "tests/net/http_fixture.h"
#include "tests/support/self_signed.h"

#include <doctest/doctest.h>

#ifndef __SANITIZE_ADDRESS__  // it has these operators itself, and says so if only some are replaced
namespace straykey {
namespace {

std::atomic<bool> no_memory_for_sessions{false};

bool is_session(std::size_t bytes) {
  return bytes >= sizeof(HttpSession) && bytes <= sizeof(HttpSession) + 64;  // make_shared() adds its counts
}

}  // namespace
}  // namespace straykey

[[gnu::noinline]] void* operator new(std::size_t bytes) {
  void* const place = straykey::no_memory_for_sessions && straykey::is_session(bytes) ? nullptr : std::malloc(bytes);
  if (place == nullptr) throw std::bad_alloc();
  return place;
}
[[gnu::noinline]] void operator delete(void* place) noexcept {
  std::free(place);
}
[[gnu::noinline]] void operator delete(void* place, std::size_t) noexcept {
  std::free(place);
}
#endif

namespace straykey {
namespace {

struct Row {
  std::string id;
  std::string bytes;
  unsigned status;  // 0: closed without a reply
};

const std::string kStart = "POST /echo HTTP/1.1\r\nHost: localhost\r\n";
const std::string kAuth = "Authorization: Bearer " + kIngestToken + "\r\n";

std::string post(const std::string& headers, const std::string& body = "") {
  return kStart + kAuth + headers + "\r\n" + body;
}
std::string chunked(const std::string& body) {
  return post("Transfer-Encoding: chunked\r\n", body);
}

// Framing (F) and authentication (A) of the hostile table. Every request that is refused here must also end its
// connection, as what follows cannot be trusted or was not read.
std::vector<Row> hostile_rows() {
  return {
      {"F01 length and chunked", post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"), 400},
      {"F02 chunked and length", post("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "0\r\n\r\n"), 400},
      {"F03 transfer coding gzip", post("Transfer-Encoding: gzip\r\n", "x"), 400},
      {"F04 transfer coding twice", post("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", "0\r\n\r\n"),
       400},
      {"F05 space before colon", post("Transfer-Encoding : chunked\r\n", "0\r\n\r\n"), 400},
      {"F06 HTTP/1.0 chunked", "POST /echo HTTP/1.0\r\n" + kAuth + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      {"F07 two lengths", post("Content-Length: 5\r\nContent-Length: 6\r\n", "12345"), 400},
      {"F08 length with sign", post("Content-Length: +5\r\n", "12345"), 400},
      {"F08 length of 2^64 + 5", post("Content-Length: 18446744073709551621\r\n", "12345"), 400},
      {"F08 length of 2^63", post("Content-Length: 9223372036854775808\r\n", "12345"), 413},
      {"F09 no length", post(""), 411},
      {"F10 no Host", "POST /echo HTTP/1.1\r\n" + kAuth + "Content-Length: 5\r\n\r\n12345", 400},
      {"F10 two Hosts", post("Host: b\r\nContent-Length: 5\r\n", "12345"), 400},
      {"F11 bare LF", "POST /echo HTTP/1.1\nHost: a\nContent-Length: 0\n\n", 400},
      {"F12 NUL", kStart + std::string("A: \0\r\n", 6), 400},
      {"F13 obs-fold", post("A: b\r\n\tc\r\nContent-Length: 5\r\n", "12345"), 400},
      {"F14 underscore", post("Content_Length: 5\r\n", "12345"), 400},
      {"F16 8 KiB block", post("A: " + std::string(9'000, 'a') + "\r\n"), 431},
      {"F17 long target", "POST /" + std::string(3'000, 'a') + " HTTP/1.1\r\n", 414},
      {"F17 odd bytes in target", "POST /echo<script> HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", 400},
      {"F18 absolute form", "POST http://localhost/echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n", 405},
      {"F18 CONNECT", "CONNECT localhost:443 HTTP/1.1\r\nHost: localhost\r\n\r\n", 405},
      {"F18 TRACE", "TRACE /echo HTTP/1.1\r\nHost: localhost\r\n\r\n", 405},
      {"F19 h2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
      {"F20 TLS hello", std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11), 400},
      {"F21 chunk size without digits", chunked("x\r\n12345\r\n0\r\n\r\n"), 400},
      {"F21 chunk size negative", chunked("-5\r\n12345\r\n0\r\n\r\n"), 400},
      {"F21 chunk size with 0x", chunked("0x5\r\n12345\r\n0\r\n\r\n"), 400},
      {"F21 chunk size of 2^64", chunked("10000000000000005\r\n12345\r\n0\r\n\r\n"), 400},
      {"F21 chunk size of 2^63", chunked("8000000000000000\r\n12345\r\n0\r\n\r\n"), 413},
      {"F21 chunk longer than said", chunked("4\r\n12345\r\n0\r\n\r\n"), 400},
      {"F21 chunk ends in LF", chunked("5\n12345\n0\n\n"), 400},
      {"F26 unknown expectation", post("Expect: 200-maybe\r\nContent-Length: 5\r\n", "12345"), 417},
      {"A01 no token", kStart + "Content-Length: 5\r\n\r\n12345", 401},
      {"A02 wrong token", kStart + "Authorization: Bearer wrong-token-0123456789\r\nContent-Length: 5\r\n\r\n12345",
       401},
      {"A03 other scheme", kStart + "Authorization: Digest " + kIngestToken + "\r\nContent-Length: 5\r\n\r\n12345",
       401},
      {"A04 two headers", post(kAuth + "Content-Length: 5\r\n", "12345"), 400},
      {"A05 off by one byte", kStart + "Authorization: Bearer " + kIngestToken + "0\r\nContent-Length: 5\r\n\r\n12345",
       401},
      {"A06 4 KB", kStart + "Authorization: Bearer " + std::string(4'096, 'a') + "\r\nContent-Length: 5\r\n\r\n12345",
       401},
      {"A07 query string",
       "POST /echo?token=" + kIngestToken + " HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n12345", 401},
      {"A08 admin token on ingest",
       kStart + "Authorization: Bearer " + kAdminToken + "\r\nContent-Length: 5\r\n\r\n12345", 403},
  };
}

void check_row(const HttpFixture& server, const Row& row, bool byte_by_byte) {
  CAPTURE(row.id);
  CAPTURE(byte_by_byte);
  {
    const auto client = server.connect();
    (void)(byte_by_byte ? client->send_byte_by_byte(row.bytes) : client->send(row.bytes));
    const RawHttpClient::Reply reply = client->read_reply();
    CHECK(reply.status == row.status);
    CHECK(reply.head.find("Connection: close") != std::string::npos);
    CHECK(reply.body.starts_with("{\"error\":{\"code\":\""));
    CHECK(client->ends());
  }
  CHECK(server.normal_request() == 200);
}

// All below it are open.
rlim_t lowest_free_descriptor() {
  const int lowest = dup(0);
  close(lowest);
  return static_cast<rlim_t>(lowest);
}

}  // namespace

TEST_CASE("every hostile request is refused by name, and the next normal one is served") {
  for (const bool tls : {false, true}) {
    CAPTURE(tls);
    HttpFixture::Settings settings;
    settings.tls = tls;
    settings.auth.failures_per_second_max = 1'000;
    const HttpFixture server(settings);
    for (const Row& row : hostile_rows()) {
      check_row(server, row, false);
      check_row(server, row, true);
    }
    CHECK(server.budget->used() == 0);
  }
}

TEST_CASE("endless chunk extensions and trailers end their connection, not the server") {
  const HttpFixture server({});
  for (const std::string& body :
       {"5;" + std::string(20 << 20, 'a'), "5\r\n12345\r\n0\r\nA: " + std::string(100 << 10, 'a') + "\r\n\r\n",
        "5\r\n12345\r\n0\r\n" + std::string(100 << 10, 'a')}) {
    const auto client = server.connect();
    (void)client->send(chunked(body));
    const unsigned status = client->read_reply().status;
    CHECK((status == 400 || status == 0));  // 0: we stopped reading before the client stopped sending
    CHECK(server.normal_request() == 200);
  }
  CHECK(server.counted("straykey_io_exceptions_total") == 0);
}

TEST_CASE("a trailer cannot become a header") {
  std::string encoding = "unset";
  const HttpFixture server({}, [&](HttpRouter& router) {
    Route route;
    route.path = "/encoding";
    route.body_bytes_max = 100;
    route.handle = [&](HttpRequest request, const ReplyTo& reply) {
      encoding = request.head.field("Content-Encoding");
      reply({});
    };
    router.add(std::move(route));
  });
  const auto client = server.connect();
  client->send(
      "POST /encoding HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nContent-Encoding: "
      "gzip\r\n\r\n");
  CHECK(client->read_reply().status == 200);
  CHECK(encoding.empty());
}

TEST_CASE("chunks of one byte, odd but legal chunks and pieces anywhere are one body") {
  const HttpFixture server({});
  std::string ones;
  for (int i = 0; i < 3'000; ++i) ones += "1\r\nx\r\n";
  const auto client = server.connect();
  client->send(chunked(ones + "0\r\n\r\n"));
  CHECK(client->read_reply().body == "3000");
  client->send(chunked("00000005;a=b\r\n12345\r\nA\r\n1234567890\r\n0\r\nX: y\r\n\r\n"));
  CHECK(client->read_reply().body == "15");
  const std::string whole = post("Content-Length: 5\r\n", "12345");
  for (std::size_t cut = 1; cut < whole.size(); cut += 3) {
    client->send(whole.substr(0, cut));
    client->send(whole.substr(cut));
    REQUIRE(client->read_reply().body == "5");
  }
}

TEST_CASE("1,000 pipelined requests are answered in their order") {
  for (const bool tls : {false, true}) {
    HttpFixture::Settings settings;
    settings.tls = tls;
    const HttpFixture server(settings);
    const auto client = server.connect();
    std::string all;
    for (std::size_t i = 0; i < 1'000; ++i)
      all += post("Content-Length: " + std::to_string(i % 10) + "\r\n", std::string(i % 10, 'x'));
    std::thread sender([&] { client->send(all); });
    if (tls) sender.join();  // OpenSSL reads and writes by one thread
    for (std::size_t i = 0; i < 1'000; ++i) REQUIRE(client->read_reply().body == std::to_string(i % 10));
    if (!tls) sender.join();
  }
}

TEST_CASE("100 Continue is sent only after token and size passed") {
  const HttpFixture server({});
  const auto client = server.connect();
  client->send(post("Content-Length: 5\r\nExpect: 100-continue\r\n"));
  CHECK(client->read_reply(true).status == 100);
  client->send("12345");
  CHECK(client->read_reply().body == "5");

  const auto stranger = server.connect();
  stranger->send(kStart + "Content-Length: 5\r\nExpect: 100-continue\r\n\r\n");
  CHECK(stranger->read_reply().status == 401);
  const auto large = server.connect();
  large->send(post("Content-Length: 5000000\r\nExpect: 100-continue\r\n"));
  CHECK(large->read_reply().status == 413);
}

TEST_CASE("a body over the limit of its route gets 413, told or found out") {
  const HttpFixture server({});
  const auto client = server.connect();
  client->send(post("Content-Length: 262144\r\n", std::string(262'144, 'x')));
  CHECK(client->read_reply().body == "262144");
  client->send(post("Content-Length: 262145\r\n"));
  CHECK(client->read_reply().status == 413);
  const auto other = server.connect();
  std::string body;
  for (int i = 0; i < 5; ++i) body += "10000\r\n" + std::string(65'536, 'x') + "\r\n";
  (void)other->send(chunked(body));
  CHECK(other->read_reply().status == 413);
  CHECK(server.budget->used() == 0);
}

TEST_CASE("HEAD says that a path is there, GET what it is for, and unknown paths are 404") {
  const HttpFixture server({});
  const auto client = server.connect();
  client->send("HEAD /echo HTTP/1.1\r\nHost: a\r\n\r\n");
  RawHttpClient::Reply reply = client->read_reply(true);
  CHECK(reply.status == 200);
  client->send("GET /echo HTTP/1.1\r\nHost: a\r\n\r\n");
  reply = client->read_reply();
  CHECK(reply.status == 405);
  CHECK(reply.head.find("Allow: POST, HEAD\r\n") != std::string::npos);
  CHECK(reply.body.find("POST anything to this address.") != std::string::npos);
  for (const char* method : {"DELETE", "PATCH", "PROPFIND"}) {
    client->send(std::string(method) + " /echo HTTP/1.1\r\nHost: a\r\n\r\n");
    reply = client->read_reply();
    CHECK(reply.status == 405);
    CHECK(reply.head.find("Allow: POST, HEAD\r\n") != std::string::npos);
  }
  for (const char* line : {"CONNECT a:443", "TRACE /echo", "POST http://a/echo"}) {
    const auto proxied = server.connect();
    proxied->send(std::string(line) + " HTTP/1.1\r\nHost: a\r\n\r\n");
    reply = proxied->read_reply();
    CHECK(reply.status == 405);
    CHECK(reply.head.find("Allow: ") != std::string::npos);
  }
  client->send("GET /no/such/path HTTP/1.1\r\nHost: a\r\n\r\n");
  reply = client->read_reply();
  CHECK(reply.status == 404);
  CHECK(reply.body.find("no/such") == std::string::npos);
  client->send("HEAD /echo HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer wrong\r\n\r\n");
  CHECK(client->read_reply(true).status == 401);
}

TEST_CASE("a client that half-closes is answered, one that resets in its body harms nobody") {
  for (const bool tls : {false, true}) {
    HttpFixture::Settings settings;
    settings.tls = tls;
    const HttpFixture server(settings);
    const auto client = server.connect();
    client->send(post("Content-Length: 5\r\n", "12345"));
    if (!tls) client->half_close();
    CHECK(client->read_reply().body == "5");
    const auto breaker = server.connect();
    breaker->send(post("Content-Length: 50000\r\n", "12345"));
    breaker->reset();
    CHECK(server.normal_request() == 200);
    while (server.budget->used() > 0) std::this_thread::yield();
  }
}

TEST_CASE("a server without descriptors left goes on accepting when there are some again") {
  const HttpFixture server({});
  REQUIRE(server.normal_request() == 200);
  rlimit before{};
  getrlimit(RLIMIT_NOFILE, &before);
  const auto failed = [&] { return server.counted("straykey_accept_errors_total{listener=\"ingest\"}") > 0; };
  std::unique_ptr<RawHttpClient> client;
  // A connection is forgotten a moment before its socket closes: then the server has one left after all.
  for (int attempt = 0; attempt < 50 && !failed(); ++attempt) {
    client.reset();
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    rlimit tight = before;
    tight.rlim_cur = lowest_free_descriptor() + 1;  // one for the client, none for the server
    setrlimit(RLIMIT_NOFILE, &tight);
    client = server.connect();
    for (int i = 0; i < 100 && !failed(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    setrlimit(RLIMIT_NOFILE, &before);
  }
  REQUIRE(failed());
  client->send(post("Content-Length: 5\r\n", "12345"));
  CHECK(client->read_reply().status == 200);
}

#ifndef __SANITIZE_ADDRESS__
TEST_CASE("a connection for which there is no memory does not end accepting") {
  const HttpFixture server({});
  REQUIRE(server.normal_request() == 200);
  no_memory_for_sessions = true;
  RawHttpClient unlucky(server.port(), false);
  CHECK(unlucky.ends());
  no_memory_for_sessions = false;
  CHECK(server.normal_request() == 200);
  CHECK(server.server->connections() <= 1);
}
#endif

TEST_CASE("draining finishes the request in hand, closes idle connections and takes no new ones") {
  std::vector<ReplyTo> held;
  std::mutex mutex;
  HttpFixture::Settings settings;
  settings.listener.timeouts.tick = std::chrono::milliseconds(10);
  HttpFixture server(settings, [&](HttpRouter& router) {
    Route route;
    route.path = "/hold";
    route.body_bytes_max = 100;
    route.handle = [&](HttpRequest, const ReplyTo& reply) {
      const std::lock_guard lock(mutex);
      held.push_back(reply);
    };
    router.add(std::move(route));
  });
  const std::uint16_t port = server.port();
  const auto idle = server.connect();
  idle->send(post("Content-Length: 1\r\n", "x"));
  CHECK(idle->read_reply().status == 200);
  const auto busy = server.connect();
  busy->send("POST /hold HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
  const auto in_hand = [&] {
    const std::lock_guard lock(mutex);
    return !held.empty();
  };
  while (!in_hand()) std::this_thread::yield();
  bool finished = false;
  std::thread drain([&] { finished = server.server->drain(std::chrono::seconds(8)); });
  CHECK(idle->ends());
  held.front()({200, "text/plain", "late", {}});
  const RawHttpClient::Reply reply = busy->read_reply();
  CHECK(reply.body == "late");
  CHECK(reply.head.find("Connection: close") != std::string::npos);
  drain.join();
  CHECK(finished);
  RawHttpClient refused(port, false);
  CHECK_FALSE(refused.send("GET / HTTP/1.1\r\n"));
}

TEST_CASE("draining does not wait for connections that have not sent a whole head") {
  HttpFixture::Settings settings;
  settings.listener.timeouts.tick = std::chrono::milliseconds(10);
  settings.listener.timeouts.head = std::chrono::hours(1);
  settings.listener.timeouts.head_at_end = std::chrono::milliseconds(20);
  HttpFixture server(settings);
  const auto silent = server.connect(), half = server.connect();
  half->send("POST /echo HTTP/1.1\r\nHost: a\r\n");
  CHECK(server.normal_request() == 200);  // by now both are there
  CHECK(server.server->drain(std::chrono::hours(1)));
  CHECK(silent->ends());
  CHECK(half->ends());
}

TEST_CASE("draining answers 503 what does not finish in time") {
  HttpFixture::Settings settings;
  settings.listener.timeouts.tick = std::chrono::milliseconds(10);
  std::atomic<int> held{0};
  HttpFixture server(settings, [&](HttpRouter& router) {
    Route route;
    route.path = "/hold";
    route.body_bytes_max = 100;
    route.handle = [&](HttpRequest, const ReplyTo&) { ++held; };
    router.add(std::move(route));
  });
  const auto busy = server.connect();
  busy->send("POST /hold HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
  while (held == 0) std::this_thread::yield();
  CHECK_FALSE(server.server->drain(std::chrono::milliseconds(50)));
  CHECK(busy->read_reply().status == 503);
  CHECK(server.server->connections() == 0);
}

TEST_CASE("a listener that cannot listen says so in one sentence") {
  HttpFixture server({});
  HttpListenerSettings taken;
  taken.address = "127.0.0.1";
  taken.port = server.port();
  const HttpDependencies dependencies{server.auth, server.budget, server.metrics, server.log};
  HttpServer second(*server.runtime, taken, HttpRouter{}, dependencies);
  const Status status = second.start(now_seconds());
  REQUIRE_FALSE(status.ok());
  CHECK(status.error().message.find("cannot listen on 127.0.0.1 port") != std::string::npos);
  HttpListenerSettings odd;
  odd.address = "localhost";
  HttpServer third(*server.runtime, odd, HttpRouter{}, dependencies);
  CHECK_FALSE(third.start(now_seconds()).ok());
}

TEST_CASE("a reloaded certificate serves new connections, a bad one changes nothing, and sessions are resumed") {
  HttpFixture::Settings settings;
  settings.tls = true;
  const HttpFixture server(settings);
  const auto first = server.connect();
  first->send(post("Content-Length: 5\r\n", "12345"));
  CHECK(first->read_reply().status == 200);
  const auto again = server.connect();
  CHECK(again->resumed());
  const long serial = first->certificate_serial();
  const SelfSigned other = make_self_signed(now_seconds() - 60, now_seconds() + 60);
  write_file(server.files.certificate, "nonsense", 0644);
  CHECK_FALSE(server.server->reload_tls(now_seconds()).ok());
  CHECK(server.normal_request() == 200);
  write_file(server.files.certificate, other.certificate_pem, 0644);
  write_file(server.files.key, other.key_pem, 0600);
  REQUIRE(server.server->reload_tls(now_seconds()).ok());
  const auto renewed = server.connect();
  CHECK_FALSE(renewed->resumed());
  CHECK(renewed->certificate_serial() != serial);
  first->send(post("Content-Length: 5\r\n", "12345"));
  CHECK(first->read_reply().status == 200);
}

}  // namespace straykey
