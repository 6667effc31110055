#pragma once
// HttpSource: an HttpServer whose routes take events.
//
// Thread, Order, Errors: as Source's.
#include <string>

#include "net/http/http_server.h"
#include "net/ingest/source.h"

namespace straykey {

class HttpSource final : public ListeningSource {
 public:
  HttpSource(IoRuntime& runtime, const HttpListenerSettings& settings, HttpRouter router,
             HttpDependencies dependencies);

  [[nodiscard]] std::string_view name() const override { return name_; }
  [[nodiscard]] Status start(Seconds now) override { return server_.start(now); }
  [[nodiscard]] std::string url() const override;
  [[nodiscard]] Status reload(Seconds now) override { return server_.reload_tls(now); }
  [[nodiscard]] int listening_socket() const override { return server_.listening_socket(); }
  void take_over(int socket) override { server_.take_over(socket); }
  void retire(std::chrono::milliseconds patience) override { server_.retire(patience); }
  [[nodiscard]] std::size_t connections() const override { return server_.connections(); }
  bool drain(std::chrono::milliseconds grace) override { return server_.drain(grace); }

 private:
  const std::string name_;
  const std::string place_;  // the URL up to the port
  HttpServer server_;
};

}  // namespace straykey
