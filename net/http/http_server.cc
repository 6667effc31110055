#include "net/http/http_server.h"

#include <boost/asio/buffer.hpp>
#include <utility>

#include "net/http/http_session.h"

namespace straykey {
namespace {

constexpr std::string_view kFullReply =
    "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nContent-Length: 91\r\nRetry-After: 1\r\n"
    "Connection: close\r\n\r\n"
    "{\"error\":{\"code\":\"too_many_connections\",\"message\":\"Connection limit.\",\"request_id\":\"none\"}}";

StreamServer::Settings stream_settings(const HttpListenerSettings& settings) {
  return {.listen = {settings.name, settings.address, settings.port, settings.path},
          .tls = settings.tls,
          .connections = settings.connections,
          .proxies = settings.proxies,
          .tick = settings.timeouts.tick};
}

bool refuse(HttpListener& listener, IoSocket& socket, StreamServer::Refused why) {
  (why == StreamServer::Refused::address ? listener.counts.full_address : listener.counts.full).add();
  if (listener.settings.tls) return false;
  IoError error;
  socket.non_blocking(true, error);
  socket.write_some(boost::asio::buffer(kFullReply.data(), kFullReply.size()), error);
  return !error;
}

StreamServer::Callbacks callbacks_of(const std::shared_ptr<HttpListener>& listener) {
  StreamServer::Callbacks callbacks;
  callbacks.open = [listener](IoSocket socket, const TlsContext& tls, StreamPeer peer) {
    return std::make_shared<HttpSession>(listener, std::move(socket), tls, peer);
  };
  callbacks.on_refused = [listener](IoSocket& socket, const IpAddress&, StreamServer::Refused why) {
    return refuse(*listener, socket, why);
  };
  callbacks.on_gave_way = [listener] { listener->counts.gave_way.add(); };
  callbacks.on_tick = [listener](StreamServer::TimePoint) {
    listener->counts.bytes_in_flight.set(static_cast<double>(listener->budget->used()));
  };
  return callbacks;
}

StreamServer make_server(IoRuntime& runtime, const std::shared_ptr<HttpListener>& listener, Metrics& metrics,
                         Log& log) {
  const std::shared_ptr<StreamDraining> draining(listener, &listener->draining);
  return {stream_settings(listener->settings), {runtime, draining, metrics, log}, callbacks_of(listener)};
}

}  // namespace

HttpServer::HttpServer(IoRuntime& runtime, HttpListenerSettings settings, HttpRouter router,
                       HttpDependencies dependencies)
    : server_(make_server(runtime,
                          std::make_shared<HttpListener>(std::move(settings), std::move(router),
                                                         std::move(dependencies.auth), std::move(dependencies.budget),
                                                         std::move(dependencies.rates), dependencies.metrics),
                          dependencies.metrics, dependencies.log)) {}

}  // namespace straykey
