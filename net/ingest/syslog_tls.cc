#include "net/ingest/syslog_tls.h"

#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>

#include "net/io/client_certificate.h"

namespace straykey {
namespace {

// Somebody who only looks whether the port is there is not worth a line.
void warn_of_handshake(const SyslogListener& listener, const IpAddress& sender, const IoError& error) {
  if (error.category() != boost::asio::error::get_ssl_category()) return;
  listener.log.warning("a syslog sender's TLS handshake failed",
                       {{"listener", listener.settings.name},
                        {"sender", sender.text()},
                        {"reason", error.message()},
                        {"change",
                         "\"wrong version number\" or \"http request\": it speaks no TLS on this port; \"unknown ca\": "
                         "it does not trust our certificate; \"peer did not return a certificate\": it needs one of "
                         "client_ca (rsyslog over RELP: tls.mycert, or tls.tlslib=\"openssl\")"}});
}

}  // namespace

IoAwait<bool> shake_hands_for_syslog(PeerStream& stream, SyslogListener& listener, IpAddress sender) {
  const IoError error = co_await stream.handshake();
  if (error) {
    if (error != boost::asio::error::operation_aborted) listener.counts.handshakes_failed.add();
    warn_of_handshake(listener, sender, error);
    co_return false;
  }
  if (client_name_allowed(stream.tls(), listener.settings.client_names)) co_return true;
  listener.counts.refused_client_name.add();
  listener.log.warning("a syslog sender's certificate has none of the names in client_names",
                       {{"listener", listener.settings.name}, {"sender", sender.text()}});
  co_return false;
}

}  // namespace straykey
