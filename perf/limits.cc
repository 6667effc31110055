// The limits of perf/pipeline_bench.py: the least that a server could do with the same bytes.
//
// usage: limits discard | tls CERTIFICATE KEY | beast | beast_tls CERTIFICATE KEY
//          Says "port N" and serves on 127.0.0.1 until it is killed. discard: receives. tls: the same by SSL_read.
//          beast: reads HTTP requests and answers each with 200. beast_tls: the same over Asio's TLS.
//        limits extract | inflate | base64
//          Goes twice over the files that the standard input names, and says "ns N": the CPU time of the second pass.
//          extract: the reference extraction over {"Records":[...]}; inflate: libdeflate over gzip;
//          base64: OpenSSL's decoder over base64 without line feeds.
//        limits kafka BROKERS TOPIC MESSAGES
//          Reads the first MESSAGES of the topic's partition 0 twice by librdkafka, throws them away, and says "ns N"
//          of the second time.
#include <libdeflate.h>
#include <librdkafka/rdkafka.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <functional>
#include <iostream>
#include <iterator>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "core/base/invariant.h"
#include "core/event/cloudtrail.h"
#include "perf/reference_extraction.h"

namespace straykey {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;

constexpr std::size_t kReadBytes = 256 * 1024;
constexpr std::uint64_t kBodyBytesMax = 64 << 20;

tcp::acceptor listen(asio::io_context& io) {
  tcp::acceptor acceptor(io, {asio::ip::address_v4::loopback(), 0});
  std::printf("port %u\n", unsigned(acceptor.local_endpoint().port()));
  std::fflush(stdout);
  return acceptor;
}

// A thread for each connection, which reads until its end.
void serve_blocking(const std::function<void(int socket)>& serve) {
  asio::io_context io;
  tcp::acceptor acceptor = listen(io);
  while (true) {
    std::thread([&serve, socket = acceptor.accept()]() mutable { serve(socket.native_handle()); }).detach();
  }
}

void discard(int socket) {
  std::vector<char> room(kReadBytes);
  while (::recv(socket, room.data(), room.size(), 0) > 0) {
  }
}

void discard_tls(SSL_CTX* context, int socket) {
  std::vector<char> room(kReadBytes);
  SSL* const ssl = SSL_new(context);
  INVARIANT(ssl != nullptr && SSL_set_fd(ssl, socket) == 1);
  if (SSL_accept(ssl) == 1)
    while (SSL_read(ssl, room.data(), static_cast<int>(room.size())) > 0) {
    }
  SSL_free(ssl);
}

asio::ssl::context tls_context(const char* certificate, const char* key) {
  asio::ssl::context context(asio::ssl::context::tls_server);
  context.use_certificate_chain_file(certificate);
  context.use_private_key_file(key, asio::ssl::context::pem);
  return context;
}

template <class Stream>
asio::awaitable<void> answer_all(Stream& stream) {
  beast::flat_buffer buffer;
  boost::system::error_code error;
  http::response<http::string_body> answer(http::status::ok, 11);
  answer.set(http::field::content_type, "application/json");
  answer.body() = R"({"accepted":1,"rejected":0})";
  answer.prepare_payload();
  while (true) {
    http::request_parser<http::string_body> parser;
    parser.body_limit(kBodyBytesMax);
    co_await http::async_read(stream, buffer, parser, asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return;
    co_await http::async_write(stream, answer, asio::redirect_error(asio::use_awaitable, error));
    if (error) co_return;
  }
}

asio::awaitable<void> serve_plain(tcp::socket socket) {
  co_await answer_all(socket);
}

asio::awaitable<void> serve_tls(tcp::socket socket, asio::ssl::context& context) {
  asio::ssl::stream<tcp::socket> stream(std::move(socket), context);
  boost::system::error_code error;
  co_await stream.async_handshake(asio::ssl::stream_base::server, asio::redirect_error(asio::use_awaitable, error));
  if (!error) co_await answer_all(stream);
}

// One thread for all connections. context: of TLS, or null.
asio::awaitable<void> accept_all(tcp::acceptor& acceptor, asio::ssl::context* context) {
  while (true) {
    tcp::socket socket = co_await acceptor.async_accept(asio::use_awaitable);
    socket.set_option(tcp::no_delay(true));
    const auto executor = socket.get_executor();
    if (context != nullptr) {
      asio::co_spawn(executor, serve_tls(std::move(socket), *context), asio::detached);
    } else {
      asio::co_spawn(executor, serve_plain(std::move(socket)), asio::detached);
    }
  }
}

void serve_http(asio::ssl::context* context) {
  asio::io_context io(1);
  tcp::acceptor acceptor = listen(io);
  asio::co_spawn(io, accept_all(acceptor, context), asio::detached);
  io.run();
}

std::string read_padded(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  INVARIANT(file.is_open());
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  text.append(kJsonPadding, ' ');
  return text;
}

void inflate(std::string_view body) {
  static libdeflate_decompressor* const decompressor = libdeflate_alloc_decompressor();
  static std::string to(kBodyBytesMax, '\0');
  std::size_t made = 0;
  INVARIANT(libdeflate_gzip_decompress(decompressor, body.data(), body.size(), to.data(), to.size(), &made) ==
            LIBDEFLATE_SUCCESS);
}

void decode_base64(std::string_view body) {
  static std::vector<unsigned char> to(kBodyBytesMax);
  INVARIANT(EVP_DecodeBlock(to.data(), reinterpret_cast<const unsigned char*>(body.data()),
                            static_cast<int>(body.size())) > 0);
}

void extract(std::string_view body) {
  INVARIANT(extract_by_reference(body).records > 0);
}

std::int64_t cpu_ns() {
  timespec now{};
  INVARIANT(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now) == 0);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

void work(void (*on_body)(std::string_view)) {
  std::vector<std::string> bodies;
  for (std::string path; std::getline(std::cin, path);) bodies.push_back(read_padded(path));
  INVARIANT(!bodies.empty());
  std::int64_t began = 0;
  for (int pass = 0; pass < 2; ++pass) {
    began = cpu_ns();
    for (const std::string& body : bodies) on_body(std::string_view(body).substr(0, body.size() - kJsonPadding));
  }
  std::printf("ns %lld\n", static_cast<long long>(cpu_ns() - began));
}

// As net/kafka reads: batches from the consumer's queue, checksums checked.
void read_kafka(const char* brokers, const char* topic, std::int64_t count) {
  constexpr std::size_t kMessagesAtOnce = 64;
  constexpr int kWaitMs = 30'000;
  std::string problem(512, '\0');
  rd_kafka_conf_t* const settings = rd_kafka_conf_new();
  const auto set = [&](const char* name, const char* value) {
    INVARIANT(rd_kafka_conf_set(settings, name, value, problem.data(), problem.size()) == RD_KAFKA_CONF_OK);
  };
  set("bootstrap.servers", brokers);
  set("group.id", "limits");
  set("enable.auto.commit", "false");
  set("check.crcs", "true");
  rd_kafka_t* const client = rd_kafka_new(RD_KAFKA_CONSUMER, settings, problem.data(), problem.size());
  INVARIANT(client != nullptr);
  rd_kafka_poll_set_consumer(client);
  rd_kafka_queue_t* const queue = rd_kafka_queue_get_consumer(client);
  std::int64_t began = 0;
  for (int pass = 0; pass < 2; ++pass) {
    rd_kafka_topic_partition_list_t* const parts = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(parts, topic, 0)->offset = 0;
    INVARIANT(rd_kafka_assign(client, parts) == RD_KAFKA_RESP_ERR_NO_ERROR);
    rd_kafka_topic_partition_list_destroy(parts);
    began = cpu_ns();
    std::vector<rd_kafka_message_t*> messages(kMessagesAtOnce);
    for (std::int64_t left = count; left > 0;) {
      const ssize_t got = rd_kafka_consume_batch_queue(queue, kWaitMs, messages.data(), messages.size());
      INVARIANT(got > 0);
      for (ssize_t i = 0; i < got; ++i) {
        INVARIANT(messages[static_cast<std::size_t>(i)]->err == RD_KAFKA_RESP_ERR_NO_ERROR);
        rd_kafka_message_destroy(messages[static_cast<std::size_t>(i)]);
        --left;
      }
    }
    INVARIANT(rd_kafka_assign(client, nullptr) == RD_KAFKA_RESP_ERR_NO_ERROR);
  }
  std::printf("ns %lld\n", static_cast<long long>(cpu_ns() - began));
  rd_kafka_queue_destroy(queue);
  rd_kafka_destroy(client);
}

int run(std::string_view mode, const std::vector<const char*>& arguments) {
  if (mode == "discard") serve_blocking(discard);
  if (mode == "beast") serve_http(nullptr);
  if (mode == "extract") return work(extract), 0;
  if (mode == "inflate") return work(inflate), 0;
  if (mode == "base64") return work(decode_base64), 0;
  if (mode == "kafka" && arguments.size() == 3)
    return read_kafka(arguments[0], arguments[1], std::stoll(arguments[2])), 0;
  if ((mode == "tls" || mode == "beast_tls") && arguments.size() == 2) {
    asio::ssl::context context = tls_context(arguments[0], arguments[1]);
    if (mode == "beast_tls") serve_http(&context);
    SSL_CTX_set_read_ahead(context.native_handle(), 1);
    SSL_CTX_set_default_read_buffer_len(context.native_handle(), 64 * 1024);
    serve_blocking([&](int socket) { discard_tls(context.native_handle(), socket); });
  }
  std::fprintf(stderr,
               "usage: limits discard | tls CERT KEY | beast | beast_tls CERT KEY | extract | inflate | base64 |\n"
               "              kafka BROKERS TOPIC MESSAGES\n");
  return 2;
}

}  // namespace
}  // namespace straykey

int main(int argc, char** argv) {
  if (argc < 2) return straykey::run("", {});
  return straykey::run(argv[1], {argv + 2, argv + argc});
}
