#include "net/ingest/syslog_tcp.h"

#include <utility>

#include "net/ingest/relp_session.h"
#include "net/ingest/syslog_session.h"

namespace straykey {
namespace {

StreamServer::Settings stream_settings(const SyslogListenerSettings& settings) {
  std::optional<TlsFiles> tls = settings.tls;
  if (tls) tls->tickets = false;
  return {.listen = {settings.name, settings.address, settings.port},
          .tls = std::move(tls),
          .connections = settings.connections,
          .proxies = settings.proxies,
          .tick = settings.timeouts.tick,
          .last_work = settings.timeouts.retry_max};
}

void count_refused(SyslogListener& listener, const IpAddress& sender, StreamServer::Refused why) {
  switch (why) {
    case StreamServer::Refused::connections:
      return listener.counts.refused_connections.add();
    case StreamServer::Refused::address:
      return listener.counts.refused_address.add();
    case StreamServer::Refused::not_admitted:
      listener.counts.refused_network.add();
      listener.log.warning("a syslog sender is in none of the networks of allow_cidrs",
                           {{"listener", listener.settings.name}, {"sender", sender.text()}});
  }
}

StreamServer::Callbacks callbacks_of(const std::shared_ptr<SyslogListener>& listener, SyslogIntake& intake) {
  StreamServer::Callbacks callbacks;
  callbacks.open = [listener, &intake](IoSocket socket, const TlsContext& tls,
                                       StreamPeer peer) -> std::shared_ptr<StreamSession> {
    IoError ignored;  // a sender that vanished leaves before its idle time
    socket.set_option(boost::asio::socket_base::keep_alive(true), ignored);
    if (listener->settings.protocol == SyslogListenerSettings::Protocol::relp)
      return make_relp_session(listener, intake, std::move(socket), tls, peer);
    return std::make_shared<SyslogSession>(listener, intake, std::move(socket), tls, peer);
  };
  callbacks.admits = [listener](const IpAddress& sender) { return listener->admits(sender); };
  callbacks.on_refused = [listener](IoSocket&, const IpAddress& sender, StreamServer::Refused why) {
    count_refused(*listener, sender, why);
    return false;
  };
  callbacks.on_gave_way = [listener] { listener->counts.gave_way.add(); };
  callbacks.on_tick = [listener](StreamServer::TimePoint now) {
    if (!listener->draining.patient.load()) listener->show_state(now);  // else its successor says how it does
  };
  return callbacks;
}

StreamServer make_server(IoRuntime& runtime, SyslogListenerSettings settings, SyslogDependencies dependencies) {
  dependencies.intake.intake().announce(settings.name);
  const auto listener = std::make_shared<SyslogListener>(std::move(settings), std::move(dependencies.budget),
                                                         dependencies.metrics, dependencies.log);
  const std::shared_ptr<StreamDraining> draining(listener, &listener->draining);
  return {stream_settings(listener->settings),
          {runtime, draining, dependencies.metrics, dependencies.log},
          callbacks_of(listener, dependencies.intake)};
}

}  // namespace

SyslogTcp::SyslogTcp(IoRuntime& runtime, SyslogListenerSettings settings, SyslogDependencies dependencies)
    : name_(settings.name),
      place_(std::string(settings.protocol == SyslogListenerSettings::Protocol::relp ? "relp+" : "") +
             (settings.tls ? "tls://" : "tcp://") + settings.address),
      server_(make_server(runtime, std::move(settings), std::move(dependencies))) {}

std::string SyslogTcp::url() const {
  return place_ + ":" + std::to_string(port());
}

}  // namespace straykey
