#include "net/client/outgoing_request.h"

#include <boost/asio/strand.hpp>

#include <chrono>
#include <future>

#include "tests/support/self_signed.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/webhook_receiver.h"

#include <doctest/doctest.h>

using namespace straykey;

namespace {

namespace asio = boost::asio;
using Reply = WebhookReceiver::Reply;
using Request = WebhookReceiver::Request;

const IpAddress kLoopback = *parse_ip("127.0.0.1");

Seconds wall_now() {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

WebhookReceiver::Answer always(Reply reply) {
  return [reply = std::move(reply)](const Request&) { return reply; };
}

// An event loop, and one attempt on it.
struct Attempt {
  asio::io_context io;
  asio::any_io_executor strand = asio::make_strand(io);
  std::shared_ptr<OutgoingTarget> target = std::make_shared<OutgoingTarget>();
  std::shared_ptr<OutgoingRequest> request;
  std::shared_ptr<NameLookup> lookup;
  ResolveName resolve = [](const std::string&) { return std::vector{kLoopback}; };
  OutgoingLimits limits{.connect_ms = 5'000, .total_ms = 5'000, .linger_ms = 200};
  OutgoingMessage message{.method = OutgoingMessage::Method::post, .headers = {{"X-Ours", "1"}}, .body = R"({"a":1})"};
  std::optional<OutgoingReply> reply;

  Attempt() { target->policy.allow = {*parse_prefix("127.0.0.0/8")}; }
  ~Attempt() {
    if (lookup) lookup->close();
  }

  void start(const std::string& url, const std::string& ca_file = {}) {
    auto parsed = parse_url(url);
    REQUIRE(parsed.ok());
    target->url = std::move(parsed).value();
    if (target->url.https) {
      auto trust = TlsTrust::in_authorities(ca_file);
      REQUIRE(trust.ok());
      target->trust = std::move(trust).value();
    }
    lookup = std::make_shared<NameLookup>(strand, target->url.host, resolve);
    request = std::make_shared<OutgoingRequest>(strand, target, lookup, limits);
    request->start(message, [this](OutgoingReply answered) { reply = std::move(answered); });
    CHECK_FALSE(reply);
  }

  OutgoingReply run(const std::string& url, const std::string& ca_file = {}) {
    start(url, ca_file);
    REQUIRE(run_until(io, [&] { return reply.has_value(); }));
    return *reply;
  }
};

struct Authority {
  explicit Authority(Seconds not_after) : pair(make_self_signed(wall_now() - 10'000, not_after)) {
    write_file(file, pair.certificate_pem, 0600);
  }
  TemporaryDirectory directory;
  SelfSigned pair;
  std::string file = directory.path() + "/ca.pem";
};

}  // namespace

TEST_CASE("a request carries its own headers, ours, and nothing else") {
  Attempt attempt;
  WebhookReceiver receiver(attempt.io, always(WebhookReceiver::status(202)));
  CHECK_EQ(attempt.run(receiver.url() + "?team=soc").http_status, 202);
  REQUIRE_EQ(receiver.requests().size(), 1);
  const Request& request = receiver.requests()[0];
  CHECK_EQ(request.method, "POST");
  CHECK_EQ(request.target, "/in?team=soc");
  CHECK_EQ(request.body, R"({"a":1})");
  const std::map<std::string, std::string> expected{{"host", "127.0.0.1:" + std::to_string(receiver.port())},
                                                    {"user-agent", "straykey/" STRAYKEY_VERSION},
                                                    {"connection", "close"},
                                                    {"content-length", "7"},
                                                    {"x-ours", "1"}};
  CHECK(request.headers == expected);
}

TEST_CASE("a reply's body comes whole where it is kept, and not at all where it is not") {
  for (const std::size_t kept : {std::size_t{0}, std::size_t{4}}) {
    for (const char* bytes : {"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody",
                              "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                              "1\r\nb\r\n3\r\nody\r\n0\r\n\r\n"}) {
      Attempt attempt;
      attempt.limits.body_bytes_max = kept;
      attempt.message = {};
      WebhookReceiver receiver(attempt.io, always({.bytes = bytes}));
      const OutgoingReply reply = attempt.run(receiver.url());
      CHECK_MESSAGE(reply.error.empty(), reply.error);
      CHECK_EQ(reply.http_status, 200);
      CHECK_EQ(reply.body, kept > 0 ? "body" : "");
      CHECK_EQ(receiver.requests()[0].method, "GET");
    }
  }
}

TEST_CASE("a kept body that is too long, or cut off, is an error") {
  for (const auto& [bytes, error] :
       {std::pair<const char*, const char*>{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n12345",
                                            "the answer is longer than 4 bytes"},
        {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n0\r\n\r\n",
         "the answer is longer than 4 bytes"},
        {"HTTP/1.1 200 OK\r\n\r\n12345", "the answer is longer than 4 bytes"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n12", "the answer could not be read whole"}}) {
    Attempt attempt;
    attempt.limits.body_bytes_max = 4;
    WebhookReceiver receiver(attempt.io, always({.bytes = bytes}));
    const OutgoingReply reply = attempt.run(receiver.url());
    CHECK_EQ(reply.error, error);
    CHECK(reply.body.empty());
  }
}

TEST_CASE("https works against a configured authority, by name and by address") {
  const Authority authority(wall_now() + 10'000);
  for (const char* host : {"localhost", "127.0.0.1"}) {
    Attempt attempt;
    WebhookReceiver receiver(attempt.io, always(WebhookReceiver::status(200)), authority.pair);
    const OutgoingReply reply = attempt.run(receiver.url(host), authority.file);
    CHECK_MESSAGE(reply.http_status == 200, reply.error);
    CHECK_EQ(receiver.requests().size(), 1);
  }
}

TEST_CASE("a bad certificate is refused before a byte of the alert is sent") {
  const Authority good(wall_now() + 10'000), expired(wall_now() - 5'000), other(wall_now() + 10'000);
  const auto refused = [](const Authority& server, const std::string& ca_file, const std::string& host) {
    Attempt attempt;
    WebhookReceiver receiver(attempt.io, always(WebhookReceiver::status(200)), server.pair);
    const OutgoingReply reply = attempt.run(receiver.url(host), ca_file);
    CHECK_EQ(reply.http_status, 0);
    CHECK_EQ(receiver.requests().size(), 0);
    return reply.error;
  };
  CHECK(refused(good, {}, "localhost").starts_with("the certificate was not accepted: "));
  CHECK(refused(good, other.file, "localhost").starts_with("the certificate was not accepted: "));
  CHECK(refused(expired, expired.file, "localhost") == "the certificate was not accepted: certificate has expired");
  CHECK(
      refused(good, good.file, "hooks.example.com").starts_with("the certificate was not accepted: hostname mismatch"));
  CHECK(refused(good, good.file, "other.localhost").starts_with("the certificate was not accepted: hostname mismatch"));
}

TEST_CASE("a redirect is an answer and is not followed") {
  Attempt attempt;
  WebhookReceiver elsewhere(attempt.io, always(WebhookReceiver::status(200)));
  for (const int code : {301, 302, 303, 307, 308}) {
    attempt.reply.reset();
    WebhookReceiver receiver(attempt.io,
                             always(WebhookReceiver::status(code, "Location: " + elsewhere.url() + "\r\n")));
    CHECK_EQ(attempt.run(receiver.url()).http_status, code);
  }
  CHECK_EQ(elsewhere.connections(), 0);
}

TEST_CASE("an endless reply is judged by its status line and left") {
  for (const std::string& head :
       {std::string("HTTP/1.1 200 OK\r\n\r\n"), std::string("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n"),
        std::string("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")}) {
    Attempt attempt;
    WebhookReceiver receiver(attempt.io, always({.bytes = head, .endless = true}));
    CHECK_EQ(attempt.run(receiver.url()).http_status, 200);
    REQUIRE(run_until(attempt.io, [&] { return receiver.connections_open() == 0; }));
    CHECK_LT(receiver.bytes_sent(), 16u << 20);  // 64 KiB and what the socket buffers on the way hold
  }
}

TEST_CASE("a reply that never ends its header runs into the time limit") {
  for (const char* head : {"", "HTTP/1.1 200 OK\r\nX-Slow: ye"}) {
    Attempt attempt;
    attempt.limits.total_ms = 100;
    WebhookReceiver receiver(attempt.io, always({.bytes = head, .hold = true}));
    const OutgoingReply reply = attempt.run(receiver.url());
    CHECK_EQ(reply.http_status, 0);
    CHECK_EQ(reply.error, "no answer within the time limit");
  }
}

TEST_CASE("a TLS handshake that never comes runs into the time limit") {
  Attempt attempt;
  attempt.limits.total_ms = 100;
  WebhookReceiver silent(attempt.io, always({.bytes = {}, .hold = true}));
  const std::string url = silent.url();
  CHECK_EQ(attempt.run("https" + url.substr(4)).http_status, 0);
  CHECK_FALSE(attempt.reply->error.empty());
}

TEST_CASE("what is not HTTP, or too long to be a header, is a failure") {
  std::string interim;
  for (int i = 0; i < 20; ++i) interim += "HTTP/1.1 103 Early Hints\r\n\r\n";
  for (const Reply& bad :
       {Reply{.bytes = "SSH-2.0-OpenSSH_9.2\r\n"}, Reply{.bytes = "HTTP/1.1 200 OK\r\nX: ", .endless = true},
        Reply{.bytes = "HTTP/1.1 999 Odd\r\n\r\n"}, Reply{.bytes = "HTTP/1.1 000 Odd\r\n\r\n"},
        Reply{.bytes = "HTTP/1.1 101 Switching\r\n\r\n"}, Reply{.bytes = interim},
        Reply{.bytes = "HTTP/9.9 200 OK\r\n\r\n"}}) {
    Attempt attempt;
    WebhookReceiver receiver(attempt.io, always(bad));
    const OutgoingReply reply = attempt.run(receiver.url());
    CHECK_EQ(reply.http_status, 0);
    CHECK_MESSAGE(reply.error == "the answer was not usable HTTP", bad.bytes.substr(0, 30));
  }
}

TEST_CASE("a connection that closes without an answer is a failure") {
  for (const char* bytes : {"", "HTTP/1.1 20"}) {
    Attempt attempt;
    WebhookReceiver receiver(attempt.io, always({.bytes = bytes}));
    CHECK_EQ(attempt.run(receiver.url()).error, "the connection broke before an answer came");
  }
}

TEST_CASE("interim replies come before the final one, and Retry-After is handed on") {
  Attempt attempt;
  WebhookReceiver receiver(attempt.io,
                           always({.bytes = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
                                            "HTTP/1.1 503 Busy\r\nRetry-After: 120\r\nContent-Length: 0\r\n\r\n"}));
  const OutgoingReply reply = attempt.run(receiver.url());
  CHECK_EQ(reply.http_status, 503);
  CHECK_EQ(reply.retry_after, "120");
}

TEST_CASE("a status line without its last space is the status that it says") {
  Attempt attempt;
  WebhookReceiver receiver(attempt.io, always({.bytes = "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n"}));
  CHECK_EQ(attempt.run(receiver.url()).http_status, 200);
  Attempt second;
  WebhookReceiver busy(second.io, always({.bytes = "HTTP/1.0 503\r\nRetry-After: 7\r\n\r\n"}));
  const OutgoingReply reply = second.run(busy.url());
  CHECK_EQ(reply.http_status, 503);
  CHECK_EQ(reply.retry_after, "7");
}

TEST_CASE("a name that leads inside is refused, also when only one of its addresses does") {
  const IpAddress outside = *parse_ip("198.51.100.7");
  for (const auto& found : {std::vector{kLoopback}, std::vector{outside, kLoopback}, std::vector{kLoopback, outside},
                            std::vector{*parse_ip("169.254.169.254")}, std::vector{*parse_ip("fd00:ec2::254")},
                            std::vector{*parse_ip("::ffff:127.0.0.1")}}) {
    Attempt attempt;
    attempt.target->policy.allow.clear();
    attempt.resolve = [found](const std::string&) { return found; };
    WebhookReceiver receiver(attempt.io, always(WebhookReceiver::status(200)));
    CHECK_EQ(attempt.run(receiver.url("hooks.example.com")).error, "the name leads to an address that is not allowed");
    CHECK_EQ(receiver.connections(), 0);
  }
}

TEST_CASE("each attempt looks the name up anew, so that a name which turns inside later is refused later") {
  Attempt attempt;
  std::vector<IpAddress> found{kLoopback};
  attempt.resolve = [&](const std::string&) { return found; };
  WebhookReceiver receiver(attempt.io, always(WebhookReceiver::status(200)));
  CHECK_EQ(attempt.run(receiver.url("hooks.example.com")).http_status, 200);
  found = {*parse_ip("169.254.169.254")};
  attempt.reply.reset();
  CHECK_EQ(attempt.run(receiver.url("hooks.example.com")).http_status, 0);
}

TEST_CASE("a name without an address, and a lookup that hangs, fail within the connect limit") {
  Attempt nameless;
  nameless.resolve = [](const std::string&) { return std::vector<IpAddress>{}; };
  CHECK_EQ(nameless.run("http://hooks.example.com/").error, "the name has no address");

  std::promise<void> release;
  Attempt hanging;
  hanging.limits.connect_ms = 50;
  hanging.resolve = [wait = release.get_future().share()](const std::string&) {
    wait.wait();
    return std::vector{kLoopback};
  };
  CHECK_EQ(hanging.run("http://hooks.example.com/").error, "the name lookup took too long");
  release.set_value();
}

TEST_CASE("when one address does not answer the next is tried") {
  Attempt attempt;
  attempt.resolve = [](const std::string&) { return std::vector{*parse_ip("127.0.0.2"), kLoopback}; };
  WebhookReceiver receiver(attempt.io, always(WebhookReceiver::status(200)));
  CHECK_EQ(attempt.run(receiver.url("hooks.example.com")).http_status, 200);

  Attempt refused;
  refused.resolve = [](const std::string&) { return std::vector{*parse_ip("127.0.0.2"), *parse_ip("127.0.0.3")}; };
  CHECK_EQ(refused.run(receiver.url("hooks.example.com")).error, "could not connect");
}

TEST_CASE("after cancel() nothing is reported, at whatever point it comes") {
  Attempt attempt;
  WebhookReceiver receiver(attempt.io, always({.bytes = {}, .hold = true}));
  attempt.start(receiver.url());
  SUBCASE("at once") {
    attempt.request->cancel();
  }
  SUBCASE("with the request sent") {
    REQUIRE(run_until(attempt.io, [&] { return receiver.requests().size() == 1; }));
    attempt.request->cancel();
  }
  const std::weak_ptr<OutgoingRequest> gone = attempt.request;
  attempt.request.reset();
  CHECK(run_until(attempt.io, [&] { return gone.expired() && receiver.connections_open() == 0; }));
  CHECK_FALSE(attempt.reply);
}
