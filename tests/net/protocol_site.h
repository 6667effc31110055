#pragma once
// ProtocolSite: every protocol of http_protocols.h on one listener, with a pipeline that tells what it stored.
#include <boost/json.hpp>
#include <memory>
#include <string>

#include "net/ingest/http_protocols.h"
#include "tests/net/http_fixture.h"
#include "tests/net/syslog_fixture.h"

namespace straykey {

struct ProtocolSite {
  ProtocolSite() : server(settings(), [this](HttpRouter& router) { add(router); }) {}

  static HttpFixture::Settings settings() {
    HttpFixture::Settings out;
    out.listener.head.large_path = "/firehose";
    return out;
  }

  void add(HttpRouter& router) {
    Intake::Callbacks callbacks;
    callbacks.now = now_seconds;
    intake = std::make_unique<Intake>(PayloadLimits{}, 3, std::move(callbacks), metrics);
    HttpIngest::Callbacks submitting;
    submitting.submit = [this](std::unique_ptr<Request>& request) { return pipeline.submit(request); };
    ingest = std::make_unique<HttpIngest>(HttpIngest::Dependencies{*intake, 2}, std::move(submitting), metrics);
    IngestSettings all;
    all.readiness = [this] { return readiness; };
    for (const AddHttpProtocol add_protocol : kHttpProtocols) add_protocol(router, *ingest, all);
  }
  RawHttpClient::Reply send(const std::string& text, bool without_body = false) {
    const auto client = server.connect();
    client->send(text);
    return client->read_reply(without_body);
  }
  RawHttpClient::Reply get(const std::string& path) {
    return send("GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
  }
  // With `credential` instead of the fixture's own.
  RawHttpClient::Reply post(const std::string& path, const std::string& credential, const std::string& body) {
    return send("POST " + path + " HTTP/1.1\r\nHost: localhost\r\n" + credential +
                "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
  }
  [[nodiscard]] std::uint64_t rejected(std::string_view reason) {
    return metrics.counter("straykey_events_rejected_total", "", {{"reason", reason}}).value();
  }

  FakePipeline pipeline;
  ReadinessReport readiness;  // set it before a request
  Metrics metrics;
  std::unique_ptr<Intake> intake;
  std::unique_ptr<HttpIngest> ingest;
  HttpFixture server;
};

inline const std::string kBearer = "Authorization: Bearer " + kIngestToken + "\r\n";

// As a JSON string.
inline std::string escaped(const std::string& text) {
  return boost::json::serialize(boost::json::value(text));
}

}  // namespace straykey
