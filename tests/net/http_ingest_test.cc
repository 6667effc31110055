#include "net/ingest/http_ingest.h"

#include <algorithm>
#include <atomic>
#include <new>
#include <string>
#include <thread>
#include <vector>

#include "net/http/rate_limiter.h"
#include "net/http/request_target.h"
#include "tests/net/http_fixture.h"
#include "tests/net/syslog_fixture.h"
#include "tests/support/compress.h"
#include "tests/support/many_records.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

// The rest of the URL and what the sender calls its request.
std::string note_of(const RequestHead& head, std::string_view pattern) {
  return path_segment(pattern, head.path, 0).value_or("?") + "/" +
         query_parameter(head.target, "pipeline").value_or("none") + "/" + std::string(head.field("X-Sent-Id"));
}

// One document a line.
void split_lines(std::string_view text, std::size_t, std::vector<SentText::Item>& items) {
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    items.push_back({begin, end - begin, 0, {}});
    begin = end + 1;
  }
}

HttpReply render(const ItemOutcomes& outcome, const AnsweredRequest& request) {
  HttpReply reply;
  reply.body = "took " + std::string(request.note);
  for (const ItemOutcomes::Reject& reject : outcome.rejects)
    if (reject.whole) reply.body += " " + std::to_string(reject.item) + ":" + std::string(name_of(reject.reason));
  return reply;
}

HttpReply refuse(const Refusal& refusal, const AnsweredRequest& request) {
  HttpReply reply;
  reply.status = refusal.status;
  reply.headers = refusal_headers(refusal);
  reply.body = "no " + std::string(request.note) + " " + std::string(refusal.code);
  return reply;
}

IngestProtocol bulk() {
  IngestProtocol protocol;
  protocol.path = "/{}/_bulk";
  protocol.purpose = "Documents are taken here.";
  protocol.body_bytes_max = 100'000;
  protocol.limits = {.inflated_bytes_max = 50'000, .records_max = 20, .rejects_listed_max = 20};
  protocol.split = split_lines;
  protocol.note_of = note_of;
  protocol.render = render;
  protocol.refuse = refuse;
  return protocol;
}

struct Site {
  explicit Site(const IngestProtocol& protocol, std::chrono::milliseconds overload_wait = {},
                RateLimiter* rates = nullptr) {
    Intake::Callbacks callbacks;
    callbacks.now = now_seconds;
    callbacks.on_reject = [this](RejectReason, std::string_view, std::string_view) { ++rejects_kept; };
    intake = std::make_unique<Intake>(PayloadLimits{}, 3, std::move(callbacks), metrics);
    HttpIngest::Callbacks submitting;
    submitting.submit = [this](std::unique_ptr<Request>& request) { return pipeline.submit(request); };
    if (rates != nullptr) {
      submitting.check_rate = [rates](const std::string& source, const IpAddress& sender) {
        return rates->check(source, sender);
      };
      submitting.spend_rate = [rates](const std::string& source, const IpAddress& sender, std::size_t events) {
        rates->spend(source, sender, events);
      };
    }
    submitting.later = [this](std::size_t io_thread, std::chrono::milliseconds wait, std::function<void()> call) {
      server->runtime->call_later(io_thread, wait, std::move(call));
    };
    ingest = std::make_unique<HttpIngest>(
        HttpIngest::Dependencies{.intake = *intake, .io_threads = 2, .overload_wait = overload_wait},
        std::move(submitting), metrics);
    server = std::make_unique<HttpFixture>(HttpFixture::Settings{},
                                           [&](HttpRouter& router) { ingest->add(router, protocol); });
  }
  RawHttpClient::Reply send(const std::string& text) {
    const auto client = server->connect();
    client->send(text);
    return client->read_reply();
  }
  RawHttpClient::Reply post(const std::string& body, const std::string& headers = "") {
    return send(post_text("/trail%201/_bulk?pipeline=a+b", body, "X-Sent-Id: 7\r\n" + headers));
  }

  FakePipeline pipeline;
  Metrics metrics;
  std::atomic<std::size_t> rejects_kept{0};
  std::unique_ptr<Intake> intake;
  std::unique_ptr<HttpIngest> ingest;
  std::unique_ptr<HttpFixture> server;
};

}  // namespace

TEST_CASE("a protocol answers item by item, and knows its path, its query and its sender's id") {
  Site site(bulk());
  const auto reply = site.post(record_json("a") + "\n{\"level\":1}\n" + record_json("b") + "\n{broken");
  CHECK(reply.status == 200);
  CHECK(reply.body == "took trail 1/a b/7 1:not_cloudtrail 3:bad_json");
  CHECK(site.pipeline.stored(2));
}

TEST_CASE("every refusal of an address is rendered by its protocol, also those that come before its handler") {
  Site site(bulk());
  CHECK(site.post("").body == "no trail 1/a b/7 empty_body");
  CHECK(site.post("x", "Content-Encoding: br\r\n").body == "no trail 1/a b/7 unsupported_encoding");
  CHECK(site.post(std::string(200'000, ' ')).body == "no trail 1/a b/7 body_too_large");
  CHECK(site.send("POST /x/_bulk HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx").body ==
        "no x/none/ missing_token");
  CHECK(site.send("PUT /x/_bulk HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx").body ==
        "no x/none/ method_not_allowed");
  for (const auto& [mode, code] :
       {std::pair{FakePipeline::Mode::overloaded, "overloaded"}, std::pair{FakePipeline::Mode::stopped, "stopped"},
        std::pair{FakePipeline::Mode::fail, "not_committed"}}) {
    site.pipeline.set(mode);
    const auto reply = site.post(record_json("a"));
    CHECK(reply.status == 503);
    CHECK(reply.head.find("Retry-After: ") != std::string::npos);
    CHECK(reply.body == std::string("no trail 1/a b/7 ") + code);
  }
}

TEST_CASE("a body that is one bad record is a bad record, what is no JSON at all a bad request") {
  IngestProtocol in_any_framing = bulk();
  in_any_framing.split = nullptr;
  Site site(in_any_framing);
  const auto reply = site.post("{broken");
  CHECK(reply.status == 200);
  CHECK(reply.body == "took trail 1/a b/7 0:bad_json");
  const std::string whole = record_json("a");
  CHECK(site.post(whole.substr(0, whole.size() - 5)).body == "took trail 1/a b/7 0:truncated");
  CHECK(site.post("null").body == "took trail 1/a b/7 0:empty_value");
  CHECK(site.post("1\n").body == "took trail 1/a b/7 0:not_cloudtrail");
  CHECK(site.post("plain text").body == "no trail 1/a b/7 unreadable_body");
  CHECK(site.post(std::string("{\0\"\0", 4)).body == "no trail 1/a b/7 unreadable_body");
}

TEST_CASE("limits and encodings are those of the address") {
  Site site(bulk());
  std::string lines;
  for (int i = 0; i < 21; ++i) lines += "{}\n";
  CHECK(site.post(lines).body == "no trail 1/a b/7 too_many_records");
  CHECK(site.post(gzip_of(record_json("a") + "\n" + record_json("b")), "Content-Encoding: gzip\r\n").body ==
        "took trail 1/a b/7");
  CHECK(site.post(gzip_of(std::string(60'000, ' ') + "{}"), "Content-Encoding: gzip\r\n").body ==
        "no trail 1/a b/7 inflated_too_large");
  IngestProtocol plain = bulk();
  constexpr AcceptedEncodings::Word kIdentity{"identity", ContentEncoding::identity};
  plain.encodings = {{&kIdentity, 1}, {400, "plain_only", "Send it plain."}};
  Site second(plain);
  CHECK(second.post("x", "Content-Encoding: gzip\r\n").body == "no trail 1/a b/7 plain_only");
  CHECK(second.post(record_json("a"), "Content-Encoding: IDENTITY\r\n").status == 200);
}

TEST_CASE("a body of more events than one Request takes has one answer, with all outcomes in its order") {
  IngestProtocol large = bulk();
  large.body_bytes_max = 8u << 20;
  large.limits = {.inflated_bytes_max = 8u << 20, .records_max = 50'000, .rejects_listed_max = 20};
  const std::string body = numbered_records(40'000, 10'000);
  for (const SentText::Split split : {SentText::Split{nullptr}, SentText::Split{split_lines}}) {
    large.split = split;
    Site site(large);
    for (const std::string& sent : {body, gzip_of(body)}) {
      const auto reply = site.post(sent);
      CHECK(reply.status == 200);
      CHECK(reply.body ==
            "took trail 1/a b/7 9999:not_cloudtrail 19999:not_cloudtrail 29999:not_cloudtrail 39999:not_cloudtrail");
    }
    CHECK(site.pipeline.stored(2 * 39'996));
    CHECK(site.pipeline.requests() == 6);
    CHECK(site.metrics.counter("straykey_events_rejected_total", "", {{"reason", "not_cloudtrail"}}).value() == 8);
    site.pipeline.set(FakePipeline::Mode::fail);
    CHECK(site.post(body).body == "no trail 1/a b/7 not_committed");
    site.pipeline.set(FakePipeline::Mode::stopped);
    CHECK(site.post(body).body == "no trail 1/a b/7 stopped");
    site.pipeline.set(FakePipeline::Mode::commit);
    CHECK(site.post(numbered_records(50'001)).body == "no trail 1/a b/7 too_many_records");
  }
}

TEST_CASE("a body that others leave no memory for is refused as busy") {
  IngestProtocol any = bulk();
  any.split = nullptr;
  Site site(any);
  BudgetShare others(site.server->budget);
  REQUIRE(others.grow_to((1 << 20) - 20'000));
  const auto reply = site.post(gzip_of(std::string(40'000, ' ') + record_json("a")));
  CHECK(reply.status == 503);
  CHECK(reply.body == "no trail 1/a b/7 busy");
  others.clear();
  CHECK(site.post(gzip_of(std::string(40'000, ' ') + record_json("a"))).status == 200);
}

TEST_CASE("requests that are ready together reach the pipeline together, each with its answer") {
  FakePipeline pipeline;
  Metrics metrics;
  std::vector<std::function<void()>> called_soon;
  bool throws = false;
  Intake::Callbacks reading;
  reading.now = now_seconds;
  Intake intake({}, 2, reading, metrics);
  HttpIngest::Callbacks callbacks;
  callbacks.submit = [&](std::unique_ptr<Request>& request) { return pipeline.submit(request); };
  callbacks.soon = [&](std::size_t io_thread, std::function<void()> call) {
    CHECK(io_thread == 1);
    if (throws) throw std::bad_alloc();
    called_soon.push_back(std::move(call));
  };
  HttpIngest ingest({intake, 2}, callbacks, metrics);
  const RequestHead head;
  std::vector<std::string> answers;
  IngestProtocol protocol;
  protocol.render = [](const ItemOutcomes&, const AnsweredRequest& request) {
    return HttpReply{200, "", std::string(request.request_id) + " accepted", {}};
  };
  protocol.refuse = [](const Refusal&, const AnsweredRequest& request) {
    return HttpReply{503, "", std::string(request.request_id) + " refused", {}};
  };
  auto kept = HttpIngest::completed(std::move(protocol));
  const std::weak_ptr<const IngestProtocol> watched = kept;
  const auto post = [&](const std::string& id, const std::string& body) {
    ingest.answer(kept, {head, body, "forwarder", {}, 1, id},
                  [&answers](const HttpReply& reply) { answers.push_back(reply.body); });
  };
  const std::string good = record_json("x");
  post("a", good);
  post("b", good + good);
  CHECK(pipeline.ids().empty());
  REQUIRE(called_soon.size() == 1);
  post("unreadable", "x");
  CHECK(answers == std::vector<std::string>{"unreadable refused"});
  called_soon[0]();
  CHECK(pipeline.ids().size() == 3);
  pipeline.set(FakePipeline::Mode::overloaded);
  post("c", good);
  REQUIRE(called_soon.size() == 2);
  called_soon[1]();
  CHECK(pipeline.ids().size() == 3);
  CHECK(answers == std::vector<std::string>{"unreadable refused", "a accepted", "b accepted", "c refused"});

  pipeline.set(FakePipeline::Mode::commit);
  std::string large;
  for (int i = 0; i < 60; ++i) large += good;
  post("large", large);  // its memory is the pipeline's to count
  CHECK(pipeline.ids().size() == 63);
  CHECK(called_soon.size() == 2);

  throws = true;
  CHECK_THROWS_AS(post("d", good), std::bad_alloc);
  throws = false;
  post("e", good);
  REQUIRE(called_soon.size() == 3);
  called_soon[2]();
  CHECK(pipeline.ids().size() == 65);
  CHECK(answers.back() == "e accepted");

  // Whoever replaced a listener is rid of its protocol with the last request that came by it.
  post("f", good);
  kept.reset();
  CHECK_FALSE(watched.expired());
  called_soon.back()();
  CHECK(watched.expired());
}

namespace {

void wait_until_held(Site& site, std::string_view for_what) {
  const Counter& waits = site.metrics.counter(
      "straykey_http_waits_total", "Requests that waited for room before they were answered.", {{"for", for_what}});
  while (waits.value() == 0) std::this_thread::yield();
}

}  // namespace

TEST_CASE("a request that finds the queues full waits for them, and is taken once") {
  Site site(bulk(), std::chrono::hours(1));
  site.pipeline.set(FakePipeline::Mode::overloaded);
  const auto first = site.server->connect();
  first->send(post_text("/x/_bulk", record_json("a")));
  wait_until_held(site, "queues");
  site.pipeline.set(FakePipeline::Mode::commit);
  CHECK(first->read_reply().status == 200);
  CHECK(site.pipeline.ids() == std::vector<std::string>{"a"});
  CHECK(site.server->budget->used() == 0);
}

TEST_CASE("the wait for queues ends with its time, or with the server, in the protocol's own refusal") {
  {
    Site site(bulk(), std::chrono::milliseconds(30));
    site.pipeline.set(FakePipeline::Mode::overloaded);
    CHECK(site.post(record_json("a")).body == "no trail 1/a b/7 overloaded");
    CHECK(site.pipeline.requests() == 0);
  }
  Site site(bulk(), std::chrono::hours(1));
  site.pipeline.set(FakePipeline::Mode::overloaded);
  const auto client = site.server->connect();
  client->send(post_text("/x/_bulk", record_json("a")));
  wait_until_held(site, "queues");
  site.ingest->end_waits();
  CHECK(client->read_reply().status == 503);
  CHECK(site.post(record_json("b")).status == 503);
  CHECK(site.server->budget->used() == 0);
}

TEST_CASE("a body that others leave no memory for waits for it, and is read then") {
  IngestProtocol any = bulk();
  any.split = nullptr;
  Site site(any, std::chrono::hours(1));
  BudgetShare others(site.server->budget);
  REQUIRE(others.grow_to((1 << 20) - 20'000));
  const auto client = site.server->connect();
  client->send(post_text("/x/_bulk", gzip_of(std::string(40'000, ' ') + record_json("a"))));
  wait_until_held(site, "memory");
  CHECK(site.server->budget->used() <= 1 << 20);
  others.clear();
  CHECK(client->read_reply().status == 200);
  CHECK(site.pipeline.ids() == std::vector<std::string>{"a"});
  CHECK(site.server->budget->used() == 0);
}

TEST_CASE("a protocol that refuses by items tells them of a rate limit, and nothing of the body is stored or kept") {
  Metrics metrics;
  RateLimiter rates({.token_events_per_s = 0.001, .burst_s = 1}, metrics);
  IngestProtocol by_items = bulk();
  by_items.refuses_by_items = true;
  Site site(by_items, {}, &rates);
  CHECK(site.post(record_json("a") + "\n" + record_json("b")).status == 200);
  const auto reply = site.post(record_json("c") + "\n{broken");
  CHECK(reply.status == 429);
  CHECK(reply.body == "no trail 1/a b/7 rate_limited");
  CHECK(site.pipeline.ids() == std::vector<std::string>{"a", "b"});
  CHECK(site.rejects_kept == 0);
  CHECK(site.metrics.counter("straykey_events_refused_total", "").value() == 0);
}

TEST_CASE("a protocol whose senders lose what is refused lets them wait for their rate") {
  Metrics metrics;
  IngestProtocol waits = bulk();
  waits.waits_for_its_rate = true;
  RateLimiter ten_a_second({.token_requests_per_s = 10, .burst_s = 0.1}, metrics);
  Site soon(waits, std::chrono::minutes(1), &ten_a_second);
  for (const std::string id : {"a", "b", "c"}) CHECK(soon.post(record_json(id)).status == 200);
  CHECK(soon.pipeline.ids() == std::vector<std::string>{"a", "b", "c"});
  CHECK(soon.metrics.counter("straykey_http_waits_total", "", {{"for", "rate"}}).value() == 2);

  RateLimiter once({.token_requests_per_s = 0.001, .burst_s = 1'000}, metrics);
  Site late(waits, std::chrono::milliseconds(1), &once);
  CHECK(late.post(record_json("a")).status == 200);
  CHECK(late.post(record_json("b")).body == "no trail 1/a b/7 rate_limited");
  // What is large does not wait, because it would hold its memory.
  Site large(waits, std::chrono::minutes(1), &once);
  CHECK(large.post(record_json("c") + std::string(70'000, ' ')).status == 429);
}

TEST_CASE("what is stored or kept of a body is spent, also if the body is refused in the end") {
  IngestProtocol lines = bulk();
  lines.split = nullptr;
  lines.body_bytes_max = 1 << 20;
  lines.limits = {.inflated_bytes_max = 64 << 20, .records_max = 2 * kRequestEventsMax};
  for (const std::string& body :
       {numbered_records(2 * kRequestEventsMax + 1), numbered_records(2 * kRequestEventsMax + 1, 1)}) {
    Metrics metrics;
    RateLimiter rates({.token_events_per_s = 0.001, .burst_s = 1}, metrics);
    Site site(lines, {}, &rates);
    CHECK(site.post(gzip_of(body), "Content-Encoding: gzip\r\n").status == 413);
    CHECK(rates.check("forwarder", {}).has_value());
  }
}

}  // namespace straykey
