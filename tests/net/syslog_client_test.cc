// Syslog as we send it: targets, frames, datagrams.
#include "net/client/syslog_client.h"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace straykey {
namespace {

// A socket on a free port of 127.0.0.1.
struct Bound {
  int socket = -1;
  std::uint16_t port = 0;
  explicit Bound(int type) : socket(::socket(AF_INET, type, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    REQUIRE(::bind(socket, reinterpret_cast<sockaddr*>(&address), size) == 0);
    if (type == SOCK_STREAM) REQUIRE(::listen(socket, 1) == 0);
    REQUIRE(::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port = ntohs(address.sin_port);
  }
  ~Bound() { ::close(socket); }
};

std::string receive(int socket, std::size_t size) {
  std::string bytes(size, '\0');
  const ssize_t count = ::recv(socket, bytes.data(), size, MSG_WAITALL);
  bytes.resize(static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
  return bytes;
}

const std::string kHeader = "<134>1 - straykey-replay cloudtrail - - - ";

}  // namespace

TEST_CASE("targets name a transport, a host and a port") {
  const auto tcp = parse_syslog_url("tcp://localhost:5514");
  REQUIRE(tcp.ok());
  CHECK(tcp.value().transport == SyslogTransport::tcp);
  CHECK(tcp.value().host == "localhost");
  CHECK(tcp.value().port == 5514);
  CHECK(parse_syslog_url("tls://[2001:db8::1]:6514").value().host == "2001:db8::1");
  CHECK(parse_syslog_url("udp://192.0.2.1:514").value().transport == SyslogTransport::udp);
  for (const std::string text :
       {"", "http://a:1", "tcp://a", "tcp://:1", "tcp://a:0", "tcp://a:65536", "tcp://a:b", "tcp://[]:1"})
    CHECK_MESSAGE(!parse_syslog_url(text).ok(), text);
}

TEST_CASE("frames carry their length, or end in a line feed") {
  std::string out;
  append_syslog_frame(SyslogFraming::octet, "{}", out);
  append_syslog_frame(SyslogFraming::lf, "{}", out);
  CHECK(out == fmt::format("{} {}{{}}{}{{}}\n", kHeader.size() + 2, kHeader, kHeader));
}

TEST_CASE("a batch arrives on the stream as its frames") {
  Bound server(SOCK_STREAM);
  SyslogClient client(
      {.transport = SyslogTransport::tcp, .framing = SyslogFraming::lf, .host = "127.0.0.1", .port = server.port},
      nullptr);
  std::size_t too_large = 0;
  REQUIRE(client.send({"{\"a\":1}", "{\"b\":2}"}, too_large).ok());
  const int accepted = ::accept(server.socket, nullptr, nullptr);
  const std::string expected = kHeader + "{\"a\":1}\n" + kHeader + "{\"b\":2}\n";
  CHECK(receive(accepted, expected.size()) == expected);
  ::close(accepted);
}

TEST_CASE("a datagram holds one record; one that fits in none is counted and not sent") {
  Bound server(SOCK_DGRAM);
  SyslogClient client({.transport = SyslogTransport::udp, .host = "127.0.0.1", .port = server.port}, nullptr);
  std::size_t too_large = 0;
  const std::string huge(SyslogClient::kDatagramBytesMax, 'x');
  REQUIRE(client.send({"{}", huge, "{\"b\":2}"}, too_large).ok());
  CHECK(too_large == 1);
  for (const std::string record : {"{}", "{\"b\":2}"}) {
    std::string bytes(1'000, '\0');
    const ssize_t count = ::recv(server.socket, bytes.data(), bytes.size(), 0);
    REQUIRE(count > 0);
    CHECK(bytes.substr(0, static_cast<std::size_t>(count)) == kHeader + record);
  }
}

}  // namespace straykey
