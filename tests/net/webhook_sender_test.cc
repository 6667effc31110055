#include "net/deliver/webhook_sender.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <fstream>
#include <future>
#include <mutex>
#include <sstream>
#include <thread>

#include "net/deliver/webhook_signature.h"
#include "tests/support/self_signed.h"
#include "tests/support/temporary_directory.h"
#include "tests/support/webhook_receiver.h"

#include <doctest/doctest.h>

using namespace straykey;

namespace {

namespace asio = boost::asio;
using Kind = DeliveryOutcome::Kind;
using Reply = WebhookReceiver::Reply;
using Request = WebhookReceiver::Request;

constexpr const char* kSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

Seconds wall_now() {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

WebhookEndpoint endpoint(const std::string& name, const std::string& url) {
  WebhookEndpoint made;
  made.name = name;
  made.url = url;
  made.secrets = {kSecret};
  made.allow_http = true;
  made.allow_cidrs = {*parse_prefix("127.0.0.0/8")};
  made.rate_per_s = 1'000;
  return made;
}

Delivery delivery(const std::string& to, std::uint64_t number, std::uint32_t attempts = 0) {
  return {
      .endpoint = to, .alert_id = {number, 7}, .body = R"({"n":)" + std::to_string(number) + "}", .attempts = attempts};
}

// Repeats at once, so that no test waits.
WebhookSettings at_once() {
  WebhookSettings settings;
  settings.retry.waits_s.assign(100, 0);
  settings.retry.probe_wait_s = 0;
  return settings;
}

// A sender on an event loop of its own, and what it said.
struct Sending {
  explicit Sending(LogLevel level = LogLevel::error) : log({.level = level}) {}

  asio::io_context io;
  Metrics metrics;
  Log log;
  std::vector<DeliveryOutcome> outcomes;
  std::unique_ptr<WebhookSender> sender;

  void start(const std::vector<WebhookEndpoint>& endpoints, WebhookSettings settings = at_once()) {
    auto created = WebhookSender::create(io, endpoints, std::move(settings), metrics, log,
                                         [this](DeliveryOutcome outcome) { outcomes.push_back(std::move(outcome)); });
    REQUIRE(created.ok());
    sender = std::move(created).value();
  }
  [[nodiscard]] bool until_outcomes(std::size_t count) {
    return run_until(io, [&] { return outcomes.size() >= count; });
  }
  [[nodiscard]] std::size_t count(const std::string& name, Kind kind) const {
    const auto is = [&](const DeliveryOutcome& outcome) { return outcome.endpoint == name && outcome.kind == kind; };
    return static_cast<std::size_t>(std::count_if(outcomes.begin(), outcomes.end(), is));
  }
  [[nodiscard]] std::uint64_t counted(const std::string& name, const char* outcome) {
    return metrics
        .counter("straykey_webhook_deliveries_total", "Webhook attempts by how they ended.",
                 {{"endpoint", name}, {"outcome", outcome}})
        .value();
  }
};

// What is written to stderr in its life.
class CapturedStderr {
 public:
  CapturedStderr() : kept_(::dup(STDERR_FILENO)) {
    const int file = ::open(path().c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    ::dup2(file, STDERR_FILENO);
    ::close(file);
  }
  ~CapturedStderr() { restore(); }
  std::string text() {
    restore();
    std::ostringstream all;
    all << std::ifstream(path()).rdbuf();
    return all.str();
  }

 private:
  [[nodiscard]] std::string path() const { return directory_.path() + "/stderr"; }
  void restore() {
    if (kept_ < 0) return;
    std::fflush(stderr);
    ::dup2(kept_, STDERR_FILENO);
    ::close(kept_);
    kept_ = -1;
  }
  TemporaryDirectory directory_;
  int kept_;
};

}  // namespace

TEST_CASE("an alert is posted once, signed, and reported as delivered") {
  Sending sending;
  WebhookReceiver receiver(sending.io, [](const Request&) { return WebhookReceiver::status(204); });
  sending.start({endpoint("soc", receiver.url())});
  sending.sender->deliver(delivery("soc", 1));
  REQUIRE(sending.until_outcomes(1));
  CHECK(sending.outcomes[0].kind == Kind::delivered);
  CHECK_EQ(sending.outcomes[0].attempts, 1);
  CHECK_EQ(sending.outcomes[0].http_status, 204);

  REQUIRE_EQ(receiver.requests().size(), 1);
  Request request = receiver.requests()[0];
  CHECK_EQ(request.headers["webhook-id"], "msg_" + Hash128{1, 7}.hex());
  const Seconds timestamp = std::stoll(request.headers["webhook-timestamp"]);
  CHECK(std::abs(timestamp - wall_now()) <= 10);
  CHECK_EQ(request.headers["webhook-signature"],
           webhook_signature({WebhookSecret::parse(kSecret).value()}, request.headers["webhook-id"], timestamp,
                             request.body));
}

TEST_CASE("500 and then 200: the same id and the same bytes both times") {
  Sending sending;
  int calls = 0;
  WebhookReceiver receiver(sending.io,
                           [&](const Request&) { return WebhookReceiver::status(++calls == 1 ? 500 : 200); });
  sending.start({endpoint("soc", receiver.url())});
  sending.sender->deliver(delivery("soc", 1));
  REQUIRE(sending.until_outcomes(2));
  CHECK(sending.outcomes[0].kind == Kind::retry);
  CHECK_EQ(sending.outcomes[0].error, "it answered with status 500");
  CHECK(sending.outcomes[1].kind == Kind::delivered);
  CHECK_EQ(sending.outcomes[1].attempts, 2);
  REQUIRE_EQ(receiver.requests().size(), 2);
  CHECK_EQ(receiver.requests()[0].body, receiver.requests()[1].body);
  CHECK_EQ(receiver.requests()[0].headers.at("webhook-id"), receiver.requests()[1].headers.at("webhook-id"));
  CHECK_EQ(sending.counted("soc", "retry"), 1);
  CHECK_EQ(sending.counted("soc", "delivered"), 1);
}

TEST_CASE("https with a configured authority delivers") {
  const SelfSigned pair = make_self_signed(wall_now() - 10'000, wall_now() + 10'000);
  const TemporaryDirectory directory;
  write_file(directory.path() + "/ca.pem", pair.certificate_pem, 0600);
  Sending sending;
  WebhookReceiver receiver(
      sending.io, [](const Request&) { return WebhookReceiver::status(200); }, pair);
  WebhookEndpoint secure = endpoint("soc", receiver.url("localhost"));
  secure.allow_http = false;
  secure.ca_file = directory.path() + "/ca.pem";
  WebhookSettings settings = at_once();
  settings.resolve = [](const std::string&) { return std::vector{*parse_ip("127.0.0.1")}; };
  sending.start({secure}, settings);
  sending.sender->deliver(delivery("soc", 1));
  REQUIRE(sending.until_outcomes(1));
  CHECK_MESSAGE(sending.outcomes[0].kind == Kind::delivered, sending.outcomes[0].error);
}

TEST_CASE("a redirect is a failure to be repeated, and nobody goes where it points") {
  Sending sending;
  WebhookReceiver elsewhere(sending.io, [](const Request&) { return WebhookReceiver::status(200); });
  WebhookReceiver receiver(sending.io, [&](const Request&) {
    return WebhookReceiver::status(302, "Location: " + elsewhere.url() + "\r\n");
  });
  WebhookSettings once;
  sending.start({endpoint("soc", receiver.url())}, once);
  sending.sender->deliver(delivery("soc", 1));
  REQUIRE(sending.until_outcomes(1));
  CHECK(sending.outcomes[0].kind == Kind::retry);
  CHECK_EQ(sending.outcomes[0].http_status, 302);
  CHECK_EQ(sending.outcomes[0].error, "it answered with a redirect, which is not followed");
  CHECK_EQ(elsewhere.connections(), 0);
}

TEST_CASE("an endpoint that refuses gets three tries and then the delivery is dead") {
  Sending sending;
  WebhookReceiver receiver(sending.io, [](const Request&) { return WebhookReceiver::status(404); });
  sending.start({endpoint("soc", receiver.url())});
  sending.sender->deliver(delivery("soc", 1));
  REQUIRE(sending.until_outcomes(3));
  CHECK(sending.outcomes[2].kind == Kind::dead);
  CHECK_EQ(sending.outcomes[2].attempts, 3);
  CHECK_EQ(sending.counted("soc", "dead"), 1);
}

TEST_CASE("one endpoint that never answers and one whose name hangs slow no other") {
  std::promise<void> release;
  {
    Sending sending;
    WebhookReceiver silent(sending.io, [](const Request&) { return Reply{.bytes = {}, .hold = true}; });
    WebhookReceiver receiver(sending.io, [](const Request&) { return WebhookReceiver::status(200); });
    WebhookSettings settings = at_once();
    settings.resolve = [wait = release.get_future().share()](const std::string& host) {
      if (host == "hangs.example.com") wait.wait();
      return std::vector{*parse_ip("127.0.0.1")};
    };
    sending.start({endpoint("silent", silent.url()), endpoint("hangs", receiver.url("hangs.example.com")),
                   endpoint("soc", receiver.url("hooks.example.com"))},
                  settings);
    for (std::uint64_t i = 0; i < 50; ++i)
      for (const char* name : {"silent", "hangs", "soc"}) sending.sender->deliver(delivery(name, i));
    REQUIRE(run_until(sending.io, [&] { return sending.count("soc", Kind::delivered) == 50; }));
    CHECK_EQ(sending.outcomes.size(), 50);
    CHECK_LE(silent.connections(), 4);
  }
  release.set_value();
}

TEST_CASE("410 pauses the endpoint, keeps what waits, and resume() goes on") {
  Sending sending;
  bool gone = true;
  WebhookReceiver receiver(sending.io, [&](const Request&) { return WebhookReceiver::status(gone ? 410 : 200); });
  WebhookSettings one_at_a_time = at_once();
  one_at_a_time.concurrent_max = 1;
  sending.start({endpoint("soc", receiver.url())}, one_at_a_time);
  for (std::uint64_t i = 0; i < 3; ++i) sending.sender->deliver(delivery("soc", i));
  REQUIRE(sending.until_outcomes(1));
  CHECK(sending.outcomes[0].kind == Kind::retry);
  CHECK_EQ(sending.outcomes[0].http_status, 410);
  CHECK_EQ(sending.metrics
               .gauge("straykey_webhook_paused", "1 while an endpoint that answered 410 Gone gets no attempt.",
                      {{"endpoint", "soc"}})
               .value(),
           1);
  gone = false;
  sending.sender->deliver(delivery("soc", 3));
  sending.io.poll();
  CHECK_EQ(receiver.connections(), 1);
  sending.sender->resume("nobody");
  sending.sender->resume("soc");
  REQUIRE(sending.until_outcomes(5));
  CHECK_EQ(sending.count("soc", Kind::delivered), 4);
}

TEST_CASE("an endpoint that keeps failing gets one attempt at a time, and all that waited once it is well") {
  Sending sending;
  bool well = false;
  WebhookReceiver receiver(sending.io, [&](const Request&) { return WebhookReceiver::status(well ? 200 : 503); });
  sending.start({endpoint("soc", receiver.url())});
  Gauge& open = sending.metrics.gauge("straykey_webhook_circuit_open",
                                      "1 while an endpoint that failed too often only gets one attempt at a time.",
                                      {{"endpoint", "soc"}});
  for (std::uint64_t i = 0; i < 20; ++i) sending.sender->deliver(delivery("soc", i));
  REQUIRE(run_until(sending.io, [&] { return open.value() == 1; }));
  well = true;
  REQUIRE(run_until(sending.io, [&] { return sending.count("soc", Kind::delivered) == 20; }));
  CHECK_EQ(open.value(), 0);
  CHECK_EQ(sending.metrics
               .gauge("straykey_webhook_queue", "Deliveries that the sender holds, waiting or under way.",
                      {{"endpoint", "soc"}})
               .value(),
           0);
}

TEST_CASE("stop() with attempts under way: no outcome, and every connection closes") {
  Sending sending;
  WebhookReceiver silent(sending.io, [](const Request&) { return Reply{.bytes = {}, .hold = true}; });
  sending.start({endpoint("soc", silent.url())});
  for (std::uint64_t i = 0; i < 10; ++i) sending.sender->deliver(delivery("soc", i));
  REQUIRE(run_until(sending.io, [&] { return silent.requests().size() == 4; }));
  sending.sender->stop();
  sending.sender->deliver(delivery("soc", 99));
  SUBCASE("the sender stays") {}
  SUBCASE("the sender goes") {
    sending.sender.reset();
  }
  REQUIRE(run_until(sending.io, [&] { return silent.connections_open() == 0; }));
  sending.io.poll();
  CHECK_EQ(silent.requests().size(), 4);
  CHECK(sending.outcomes.empty());
}

TEST_CASE("an event loop that goes with attempts under way leaves nothing behind") {
  // What it checks is that AddressSanitizer sees no leak and no use after free.
  Sending sending;
  WebhookReceiver silent(sending.io, [](const Request&) { return Reply{.bytes = {}, .hold = true}; });
  sending.start({endpoint("soc", silent.url())});
  for (std::uint64_t i = 0; i < 10; ++i) sending.sender->deliver(delivery("soc", i));
  REQUIRE(run_until(sending.io, [&] { return silent.requests().size() == 4; }));
  sending.sender.reset();
  CHECK(sending.outcomes.empty());
}

TEST_CASE("after a restart the count of attempts goes on, and so does the schedule") {
  Sending sending;
  WebhookReceiver receiver(sending.io, [](const Request&) { return WebhookReceiver::status(500); });
  sending.start({endpoint("soc", receiver.url())}, WebhookSettings{});
  sending.sender->deliver(delivery("soc", 1, 3));
  REQUIRE(sending.until_outcomes(1));
  CHECK(sending.outcomes[0].kind == Kind::retry);
  CHECK_EQ(sending.outcomes[0].attempts, 4);
  const Seconds wait_s = sending.outcomes[0].next_attempt - wall_now();
  CHECK(wait_s >= 7'200 * 8 / 10 - 10);
  CHECK(wait_s <= 7'200 * 12 / 10);
}

TEST_CASE("a delivery that is not due is held") {
  Sending sending;
  WebhookReceiver receiver(sending.io, [](const Request&) { return WebhookReceiver::status(200); });
  sending.start({endpoint("soc", receiver.url())});
  Delivery later = delivery("soc", 1);
  later.not_before = wall_now() + 3'600;
  sending.sender->deliver(later);
  sending.sender->deliver(delivery("soc", 2));
  REQUIRE(sending.until_outcomes(1));
  CHECK_EQ(sending.outcomes[0].alert_id.low, 2);
  sending.io.poll();
  CHECK_EQ(receiver.connections(), 1);
}

TEST_CASE("a delivery for an endpoint that is not configured is dead") {
  Sending sending;
  sending.start({});
  sending.sender->deliver(delivery("nobody", 1, 2));
  REQUIRE(sending.until_outcomes(1));
  CHECK(sending.outcomes[0].kind == Kind::dead);
  CHECK_EQ(sending.outcomes[0].attempts, 2);
  CHECK_EQ(sending.outcomes[0].error, "no endpoint of this name is configured");
}

TEST_CASE(
    "an endpoint that is changed is tried at once at its new place; one that stays as it was keeps its schedule") {
  Sending sending;
  WebhookReceiver wrong(sending.io, [](const Request&) { return WebhookReceiver::status(503); });
  WebhookReceiver right(sending.io, [](const Request&) { return WebhookReceiver::status(204); });
  WebhookSettings patient;  // waits for 5 s
  sending.start({endpoint("moves", wrong.url()), endpoint("stays", wrong.url())}, patient);
  sending.sender->deliver(delivery("moves", 1));
  sending.sender->deliver(delivery("stays", 2));
  REQUIRE(sending.until_outcomes(2));
  REQUIRE(sending.sender->use({endpoint("moves", right.url()), endpoint("stays", wrong.url())}).ok());
  REQUIRE(sending.until_outcomes(3));
  CHECK_EQ(sending.count("moves", Kind::delivered), 1);
  CHECK_EQ(sending.outcomes.back().attempts, 2);
  CHECK_EQ(wrong.requests().size(), 2);

  const Status refused = sending.sender->use({endpoint("stays", "ftp://192.0.2.1/"), endpoint("new", right.url())});
  REQUIRE_FALSE(refused.ok());
  sending.sender->deliver(delivery("new", 3));
  REQUIRE(sending.until_outcomes(4));
  CHECK_EQ(sending.count("new", Kind::dead), 1);
}

TEST_CASE("an endpoint that goes drops what waits without a word, ends what is under way, and may come again") {
  Sending sending;
  WebhookReceiver receiver(sending.io, [](const Request&) { return WebhookReceiver::status(204); });
  WebhookReceiver failing(sending.io, [](const Request&) { return WebhookReceiver::status(503); });
  sending.start({endpoint("goes", failing.url()), endpoint("stays", receiver.url())}, WebhookSettings{});
  sending.sender->deliver(delivery("goes", 1));
  REQUIRE(sending.until_outcomes(1));  // now it waits
  sending.sender->keep_only({"stays"});
  sending.sender->deliver(delivery("stays", 2));
  REQUIRE(sending.until_outcomes(2));
  CHECK_EQ(sending.count("goes", Kind::dead), 0);
  REQUIRE(sending.sender->use({endpoint("goes", receiver.url()), endpoint("stays", receiver.url())}).ok());
  sending.sender->deliver(delivery("goes", 1));
  REQUIRE(sending.until_outcomes(3));
  CHECK_EQ(sending.count("goes", Kind::delivered), 1);
}

TEST_CASE("no sender is made of endpoints that are wrong, and every mistake is told") {
  asio::io_context io;
  Metrics metrics;
  Log log{{}};
  WebhookEndpoint plain = endpoint("soc", "http://198.51.100.7/");
  plain.allow_http = false;
  plain.secrets = {};
  const auto created = WebhookSender::create(io, {plain}, {}, metrics, log, [](const DeliveryOutcome&) {});
  REQUIRE_FALSE(created.ok());
  CHECK_EQ(created.error().message,
           "webhook soc: its url is http, which needs allow_http = true.\n"
           "webhook soc: it has no secret to sign with, and sign is not false.");
}

TEST_CASE("neither URL nor secret nor what an endpoint answers reaches the log") {
  CapturedStderr captured;
  {
    Sending sending(LogLevel::debug);
    WebhookReceiver receiver(sending.io, [](const Request& request) {
      return Reply{.bytes = "HTTP/1.1 404 CanaryReason\r\nX-Canary: 1\r\n\r\nCanaryBody " +
                            request.headers.at("webhook-signature")};
    });
    sending.start({endpoint("soc", receiver.url() + "/CanaryPath?token=CanaryToken")});
    sending.sender->deliver(delivery("soc", 1));
    REQUIRE(sending.until_outcomes(3));
    for (const DeliveryOutcome& outcome : sending.outcomes) CHECK(outcome.error == "it answered with status 404");
  }
  const std::string text = captured.text();
  CHECK(text.find("webhook delivery given up") != std::string::npos);
  for (const char* secret : {"Canary", "MfKQ9r8G", "v1,", "127.0.0.1"})
    CHECK_MESSAGE(text.find(secret) == std::string::npos, secret);
}

TEST_CASE(
    "a test goes past a pause by hand and tells its outcome to who sent it alone; what waits goes on after resume") {
  Sending sending;
  WebhookReceiver receiver(sending.io, [](const Request&) { return WebhookReceiver::status(200); });
  sending.start({endpoint("soc", receiver.url())});
  sending.sender->pause("soc");
  sending.sender->deliver(delivery("soc", 1));
  std::vector<DeliveryOutcome> tested;
  std::vector<WebhookSender::EndpointState> states;
  Delivery marked = delivery("soc", 2);
  marked.marked_test = true;
  sending.sender->test(marked, [&](DeliveryOutcome outcome) { tested.push_back(std::move(outcome)); });
  REQUIRE(run_until(sending.io, [&] { return !tested.empty(); }));
  CHECK(tested[0].kind == Kind::delivered);
  CHECK(sending.outcomes.empty());
  sending.sender->ask_states([&](std::vector<WebhookSender::EndpointState> all) { states = std::move(all); });
  REQUIRE(run_until(sending.io, [&] { return !states.empty(); }));
  CHECK(states[0].paused);
  CHECK_EQ(states[0].queue, 1);
  sending.sender->resume("soc");
  REQUIRE(sending.until_outcomes(1));
  CHECK_EQ(sending.outcomes[0].alert_id.low, 1);
}

TEST_CASE("several threads may run the event loop and hand over; each delivery is answered once") {
  constexpr std::size_t kCount = 200;
  asio::io_context io;
  Metrics metrics;
  Log log{{}};
  std::mutex mutex;
  std::condition_variable changed;
  std::map<std::uint64_t, int> answers;
  std::atomic<bool> stopped = false, late = false;
  {
    WebhookReceiver receiver(io, [](const Request&) { return WebhookReceiver::status(200); });
    auto created = WebhookSender::create(io, {endpoint("a", receiver.url()), endpoint("b", receiver.url())}, at_once(),
                                         metrics, log, [&](const DeliveryOutcome& outcome) {
                                           if (stopped) late = true;
                                           const std::lock_guard lock(mutex);
                                           ++answers[outcome.alert_id.low];
                                           changed.notify_one();
                                         });
    REQUIRE(created.ok());
    const std::unique_ptr<WebhookSender> sender = std::move(created).value();
    auto guard = asio::make_work_guard(io);
    std::vector<std::thread> loops, senders;
    for (int i = 0; i < 2; ++i) loops.emplace_back([&] { io.run(); });
    for (std::size_t i = 0; i < 2; ++i)
      senders.emplace_back([&, i] {
        for (std::size_t n = i; n < kCount; n += 2) sender->deliver(delivery(n % 4 < 2 ? "a" : "b", n));
      });
    for (std::thread& thread : senders) thread.join();
    {
      std::unique_lock lock(mutex);
      CHECK(changed.wait_for(lock, std::chrono::seconds(20), [&] { return answers.size() == kCount; }));
    }
    for (std::size_t n = 0; n < 50; ++n) sender->deliver(delivery("a", kCount + n));
    sender->stop();
    stopped = true;
    guard.reset();
    io.stop();
    for (std::thread& thread : loops) thread.join();
  }
  CHECK_FALSE(late);
  for (const auto& [number, count] : answers) CHECK_EQ(count, 1);
}
