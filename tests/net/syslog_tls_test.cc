#include "net/ingest/syslog_tls.h"

#include "tests/net/http_fixture.h"
#include "tests/net/syslog_fixture.h"
#include "tests/support/raw_http_client.h"
#include "tests/support/self_signed.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

// A listener that wants certificates of `client`, whose names are localhost and 127.0.0.1.
struct MutualTls {
  explicit MutualTls(std::vector<std::string> names)
      : client(make_self_signed(now_seconds() - 60, now_seconds() + 60)) {
    const SelfSigned server = make_self_signed(now_seconds() - 60, now_seconds() + 60);
    SyslogListenerSettings settings;
    settings.tls =
        TlsFiles{site.directory.path() + "/s.pem", site.directory.path() + "/s.key", site.directory.path() + "/ca.pem"};
    write_file(settings.tls->certificate, server.certificate_pem, 0644);
    write_file(settings.tls->key, server.key_pem, 0600);
    write_file(settings.tls->client_ca, client.certificate_pem, 0644);
    settings.client_names = std::move(names);
    settings.allow_cidrs = {*parse_prefix("192.0.2.0/24")};  // the certificate counts instead
    listener = site.listen(settings);
  }

  SyslogFixture site;
  SelfSigned client;
  std::unique_ptr<SyslogTcp> listener;
};

}  // namespace

TEST_CASE("a sender with a certificate of the authority is taken, whatever its network") {
  MutualTls peer({});
  RawHttpClient client(peer.listener->port(), peer.client);
  client.send(counted_message("a"));
  CHECK(peer.site.pipeline.stored(1));
}

TEST_CASE("without a certificate, or with one of another authority, nothing is read") {
  MutualTls peer({});
  RawHttpClient none(peer.listener->port(), true);
  none.send(counted_message("a"));
  CHECK_FALSE(none.read_reply().status == 200);
  RawHttpClient other(peer.listener->port(), make_self_signed(now_seconds() - 60, now_seconds() + 60));
  other.send(counted_message("a"));
  CHECK_FALSE(other.read_reply().status == 200);
  CHECK(peer.site.counts_to("straykey_tls_handshakes_failed_total{listener=\"syslog_tcp\"}", 2));
  CHECK(peer.site.pipeline.requests() == 0);
}

TEST_CASE("the certificate's name must be one of those allowed") {
  MutualTls allowed({"a.example.com", "localhost"});
  RawHttpClient client(allowed.listener->port(), allowed.client);
  client.send(counted_message("a"));
  CHECK(allowed.site.pipeline.stored(1));
  MutualTls refused({"a.example.com", ".localhost"});
  RawHttpClient stranger(refused.listener->port(), refused.client);
  stranger.send(counted_message("a"));
  CHECK(stranger.ends());
  CHECK(refused.site.counted("straykey_syslog_refused_total{listener=\"syslog_tcp\",reason=\"client_name\"}") == 1);
  CHECK(refused.site.pipeline.requests() == 0);
}

TEST_CASE("an authority file that holds no certificate is one clear sentence") {
  const SyslogFixture site;
  const SelfSigned server = make_self_signed(now_seconds() - 60, now_seconds() + 60);
  const TlsFiles files{site.directory.path() + "/s.pem", site.directory.path() + "/s.key",
                       site.directory.path() + "/ca.pem"};
  write_file(files.certificate, server.certificate_pem, 0644);
  write_file(files.key, server.key_pem, 0600);
  write_file(files.client_ca, "nothing", 0644);
  const auto loaded = load_tls_context(files, now_seconds());
  REQUIRE_FALSE(loaded.ok());
  CHECK(loaded.error().message == "client authority file " + files.client_ca + " holds no PEM certificate");
}

}  // namespace straykey
