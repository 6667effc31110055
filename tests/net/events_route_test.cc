// POST /v1/events, from the wire to the pipeline.

#include <atomic>
#include <mutex>
#include <new>
#include <string>
#include <thread>
#include <vector>

#include "net/ingest/http_protocols.h"
#include "tests/net/http_fixture.h"
#include "tests/support/compress.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

// Stands for the pipeline.
struct FakePipeline {
  enum class Mode { commit, fail, overloaded, stopped, never, late };
  std::atomic<Mode> mode{Mode::commit};
  std::atomic<std::size_t> events{0};
  std::mutex mutex;
  std::vector<std::unique_ptr<Request>> kept;
  std::vector<std::thread> workers;

  ~FakePipeline() {
    for (std::thread& worker : workers) worker.join();
  }
  SubmitResult submit(std::unique_ptr<Request>& request) {
    switch (mode.load()) {
      case Mode::overloaded:
        return SubmitResult::overloaded;
      case Mode::stopped:
        return SubmitResult::stopped;
      default:
        break;
    }
    const std::unique_ptr<Request> taken = std::move(request);
    events += taken->events.size();
    switch (mode.load()) {
      case Mode::commit:
        taken->on_done(RequestOutcome::committed);
        break;
      case Mode::fail:
        taken->on_done(RequestOutcome::failed);
        break;
      case Mode::late: {
        const std::lock_guard lock(mutex);
        workers.emplace_back([on_done = taken->on_done] { on_done(RequestOutcome::committed); });
        break;
      }
      default: {
        const std::lock_guard lock(mutex);
        kept.push_back(std::make_unique<Request>());
        kept.back()->on_done = taken->on_done;
      }
    }
    return SubmitResult::accepted;
  }
};

std::string record(const std::string& event_time) {
  return R"({"eventVersion":"1.08","eventTime":")" + event_time +
         R"(","eventSource":"sts.amazonaws.com","eventName":"GetCallerIdentity","awsRegion":"eu-west-1",)"
         R"("sourceIPAddress":"192.0.2.1","userAgent":"x","eventID":"1","recipientAccountId":"111122223333",)"
         R"("userIdentity":{"type":"IAMUser","accessKeyId":"AKIAIOSFODNN7EXAMPLE","accountId":"111122223333"}})";
}
const std::string kGood = record("2026-01-01T00:00:00Z");
const std::string kBad = record("yesterday");

struct Site {
  explicit Site(bool tls, HttpTimeouts timeouts = {})
      : server(settings(tls, timeouts), [this](HttpRouter& router) { add(router); }) {}

  static HttpFixture::Settings settings(bool tls, HttpTimeouts timeouts) {
    HttpFixture::Settings out;
    out.tls = tls;
    out.listener.timeouts = timeouts;
    return out;
  }
  void add(HttpRouter& router) {
    Intake::Callbacks callbacks;
    callbacks.on_reject = [this](RejectReason, std::string_view, std::string_view source) {
      ++rejects;
      const std::lock_guard lock(pipeline.mutex);
      last_source = source;
    };
    callbacks.now = now_seconds;
    intake = std::make_unique<Intake>(PayloadLimits{}, 3, std::move(callbacks), metrics);
    HttpIngest::Callbacks submitting;
    submitting.submit = [this](std::unique_ptr<Request>& request) { return pipeline.submit(request); };
    ingest = std::make_unique<HttpIngest>(HttpIngest::Dependencies{*intake, 2}, std::move(submitting), metrics);
    IngestSettings settings;
    settings.limits.records_max = 1'000;
    add_events_route(router, *ingest, settings);
  }
  RawHttpClient::Reply post(const std::string& body, const std::string& headers = "") {
    const auto client = server.connect();
    client->send(post_text("/v1/events", body, headers));
    return client->read_reply();
  }

  FakePipeline pipeline;
  Metrics metrics;
  std::atomic<int> rejects{0};
  std::string last_source;
  std::unique_ptr<Intake> intake;
  std::unique_ptr<HttpIngest> ingest;
  HttpFixture server;
};

}  // namespace

TEST_CASE("events that are committed get 200 and their count, at once or late, by HTTP and HTTPS") {
  for (const bool tls : {false, true}) {
    for (const auto mode : {FakePipeline::Mode::commit, FakePipeline::Mode::late}) {
      Site site(tls);
      site.pipeline.mode = mode;
      const RawHttpClient::Reply reply = site.post("{\"Records\":[" + kGood + "," + kGood + "]}");
      CHECK(reply.status == 200);
      CHECK(reply.body == "{\"accepted\":2,\"rejected\":0,\"errors\":[]}\n");
      CHECK(site.pipeline.events == 2);
    }
  }
}

TEST_CASE("a bad record is listed and counted while its neighbours are taken") {
  Site site(false);
  const RawHttpClient::Reply reply = site.post(kGood + "\n" + kBad + "\n" + kGood + "\n");
  CHECK(reply.status == 200);
  CHECK(reply.body == "{\"accepted\":2,\"rejected\":1,\"errors\":[{\"index\":1,\"code\":\"bad_event_time\"}]}\n");
  CHECK(site.rejects == 1);
  CHECK(site.last_source == "forwarder");
  CHECK(site.metrics.counter("straykey_events_rejected_total", "", {{"reason", "bad_event_time"}}).value() == 1);
  CHECK(site.metrics.counter("straykey_events_received_total", "", {{"source", "forwarder"}}).value() == 2);
}

TEST_CASE("what can tell nothing and what is harmless is said in the reply, and counted by name") {
  Site site(false);
  const std::string bare = R"({"eventVersion":"1.08","eventTime":"2026-01-01T00:00:00Z","eventName":"x"})";
  const std::string insight = R"({"eventVersion":"1.08","eventCategory":"Insight"})";
  const RawHttpClient::Reply reply = site.post(kGood + "\n" + bare + "\n" + insight + "\n");
  CHECK(reply.status == 200);
  CHECK(reply.body == "{\"accepted\":2,\"rejected\":0,\"not_judged\":1,\"ignored\":1,\"errors\":[]}\n");
  CHECK(site.rejects == 0);
  CHECK(site.metrics.counter("straykey_events_not_judged_total", "", {{"reason", "no_identity"}}).value() == 1);
  CHECK(site.metrics.counter("straykey_events_ignored_total", "", {{"class", "insight"}}).value() == 1);
}

TEST_CASE("a request of rejects only is answered 200 without the pipeline, and 100 of them are listed") {
  Site site(false);
  site.pipeline.mode = FakePipeline::Mode::stopped;
  std::string body;
  for (int i = 0; i < 150; ++i) body += kBad + "\n";
  const RawHttpClient::Reply reply = site.post(body);
  CHECK(reply.status == 200);
  CHECK(reply.body.starts_with("{\"accepted\":0,\"rejected\":150,"));
  CHECK(reply.body.find("\"index\":99,") != std::string::npos);
  CHECK(reply.body.find("\"index\":100,") == std::string::npos);
}

TEST_CASE("whatever keeps events from being stored is 503 with Retry-After") {
  Site site(false);
  for (const auto mode : {FakePipeline::Mode::fail, FakePipeline::Mode::overloaded, FakePipeline::Mode::stopped}) {
    site.pipeline.mode = mode;
    const RawHttpClient::Reply reply = site.post(kGood + "\n" + kBad);
    CHECK(reply.status == 503);
    CHECK(reply.head.find("Retry-After: ") != std::string::npos);
  }
  CHECK(site.metrics.counter("straykey_events_refused_total", "").value() == 3);
  CHECK(site.metrics.counter("straykey_events_rejected_total", "", {{"reason", "bad_event_time"}}).value() == 0);
}

TEST_CASE("a pipeline that never answers is 503 after the time for answers, and its late word harms nobody") {
  Site site(false, HttpFixture::short_timeouts());
  site.pipeline.mode = FakePipeline::Mode::never;
  const auto client = site.server.connect();
  client->send(post_text("/v1/events", kGood));
  CHECK(client->read_reply().status == 503);
  site.pipeline.mode = FakePipeline::Mode::commit;
  client->send(post_text("/v1/events", kGood));
  site.pipeline.kept.front()->on_done(RequestOutcome::committed);
  CHECK(client->read_reply().status == 200);
  site.pipeline.kept.front()->on_done(RequestOutcome::failed);
  client->send(post_text("/v1/events", kBad));
  CHECK(client->read_reply().body.starts_with("{\"accepted\":0,\"rejected\":1"));
}

TEST_CASE("a body that is refused as a whole says why in its status") {
  Site site(false);
  CHECK(site.post("").status == 400);
  CHECK(site.post("  \n ").status == 400);
  CHECK(site.post("this is not JSON").status == 400);
  CHECK(site.post("\x1f\x8b garbage").status == 400);
  CHECK(site.post(kGood, "Content-Encoding: br\r\n").status == 415);
  CHECK(site.post(kGood, "Content-Encoding: zstd\r\n").status == 400);
  CHECK(site.post(zstd_of(kGood), "Content-Encoding: zstd\r\n").status == 200);
  const auto wide = site.post(zstd_of(kGood, 27), "Content-Encoding: zstd\r\n");
  CHECK(wide.status == 400);
  CHECK(wide.body.find("bad_compression") != std::string::npos);
  CHECK(wide.body.find("window is larger than 8 MiB") != std::string::npos);
  CHECK(site.post(kGood, "Content-Encoding: gzip, gzip\r\n").status == 415);
  CHECK(site.post(kGood, "Content-Encoding: gzip\r\nContent-Encoding: gzip\r\n").status == 415);
  CHECK(site.post(kGood, "Content-Encoding: Identity\r\n").status == 200);
  std::string many;
  for (int i = 0; i < 1'001; ++i) many += kGood + "\n";
  CHECK(site.post(many).status == 413);
  CHECK(site.pipeline.events == 2);
}

TEST_CASE("without an ingest token no byte reaches the reader") {
  Site site(false);
  for (const std::string& headers : {std::string(), "Authorization: Bearer " + kAdminToken + "\r\n"}) {
    const auto client = site.server.connect();
    client->send("POST /v1/events HTTP/1.1\r\nHost: a\r\n" + headers +
                 "Content-Length: " + std::to_string(kBad.size()) + "\r\n\r\n" + kBad);
    CHECK(client->read_reply().status == (headers.empty() ? 401 : 403));
  }
  CHECK(site.rejects == 0);
}

}  // namespace straykey
