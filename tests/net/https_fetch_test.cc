// A file comes whole over verified TLS, or not at all.
#include "net/client/https_fetch.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include <ctime>
#include <optional>
#include <string>
#include <thread>

#include "tests/support/localhost.h"
#include "tests/support/self_signed.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/webhook_receiver.h"

#include <doctest/doctest.h>

using namespace straykey;

namespace {

// Answers every request with `bytes` while it lives.
class FileServer {
 public:
  explicit FileServer(WebhookReceiver::Reply reply, std::optional<SelfSigned> tls = std::nullopt)
      : receiver_(
            io_, [reply](const WebhookReceiver::Request&) { return reply; }, std::move(tls)),
        thread_([this] { io_.run(); }) {}
  ~FileServer() {
    io_.stop();
    thread_.join();
  }
  [[nodiscard]] std::string url(const std::string& host = "127.0.0.1") const { return receiver_.url(host); }

 private:
  boost::asio::io_context io_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{io_.get_executor()};
  WebhookReceiver receiver_;
  std::thread thread_;
};

WebhookReceiver::Reply file(const std::string& body) {
  return {"HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body};
}

FetchSettings settings(const std::string& url) {
  FetchSettings out;
  out.url = url;
  out.total_ms = 5'000;
  return out;
}

SelfSigned certificate() {
  const Seconds now = std::time(nullptr);
  return make_self_signed(now - 60, now + 3'600);
}

}  // namespace

TEST_CASE("a file is fetched whole over verified TLS") {
  const SelfSigned tls = certificate();
  const TemporaryDirectory directory;
  write_file(directory.path() + "/ca.pem", tls.certificate_pem, 0600);
  const FileServer server(file("all of it"), tls);
  FetchSettings fetch = settings(server.url(knows_localhost() ? "localhost" : "127.0.0.1"));
  fetch.ca_file = directory.path() + "/ca.pem";
  fetch.loopback_allowed = true;
  const auto got = fetch_https(fetch);
  REQUIRE_MESSAGE(got.ok(), got.error().message);
  CHECK_EQ(got.value(), "all of it");
}

TEST_CASE("a certificate that nobody vouches for is refused") {
  const FileServer server(file("x"), certificate());
  const auto got = fetch_https(settings(server.url()));
  REQUIRE_FALSE(got.ok());
  CHECK_NE(got.error().message.find("certificate"), std::string::npos);
}

TEST_CASE("plain HTTP is for loopback addresses only") {
  const FileServer server(file("here"));
  CHECK(fetch_https(settings(server.url())).ok());
  CHECK_FALSE(fetch_https(settings("http://192.0.2.1/file")).ok());
  CHECK_FALSE(fetch_https(settings("http://localhost/file")).ok());
}

TEST_CASE("a redirect, an error and a file that is too long are failures that say so") {
  const FileServer moved({"HTTP/1.1 302 Found\r\nLocation: http://192.0.2.1/\r\nContent-Length: 0\r\n\r\n"});
  const auto redirect = fetch_https(settings(moved.url()));
  REQUIRE_FALSE(redirect.ok());
  CHECK_EQ(redirect.error().message, "the server answered 302");

  const FileServer large(file(std::string(1'000, 'x')));
  FetchSettings small = settings(large.url());
  small.bytes_max = 999;
  const auto refused = fetch_https(small);
  REQUIRE_FALSE(refused.ok());
  CHECK_EQ(refused.error().message, "the answer is longer than 999 bytes");
}

TEST_CASE("an answer that is cut off is not taken") {
  const FileServer server({"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this"});
  CHECK_FALSE(fetch_https(settings(server.url())).ok());
}

TEST_CASE("a server that never answers ends at the time limit") {
  const FileServer server({"", false, true});
  FetchSettings fetch = settings(server.url());
  fetch.total_ms = 200;
  const auto got = fetch_https(fetch);
  REQUIRE_FALSE(got.ok());
  CHECK_EQ(got.error().message, "no answer within the time limit");
}

TEST_CASE("a name may lead to public and private addresses, to loopback only if that is allowed") {
  FetchSettings fetch = settings("https://mirror.example.com/file");
  fetch.total_ms = 100;
  const auto error_with = [&](const char* address) {
    fetch.resolve = [address](const std::string&) { return std::vector{*parse_ip(address)}; };
    const auto got = fetch_https(fetch);
    REQUIRE_FALSE(got.ok());
    return got.error().message;
  };
  constexpr const char* kRefused = "the name leads to an address that is not allowed";
  for (const char* address : {"127.0.0.1", "::1", "169.254.169.254", "fd00:ec2::254", "224.0.0.1"})
    CHECK_EQ(error_with(address), kRefused);
  fetch.loopback_allowed = true;
  CHECK_NE(error_with("127.0.0.1"), kRefused);
  CHECK_EQ(error_with("169.254.169.254"), kRefused);
}
