#include "net/ingest/syslog_session.h"

#include <malloc.h>

#include <algorithm>
#include <chrono>
#include <thread>
#include <vector>

#include "tests/net/http_fixture.h"
#include "tests/net/syslog_fixture.h"
#include "tests/support/raw_http_client.h"
#include "tests/support/self_signed.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

const std::string kMessages = "straykey_syslog_messages_total{listener=\"syslog_tcp\"}";

struct Session {
  explicit Session(SyslogListenerSettings settings = {}, SyslogIntakeSettings intake = {},
                   std::size_t bytes_in_flight_max = 64u << 20)
      : site(intake, bytes_in_flight_max),
        listener(site.listen(std::move(settings))),
        client(listener->port(), false) {}

  SyslogFixture site;
  std::unique_ptr<SyslogTcp> listener;
  RawHttpClient client;
};

SyslogListenerSettings over_tls(const SyslogFixture& site) {
  const SelfSigned server = make_self_signed(now_seconds() - 60, now_seconds() + 60);
  SyslogListenerSettings settings;
  settings.tls = TlsFiles{site.directory.path() + "/s.pem", site.directory.path() + "/s.key", {}};
  write_file(settings.tls->certificate, server.certificate_pem, 0644);
  write_file(settings.tls->key, server.key_pem, 0600);
  return settings;
}

// More than the reserve is for.
std::string large_message(const std::string& id) {
  std::string record = record_json(id);
  record.insert(1, std::string(40'000, ' '));
  return std::to_string(record.size()) + " " + record;
}

SyslogListenerSettings relp_of(SyslogListenerSettings settings) {
  settings.name = "syslog_relp";
  settings.protocol = SyslogListenerSettings::Protocol::relp;
  return settings;
}

// The records of a stream to a syslog listener, as RELP.
std::string as_relp(const std::string& counted) {
  return "1 open 14 relp_version=0\n2 syslog " + counted + "\n";
}

SyslogListenerSettings impatient() {
  SyslogListenerSettings settings;
  settings.timeouts = SyslogFixture::short_timeouts();
  return settings;
}

}  // namespace

TEST_CASE("both framings on one connection, whole and byte by byte") {
  Session session;
  const std::string bytes = message_of("a") + "\n" + counted_message("b") + message_of("c") + "\r\n" +
                            counted_message("d") + "\n" + record_json("e") + std::string(1, '\0');
  session.client.send(bytes);
  CHECK(session.site.pipeline.stored(5));
  session.client.send_byte_by_byte(bytes);
  CHECK(session.site.pipeline.stored(10));
  const std::vector<std::string> ids = session.site.pipeline.ids();
  CHECK(std::vector(ids.begin(), ids.begin() + 5) == std::vector<std::string>{"a", "b", "c", "d", "e"});
  CHECK(std::vector(ids.begin() + 5, ids.end()) == std::vector<std::string>{"a", "b", "c", "d", "e"});
  CHECK(session.site.counted(kMessages) == 10);
}

TEST_CASE("messages without anything between them are stored, the last one although nothing follows it") {
  Session session;
  std::string bytes;
  for (int i = 0; i < 1'500; ++i) bytes += message_of(std::to_string(i));
  session.client.send(bytes);
  CHECK(session.site.pipeline.stored(1'500));
  session.client.send_byte_by_byte(message_of("a") + message_of("b"));
  CHECK(session.site.pipeline.stored(1'502));
}

TEST_CASE("a wrong octet count is counted, and the records behind it are stored") {
  Session session;
  const std::string cut = "900 " + message_of("cut").substr(0, 150);
  std::string bytes = counted_message("a") + cut;
  for (int i = 0; i < 2'050; ++i) bytes += counted_message(std::to_string(i));
  session.client.send(bytes);
  CHECK(session.site.pipeline.stored(2'051));
  CHECK(session.site.counts_to("straykey_syslog_framing_errors_total{listener=\"syslog_tcp\",reason=\"octet_count\"}",
                               1));
}

TEST_CASE("a wrong count of the first message, a bare record, costs nothing behind it but one record at most") {
  struct First {
    std::string before;
    int by;  // its count is more than its bytes
    std::size_t cut;
    std::size_t stored;  // of it and 5,000 others
  };
  const First firsts[] = {{"", 8, 0, 5'001},       {"", -8, 0, 5'001},       {"", 0, 200, 4'999},
                          {"@cee: ", 8, 0, 5'001}, {"@cee: ", -8, 0, 5'000}, {"@cee: ", 0, 200, 5'000}};
  for (const bool tls : {false, true}) {
    for (const First& first : firsts) {
      SyslogFixture site;
      const auto listener = site.listen(tls ? over_tls(site) : SyslogListenerSettings{});
      RawHttpClient client(listener->port(), tls);
      std::string bytes;
      for (int i = 0; i < 5'001; ++i) {
        const std::string message = first.before + record_json(std::to_string(i));
        bytes += std::to_string(static_cast<int>(message.size()) + (i == 0 ? first.by : 0)) + " " + message;
        if (i == 0) bytes.resize(bytes.size() - first.cut);
      }
      client.send(bytes);
      CAPTURE(first.before);
      CAPTURE(first.by);
      CHECK(site.pipeline.stored(first.stored));
      CHECK(site.counts_to("straykey_syslog_framing_errors_total{listener=\"syslog_tcp\",reason=\"octet_count\"}", 1));
    }
  }
}

TEST_CASE("lines of a number and a record, and records printed over several lines, are stored") {
  Session session;
  session.client.send("1 " + record_json("a") + "\n2 " + record_json("b") + "\n3 " + record_json("c") + "\n");
  CHECK(session.site.pipeline.stored(3));
  RawHttpClient printing(session.listener->port(), false);
  std::string pretty = message_of("d");
  pretty.insert(pretty.find('{') + 1, "\n  ");
  pretty.insert(pretty.rfind('}'), "\n");
  printing.send(pretty + "\n" + message_of("e") + "\n");
  CHECK(session.site.pipeline.stored(5));
  std::string escaped = message_of("f");
  escaped.insert(escaped.find('{') + 1, "#012  ");
  escaped.insert(escaped.rfind('}'), "#012");
  printing.send(escaped + "\n");
  CHECK(session.site.pipeline.stored(6));
  CHECK(session.site.counted("straykey_events_rejected_total{reason=\"bad_json\"}") == 0);
}

TEST_CASE("what is no syslog is counted once a connection, and closed unless messages can follow it") {
  using namespace std::string_literals;
  SyslogFixture site;
  const auto listener = site.listen();
  const std::string line = "straykey_syslog_framing_errors_total{listener=\"syslog_tcp\",reason=\"other_protocol\"}";
  std::uint64_t count = 0;
  for (const std::string& bytes : {"GET / HTTP/1.1\r\nHost: x\r\n\r\n"s, "\x16\x03\x01\x02\x00\x01\x00\x01"s,
                                   "\r\n\r\n\0\r\nQUIT\n\x21\x11"s, "\x1f\x8b\x08\x00\x00"s}) {
    RawHttpClient client(listener->port(), false);
    client.send_byte_by_byte(bytes);
    CHECK(site.counts_to(line, ++count));
  }
  RawHttpClient proxied(listener->port(), false);
  proxied.send("PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n" + counted_message("a"));
  CHECK(site.pipeline.stored(1));
  CHECK(site.counts_to(line, ++count));
  CHECK(site.counted("straykey_events_rejected_total{reason=\"bad_json\"}") == 0);
}

TEST_CASE("many messages become few requests") {
  Session session;
  std::string bytes;
  for (int i = 0; i < 5'000; ++i) bytes += counted_message(std::to_string(i));
  session.client.send(bytes);
  CHECK(session.site.pipeline.stored(5'000));
  CHECK(session.site.pipeline.requests() < 500);
}

TEST_CASE("tiny and large messages of both framings, over the ends of many batches, are stored in their order") {
  SyslogFixture site;
  const auto listener = site.listen();
  std::string bytes;
  constexpr std::size_t kCount = 3'000;
  for (std::size_t i = 0; i < kCount; ++i) {
    const std::string id = std::to_string(i);
    std::string message = message_of(id);
    if (i % 500 == 250) message.insert(message.find('{') + 1, kSyslogMessageBytesMax - message.size(), ' ');
    bytes += i % 3 == 0 ? message + "\n" : std::to_string(message.size()) + " " + message;
  }
  RawHttpClient client(listener->port(), false);
  client.send(bytes);
  CHECK(site.pipeline.stored(kCount));
  const auto ids = site.pipeline.ids();
  REQUIRE(ids.size() == kCount);
  for (std::size_t i = 0; i < ids.size(); ++i) REQUIRE(ids[i] == std::to_string(i));
  CHECK(site.counted(kMessages) == kCount);
}

TEST_CASE("a last line without LF is taken when the connection ends; half a message is not, and is counted") {
  Session session;
  session.client.send(message_of("a") + "\n" + message_of("b"));
  session.client.half_close();
  CHECK(session.site.pipeline.stored(2));
  RawHttpClient cut(session.listener->port(), false);
  const std::string whole = counted_message("c");
  cut.send(whole.substr(0, whole.size() - 5));
  cut.half_close();
  CHECK(session.site.counts_to("straykey_syslog_framing_errors_total{listener=\"syslog_tcp\",reason=\"cut_off\"}", 1));
  CHECK(session.site.counted("straykey_events_rejected_total{reason=\"truncated\"}") == 0);
}

TEST_CASE("while the queues are full nothing is lost: the same messages are stored once they have room") {
  SyslogListenerSettings settings;
  settings.timeouts.retry_min = std::chrono::milliseconds(1);
  settings.timeouts.retry_max = std::chrono::milliseconds(5);
  Session session(settings);
  session.site.pipeline.set(FakePipeline::Mode::overloaded);
  std::string bytes;
  for (int i = 0; i < 3'000; ++i) bytes += counted_message(std::to_string(i));
  std::thread sender([&] { session.client.send(bytes); });
  CHECK(session.site.pipeline.refused(20));
  session.site.pipeline.set(FakePipeline::Mode::commit);
  CHECK(session.site.pipeline.stored(3'000));
  sender.join();
  const auto ids = session.site.pipeline.ids();
  for (std::size_t i = 0; i < ids.size(); ++i) REQUIRE(ids[i] == std::to_string(i));
  CHECK(session.site.counted("straykey_syslog_waits_total{listener=\"syslog_tcp\"}") >= 20);
  CHECK(session.site.counted("straykey_events_refused_total") == 0);
}

TEST_CASE("a batch whose commit failed is stored later, each message once") {
  SyslogListenerSettings settings;
  settings.timeouts.retry_max = std::chrono::milliseconds(5);
  Session session(settings);
  session.site.pipeline.set(FakePipeline::Mode::fail);
  session.client.send(counted_message("a") + counted_message("b"));
  CHECK(session.site.pipeline.refused(3));
  session.site.pipeline.set(FakePipeline::Mode::commit);
  CHECK(session.site.pipeline.stored(2));
  CHECK(session.site.counted("straykey_events_received_total{source=\"syslog_tcp\"}") == 2);
}

TEST_CASE("a connection has no more than its batches in flight, and goes on when one is stored") {
  SyslogListenerSettings settings;
  settings.requests_in_flight_max = 2;
  Session session(settings, {.limits = {}, .batch_messages_max = 10, .batch_bytes_max = 1 << 20});
  session.site.pipeline.set(FakePipeline::Mode::hold);
  std::string bytes;
  for (int i = 0; i < 100; ++i) bytes += counted_message(std::to_string(i));
  session.client.send(bytes);
  CHECK(session.site.pipeline.holds(2));
  CHECK(session.site.pipeline.requests() == 2);
  session.site.pipeline.set(FakePipeline::Mode::commit);
  session.site.pipeline.release(RequestOutcome::committed);
  CHECK(session.site.pipeline.stored(100));
}

TEST_CASE("L: a stall in the middle of a message ends the connection; what came before is kept") {
  Session session(impatient());
  session.client.send(counted_message("a") + "1048576 <14>1");
  CHECK(session.client.ends());
  CHECK(session.site.pipeline.stored(1));
  CHECK(session.site.counted("straykey_syslog_timeouts_total{listener=\"syslog_tcp\"}") == 1);
}

TEST_CASE("an idle connection is closed after its time") {
  Session session(impatient());
  CHECK(session.client.ends());
}

TEST_CASE("L: octet counts that are none: the connection is closed at once or its line is a reject") {
  for (const std::string count : {"18446744073709551616", "18446744073709551600", "99999999999"}) {
    Session session;
    session.client.send(counted_message("a") + count + " " + message_of("b"));
    CHECK(session.client.ends());
    CHECK(session.site.pipeline.stored(1));
    CHECK(session.site.counted(
              "straykey_syslog_framing_errors_total{listener=\"syslog_tcp\",reason=\"octet_count\"}") == 1);
  }
  Session session;
  session.client.send("0 nothing\n-1 nothing\n" + message_of("a") + "\n");
  CHECK(session.site.pipeline.stored(1));
  CHECK(session.site.counted("straykey_events_rejected_total{reason=\"bad_json\"}") == 2);
}

TEST_CASE("L: over 1 MiB, counted or a line, is a reject and the next message is taken") {
  Session session;
  const std::string large = "<14>" + std::string(kSyslogMessageBytesMax, 'x');
  session.client.send(std::to_string(large.size()) + " " + large + counted_message("a") + large + "\n" +
                      message_of("b") + "\n");
  CHECK(session.site.pipeline.stored(2));
  CHECK(session.site.counted("straykey_events_rejected_total{reason=\"record_too_large\"}") == 2);
  CHECK(session.site.counted(kMessages) == 4);
}

TEST_CASE("a truncated message is a reject of its reason") {
  Session session;
  const std::string whole = message_of("a");
  session.client.send(whole.substr(0, whole.size() - 20) + "\n" + message_of("b") + "\n");
  CHECK(session.site.pipeline.stored(1));
  CHECK(session.site.counted("straykey_events_rejected_total{reason=\"truncated\"}") == 1);
}

TEST_CASE("the budget is given back, and a connection without room in it waits and does not lose anything") {
  SyslogListenerSettings settings;
  settings.timeouts.retry_min = settings.timeouts.retry_max = std::chrono::milliseconds(5);
  settings.timeouts.stall = std::chrono::milliseconds(10);  // waiting is not stalling
  SyslogFixture site({}, 200'000);
  REQUIRE(site.budget->reserve(200'000));
  REQUIRE(site.budget->take_turn());
  const auto listener = site.listen(settings);
  RawHttpClient client(listener->port(), false);
  client.send(large_message("a"));
  while (site.counted("straykey_syslog_waits_total{listener=\"syslog_tcp\"}") < 20) std::this_thread::yield();
  CHECK(site.pipeline.requests() == 0);
  site.budget->give_back(200'000);
  site.budget->end_turn();
  CHECK(site.pipeline.stored(1));
  client.half_close();
  while (listener->connections() > 0) std::this_thread::yield();
  CHECK(site.budget->used() == 0);
}

TEST_CASE(
    "what connections hold while they wait for room is within the budget, one message apart, and nothing is lost") {
  for (const bool relp : {false, true}) {
    constexpr int kSenders = 40;
    constexpr std::size_t kBudget = 1u << 20, kMessage = 300'000;
    SyslogFixture site({}, kBudget);
    SyslogListenerSettings settings;
    settings.timeouts.retry_max = std::chrono::milliseconds(5);
    if (relp) settings.protocol = SyslogListenerSettings::Protocol::relp;
    const auto listener = site.listen(settings);
    std::vector<std::thread> senders;
    std::vector<std::string> texts;
    for (int i = 0; i < kSenders; ++i) {
      std::string record = record_json(std::to_string(i));
      record.insert(1, "\"padding\":\"" + std::string(kMessage, 'x') + "\",");
      const std::string size = std::to_string(record.size());
      texts.push_back(relp ? "1 open 49 relp_version=0\nrelp_software=test\ncommands=syslog\n2 syslog " + size + " " +
                                 record + "\n"
                           : size + " " + record);
    }
    const auto send = [relp, &listener](const std::string& text) {
      RawHttpClient client(listener->port(), false);
      client.send(text);
      std::size_t awaited = relp ? 70 + 15 : 1;  // the answers, or the end
      for (int tries = 0; tries < 6 && awaited > 0; ++tries) awaited -= client.read_text(awaited).size();
    };
    senders.emplace_back([&] { send(texts[0]); });
    CHECK(site.pipeline.stored(1));  // now the buffers of the io threads are there
    const std::size_t before = mallinfo2().uordblks + mallinfo2().hblkhd;
    for (int i = 1; i < kSenders; ++i) senders.emplace_back([&, i] { send(texts[static_cast<std::size_t>(i)]); });
    std::size_t most = 0;
    for (const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(60);
         site.pipeline.ids().size() < kSenders && std::chrono::steady_clock::now() < until;) {
      const struct mallinfo2 memory = mallinfo2();
      most = std::max(most, memory.uordblks + memory.hblkhd - std::min(before, memory.uordblks + memory.hblkhd));
      std::this_thread::yield();
    }
    CHECK(site.pipeline.stored(kSenders));
    CAPTURE(relp);
    CAPTURE(most);
    // Besides the budget: the message of the one whose turn it is, as it is read, copied and indexed.
    CHECK(most < kSenders * kMessage * 2 / 3);
    CHECK(listener->drain(std::chrono::seconds(0)));
    for (std::thread& sender : senders) sender.join();
  }
}

TEST_CASE("of many senders that pause in the middle of a message one goes over the budget, and keeps its turn") {
  constexpr std::size_t kSenders = 10, kBudget = 256 * 1024, kSent = 900'000;
  SyslogFixture site({}, kBudget);
  SyslogListenerSettings settings;
  settings.timeouts.retry_min = settings.timeouts.retry_max = std::chrono::milliseconds(1);
  settings.timeouts.room_stall = std::chrono::hours(1);
  const auto listener = site.listen(settings);
  const std::string begun = "<134>x: {\"a\":\"" + std::string(kSent, 'z');
  std::vector<std::unique_ptr<RawHttpClient>> clients;
  for (std::size_t i = 0; i < kSenders; ++i)
    clients.push_back(std::make_unique<RawHttpClient>(listener->port(), false));
  std::vector<std::thread> senders;
  for (const auto& client : clients) senders.emplace_back([&client, &begun] { client->send(begun); });
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (site.counted("straykey_syslog_waits_total{listener=\"syslog_tcp\"}") < 2'000 &&
         std::chrono::steady_clock::now() < until)
    std::this_thread::yield();
  CHECK(site.budget->used() > kSent);  // one has had the turn
  CHECK(site.budget->used() < kBudget + 3 * kSent);
  CHECK(listener->drain(std::chrono::seconds(0)));
  for (std::thread& sender : senders) sender.join();
}

TEST_CASE("where the budget is spent and another has the turn, small messages are stored, and large ones wait") {
  SyslogFixture site({}, 200'000);
  REQUIRE(site.budget->reserve(200'000));
  REQUIRE(site.budget->take_turn());
  const auto syslog = site.listen();
  const auto relp = site.listen(relp_of({}));
  RawHttpClient first(syslog->port(), false), second(relp->port(), false), large(syslog->port(), false);
  first.send(counted_message("a"));
  CHECK(site.pipeline.stored(1));
  second.send(as_relp(counted_message("b")));
  CHECK(site.pipeline.stored(2));
  large.send(large_message("c"));
  while (site.counted("straykey_syslog_waits_total{listener=\"syslog_tcp\"}") < 3) std::this_thread::yield();
  CHECK(site.pipeline.requests() == 2);
  site.budget->end_turn();
  CHECK(site.pipeline.stored(3));
  site.budget->give_back(200'000);
}

TEST_CASE("whoever holds room for a message that does not go on is closed while others wait for room, and only then") {
  for (const bool relp : {false, true}) {
    SyslogFixture site({}, 100'000);
    REQUIRE(site.budget->reserve(100'000));
    SyslogListenerSettings settings;
    settings.timeouts.tick = settings.timeouts.retry_max = std::chrono::milliseconds(10);
    settings.timeouts.room_stall = std::chrono::milliseconds(200);
    const auto listener = site.listen(relp ? relp_of(settings) : settings);
    const std::string message = large_message("a");
    const std::string sent = relp ? as_relp(message) : message;
    RawHttpClient holder(listener->port(), false), other(listener->port(), false);
    holder.send(sent.substr(0, sent.size() - 100));
    while (site.budget->used() < 130'000) std::this_thread::yield();  // it has the turn
    other.send(sent);
    if (relp) CHECK(holder.read_text(70).starts_with("1 rsp"));
    CHECK(holder.ends());
    CHECK(site.pipeline.stored(1));
    CHECK(site.counted("straykey_syslog_timeouts_total{listener=\"" + std::string(relp ? "syslog_relp" : "syslog_tcp") +
                       "\"}") == 1);
    site.budget->give_back(100'000);
  }
}

}  // namespace straykey
