#pragma once
// HttpFixture: a listener on a free loopback port, its io threads, and two tokens.
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "net/http/http_server.h"
#include "tests/support/raw_http_client.h"
#include "tests/support/temporary_directory.h"

namespace straykey {

inline const std::string kIngestToken = "ingest-token-0123456789";
inline const std::string kAdminToken = "admin-token-0123456789";

class HttpFixture {
 public:
  struct Settings {
    bool tls = false;
    HttpListenerSettings listener;
    std::size_t bytes_in_flight_max = 1 << 20;
    AuthSettings auth;
    // With TLS: clients are asked for a certificate of this authority.
    std::string client_ca_pem = {};
    bool client_required = true;
    std::shared_ptr<RateLimiter> rates = nullptr;
  };
  // POST /echo answers with the size of its body; `more` adds other routes.
  explicit HttpFixture(Settings settings, const std::function<void(HttpRouter&)>& more = {});
  ~HttpFixture();

  [[nodiscard]] std::uint16_t port() const { return server->port(); }
  [[nodiscard]] std::unique_ptr<RawHttpClient> connect() const;
  // The status of one good request on a connection of its own.
  [[nodiscard]] unsigned normal_request() const;
  [[nodiscard]] std::uint64_t counted(const std::string& metric_line) const;

  // Fast enough for tests to wait for, slow enough for a busy machine.
  static HttpTimeouts short_timeouts();

  TemporaryDirectory directory;
  Log log;
  Metrics metrics;
  std::unique_ptr<IoRuntime> runtime;
  std::shared_ptr<Authenticator> auth;
  std::shared_ptr<ByteBudget> budget;
  std::unique_ptr<HttpServer> server;
  TlsFiles files;

 private:
  bool tls_;
};

// A whole POST with an ingest token and a Content-Length.
[[nodiscard]] std::string post_text(const std::string& path, const std::string& body,
                                    const std::string& more_headers = "");
[[nodiscard]] Seconds now_seconds();

}  // namespace straykey
