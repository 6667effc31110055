#include "net/io/tls_stream.h"

#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/error.hpp>
#include <chrono>
#include <csignal>
#include <optional>
#include <string>

#include "tests/net/http_fixture.h"
#include "tests/support/self_signed.h"
#include "tests/support/temporary_directory.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

constexpr std::size_t kRecordBytes = 16 * 1024;

// A TLS client that hands out its bytes as they would go over the wire, so that a test says when which of them go.
class Client {
 public:
  Client() : context_(SSL_CTX_new(TLS_client_method())), ssl_(SSL_new(context_)) {
    SSL_set_bio(ssl_, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_connect_state(ssl_);
  }
  ~Client() {
    SSL_free(ssl_);
    SSL_CTX_free(context_);
  }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  bool shake_hands() { return SSL_do_handshake(ssl_) == 1; }
  void receive(std::string_view bytes) { BIO_write(SSL_get_rbio(ssl_), bytes.data(), static_cast<int>(bytes.size())); }
  std::string sealed(std::string_view text) {
    REQUIRE(SSL_write(ssl_, text.data(), static_cast<int>(text.size())) == static_cast<int>(text.size()));
    return to_send();
  }
  std::string opened() {
    std::array<char, 100> bytes{};
    const int size = SSL_read(ssl_, bytes.data(), static_cast<int>(bytes.size()));
    return {bytes.data(), static_cast<std::size_t>(std::max(size, 0))};
  }
  std::string close_notify() {
    SSL_shutdown(ssl_);
    return to_send();
  }
  std::string to_send() {
    char* bytes = nullptr;
    const long size = BIO_get_mem_data(SSL_get_wbio(ssl_), &bytes);
    std::string out(bytes, static_cast<std::size_t>(size));
    BIO_reset(SSL_get_wbio(ssl_));
    return out;
  }

 private:
  SSL_CTX* context_;
  SSL* ssl_;
};

TlsContext server_context() {
  const TemporaryDirectory directory;
  const TlsFiles files{directory.path() + "/server.pem", directory.path() + "/server.key"};
  const SelfSigned pair = make_self_signed(now_seconds() - 3'600, now_seconds() + 3'600);
  write_file(files.certificate, pair.certificate_pem, 0644);
  write_file(files.key, pair.key_pem, 0600);
  auto context = load_tls_context(files, now_seconds());
  REQUIRE(static_cast<bool>(context));
  return *context;
}

// Both ends of one connection, by one thread: run() does what can be done on the server's side now.
struct Wire {
  explicit Wire(bool ready = true) : context(server_context()) {
    tcp::acceptor acceptor(io, {asio::ip::address_v4::loopback(), 0});
    peer = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const auto address = acceptor.local_endpoint();
    REQUIRE(::connect(peer, address.data(), static_cast<socklen_t>(address.size())) == 0);
    ::fcntl(peer, F_SETFL, O_NONBLOCK);
    acceptor.accept(socket);
    socket.set_option(tcp::no_delay(true));
    stream.emplace(socket, context);
    if (!ready) return;
    start_handshake();
    while (!client.shake_hands()) exchange();
    while (!handshake) exchange();
    REQUIRE_FALSE(*handshake);
  }
  ~Wire() { hang_up(); }

  void run() {
    REQUIRE(std::chrono::steady_clock::now() < deadline);
    io.restart();
    io.poll();
    io.run_for(std::chrono::milliseconds(1));
  }
  void start_handshake() {
    asio::co_spawn(
        io, [this]() -> IoAwait<void> { handshake = co_await stream->handshake(); }, asio::detached);
  }
  void exchange() {
    send(client.to_send());
    run();
    std::array<char, 4096> bytes{};
    for (ssize_t got = 0; (got = ::recv(peer, bytes.data(), bytes.size(), MSG_DONTWAIT)) > 0;)
      client.receive({bytes.data(), static_cast<std::size_t>(got)});
  }
  // Must fit into the socket.
  void send(std::string_view bytes) {
    REQUIRE(::send(peer, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size()));
  }
  void hang_up() {
    if (peer >= 0) ::close(peer);
    peer = -1;
  }
  void start_read(std::size_t size) {
    received.clear();
    result.reset();
    room.assign(size, '\0');
    asio::co_spawn(
        io,
        [this]() -> IoAwait<void> {
          const auto [error, got] = co_await stream->read_some(asio::buffer(room));
          received = room.substr(0, got);
          result = error;
        },
        asio::detached);
    run();
  }
  std::string read(std::size_t size) {
    for (start_read(size); !result;) run();
    return received;
  }
  void start_write(std::string bytes) {
    result.reset();
    room = std::move(bytes);
    asio::co_spawn(
        io, [this]() -> IoAwait<void> { result = co_await stream->write(room); }, asio::detached);
    run();
  }

  asio::io_context io;
  const std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  TlsContext context;
  IoSocket socket{io.get_executor()};
  std::optional<TlsStream> stream;
  int peer = -1;
  Client client;
  std::string room, received;
  std::optional<IoError> handshake, result;
};

std::string text_of(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + i % 23);
  return text;
}

}  // namespace

TEST_CASE("a client whose bytes come one at a time is understood") {
  Wire wire(false);
  wire.start_handshake();
  while (!wire.client.shake_hands()) {
    for (const char byte : wire.client.to_send()) {
      wire.send({&byte, 1});
      wire.run();
    }
    wire.exchange();
  }
  std::string both = wire.client.sealed("first");
  both += wire.client.sealed("second");
  for (const char byte : both) {
    wire.send({&byte, 1});
    wire.run();
  }
  while (!wire.handshake) wire.run();
  REQUIRE_FALSE(*wire.handshake);
  CHECK(wire.read(100) == "firstsecond");

  wire.start_read(100);
  for (const char byte : wire.client.sealed("third")) {
    REQUIRE_FALSE(wire.result);
    wire.send({&byte, 1});
    wire.run();
  }
  while (!wire.result) wire.run();
  CHECK(wire.received == "third");
}

TEST_CASE("one read takes as many records as there are and fit, and the next the rest") {
  Wire wire;
  const std::string text = text_of(7 * kRecordBytes);
  wire.send(wire.client.sealed(text));
  CHECK(wire.read(4 * kRecordBytes) == text.substr(0, 4 * kRecordBytes));
  CHECK(wire.read(100) == text.substr(4 * kRecordBytes, 100));
  CHECK(wire.stream->waiting_bytes() >= kRecordBytes - 100);
  CHECK(wire.read(8 * kRecordBytes) == text.substr(4 * kRecordBytes + 100));
  wire.start_read(100);
  CHECK_FALSE(wire.result);
}

TEST_CASE("what is decrypted already is not waited for") {
  Wire wire;
  wire.send(wire.client.sealed("request 1 request 2 "));
  CHECK(wire.read(10) == "request 1 ");
  wire.start_read(10);
  REQUIRE(wire.result);
  CHECK(wire.received == "request 2 ");
}

TEST_CASE("a record may be split anywhere, with the one before it on the way too") {
  const std::size_t record_bytes = Wire().client.sealed("one").size();
  for (std::size_t at = 1; at < 2 * record_bytes; ++at) {
    Wire split;
    std::string bytes = split.client.sealed("one");
    bytes += split.client.sealed("two");
    split.send(bytes.substr(0, at));
    split.start_read(100);
    while (at >= record_bytes && !split.result) split.run();
    REQUIRE(split.received == (at < record_bytes ? "" : "one"));
    split.send(bytes.substr(at));
    while (!split.result) split.run();
    std::string got = split.received;
    if (got == "one") got += split.read(100);
    REQUIRE(got == "onetwo");
  }
}

TEST_CASE("only what can be read without waiting is waiting: not the beginning of a record") {
  Wire wire;
  const std::string first = wire.client.sealed("first"), second = wire.client.sealed("second");
  wire.send(first + second.substr(0, second.size() - 1));
  CHECK(wire.read(5) == "first");
  CHECK(wire.stream->waiting_bytes() == 0);
  wire.send(second.substr(second.size() - 1));
  while (wire.stream->waiting_bytes() == 0) wire.run();
  CHECK(wire.stream->waiting_bytes() == 6);
  CHECK(wire.read(100) == "second");
  CHECK(wire.stream->waiting_bytes() == 0);

  std::string bad = wire.client.sealed("bad");
  bad.back() = static_cast<char>(bad.back() ^ 1);
  wire.send(bad);
  for (int i = 0; i < 50; ++i) {
    wire.run();
    CHECK(wire.stream->waiting_bytes() == 0);
  }
  CHECK(wire.read(100).empty());
  CHECK(wire.result->category() == asio::error::get_ssl_category());
}

TEST_CASE("an end after close_notify is eof, one without is truncation, and both stay so") {
  for (const bool notified : {true, false}) {
    Wire wire;
    const std::string text = text_of(3 * kRecordBytes);
    std::string bytes = wire.client.sealed(text);
    if (notified) bytes += wire.client.close_notify();
    wire.send(bytes);
    wire.hang_up();
    CHECK(wire.read(8 * kRecordBytes) == text);
    CHECK_FALSE(*wire.result);
    const IoError expected = notified ? IoError(asio::error::eof) : IoError(asio::ssl::error::stream_truncated);
    for (int again = 0; again < 2; ++again) {
      CHECK(wire.read(100).empty());
      CHECK(*wire.result == expected);
    }
  }
}

TEST_CASE("a peer that ends its side behind a request, without close_notify, still gets the answer") {
  Wire wire;
  wire.send(wire.client.sealed("request"));
  ::shutdown(wire.peer, SHUT_WR);
  CHECK(wire.read(100) == "request");  // in the same call as the end
  wire.start_write("answer");
  while (!wire.result) wire.run();
  CHECK_FALSE(*wire.result);
  std::array<char, 4096> bytes{};
  const ssize_t got = ::recv(wire.peer, bytes.data(), bytes.size(), MSG_DONTWAIT);
  REQUIRE(got > 0);
  wire.client.receive({bytes.data(), static_cast<std::size_t>(got)});
  CHECK(wire.client.opened() == "answer");
}

TEST_CASE("an end in the middle of a record is truncation, and bytes that were changed are an error") {
  Wire cut;
  const std::string sealed = cut.client.sealed("whole");
  cut.send(sealed.substr(0, sealed.size() - 1));
  cut.hang_up();
  CHECK(cut.read(100).empty());
  CHECK(*cut.result == IoError(asio::ssl::error::stream_truncated));

  Wire changed;
  std::string bytes = changed.client.sealed("whole");
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  changed.send(bytes);
  CHECK(changed.read(100).empty());
  CHECK(changed.result->category() == asio::error::get_ssl_category());
  CHECK(changed.read(100).empty());
  CHECK(changed.result->category() == asio::error::get_ssl_category());
}

TEST_CASE("a failure behind bytes that were read is told by every call after them") {
  Wire wire;
  const std::string good = wire.client.sealed("good");
  std::string bad = wire.client.sealed("bad");
  bad.back() = static_cast<char>(bad.back() ^ 1);
  wire.send(good + bad);
  CHECK(wire.read(100) == "good");
  for (int i = 0; i < 2; ++i) {
    CHECK(wire.read(100).empty());
    CHECK(wire.result->category() == asio::error::get_ssl_category());
  }
  wire.start_write("reply");
  REQUIRE(wire.result);
  CHECK(wire.result->category() == asio::error::get_ssl_category());
}

TEST_CASE("closing the socket ends a handshake, a read and a write that are awaited") {
  Wire shaking(false);
  shaking.start_handshake();
  shaking.run();
  REQUIRE_FALSE(shaking.handshake);
  shaking.socket.close();
  shaking.run();
  REQUIRE(shaking.handshake);
  CHECK(*shaking.handshake == IoError(asio::error::operation_aborted));

  Wire reading;
  reading.start_read(100);
  REQUIRE_FALSE(reading.result);
  reading.socket.close();
  reading.run();
  REQUIRE(reading.result);
  CHECK(*reading.result == IoError(asio::error::operation_aborted));

  Wire writing;
  writing.start_write(text_of(32 << 20));
  REQUIRE_FALSE(writing.result);
  writing.socket.close();
  writing.run();
  REQUIRE(writing.result);
  CHECK(*writing.result == IoError(asio::error::operation_aborted));
}

TEST_CASE("bytes that come before a close in the same turn are not read from whatever has the descriptor next") {
  Wire wire;
  wire.start_read(100);
  wire.send(wire.client.sealed("late"));
  asio::post(wire.io, [&] { wire.socket.close(); });
  while (!wire.result) wire.run();
  CHECK((*wire.result == IoError(asio::error::operation_aborted) || wire.received == "late"));
  CHECK(wire.read(100).empty());
  CHECK(*wire.result == IoError(asio::error::operation_aborted));
}

TEST_CASE("writing to a peer that has gone is an error and no signal") {
  const auto before = std::signal(SIGPIPE, SIG_DFL);
  Wire wire;
  wire.hang_up();
  for (int i = 0; i < 100 && !(wire.result && *wire.result); ++i) {
    wire.start_write("more");
    while (!wire.result) wire.run();
  }
  CHECK(*wire.result);
  std::signal(SIGPIPE, before);
}

TEST_CASE("a stream that always has something to read gives the thread's other work its turn") {
  Wire wire;
  for (int i = 0; i < 60; ++i) wire.send(wire.client.sealed(text_of(kRecordBytes)));
  std::size_t total = 0, total_at_turn = 0;
  std::string room(kRecordBytes, '\0');
  asio::co_spawn(
      wire.io,
      [&]() -> IoAwait<void> {
        while (total < 60 * kRecordBytes) {
          const auto [error, size] = co_await wire.stream->read_some(asio::buffer(room));
          total += size;
          if (error) co_return;
        }
      },
      asio::detached);
  asio::post(wire.io, [&] { total_at_turn = total; });
  while (total < 60 * kRecordBytes) wire.run();
  CHECK(total_at_turn > 0);
  CHECK(total_at_turn <= 17 * kRecordBytes);
}

TEST_CASE("a stream of the smallest records does so too, although each brings one byte") {
  Wire wire;
  constexpr std::size_t kRecords = 2'000;
  std::string bytes;
  for (std::size_t i = 0; i < kRecords; ++i) bytes += wire.client.sealed("x");
  wire.send(bytes);
  std::size_t total = 0, total_at_turn = kRecords;
  std::string room(kRecords, '\0');
  asio::co_spawn(
      wire.io,
      [&]() -> IoAwait<void> {
        while (total < kRecords) {
          const auto [error, size] = co_await wire.stream->read_some(asio::buffer(room));
          total += size;
          if (error) co_return;
        }
      },
      asio::detached);
  asio::post(wire.io, [&] { total_at_turn = total; });
  while (total < kRecords) wire.run();
  CHECK(total_at_turn <= 100);
}

}  // namespace straykey
