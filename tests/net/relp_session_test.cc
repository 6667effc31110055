#include "net/ingest/relp_session.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <thread>

#include "core/event/relp_frame.h"
#include "tests/net/http_fixture.h"
#include "tests/net/syslog_fixture.h"
#include "tests/support/raw_http_client.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

const std::string kOpen = "1 open 49 relp_version=0\nrelp_software=test\ncommands=syslog\n";

SyslogListenerSettings relp(SyslogTimeouts timeouts = {}) {
  SyslogListenerSettings settings;
  settings.name = "syslog_relp";
  settings.protocol = SyslogListenerSettings::Protocol::relp;
  settings.timeouts = timeouts;
  return settings;
}

std::string frame(int transaction, const std::string& message) {
  return std::to_string(transaction) + " syslog " + std::to_string(message.size()) + " " + message + "\n";
}

struct Session {
  explicit Session(SyslogListenerSettings settings = relp(), bool opens = true)
      : listener(site.listen(std::move(settings))), client(listener->port(), false) {
    if (!opens) return;
    client.send(kOpen);
    CHECK(client.read_text(hello.size()) == hello);
  }

  const std::string hello = "1 rsp 60 200 OK\nrelp_version=0\nrelp_software=straykey\ncommands=syslog\n";
  SyslogFixture site;
  std::unique_ptr<SyslogTcp> listener;
  RawHttpClient client;
};

}  // namespace

TEST_CASE("relp: a PROXY header may come first, and its client is the sender") {
  for (const std::string& header :
       {std::string("PROXY TCP4 198.51.100.7 192.0.2.1 4711 2514\r\n"),
        std::string("\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x0c\xc6\x33\x64\x07\xc0\x00\x02\x01\x30\x39\x09\xd2", 28)}) {
    SyslogListenerSettings settings = relp();
    settings.proxies = {{*parse_prefix("127.0.0.0/8")}, true};
    settings.allow_cidrs = {*parse_prefix("198.51.100.0/24")};
    Session session(settings, false);
    session.client.send(header + kOpen + frame(2, message_of("a")));
    CHECK(session.client.read_text(session.hello.size()) == session.hello);
    const std::string stored = "2 rsp 6 200 OK\n";
    CHECK(session.client.read_text(stored.size()) == stored);
  }
}

TEST_CASE("relp: the version that is offered is taken, and messages are answered once they are stored") {
  Session session;
  session.site.pipeline.set(FakePipeline::Mode::hold);
  session.client.send(frame(2, message_of("a")) + frame(3, message_of("b")));
  CHECK(session.site.pipeline.holds(1));
  session.site.pipeline.release(RequestOutcome::committed);
  const std::string answers = relp_response(2, "200 OK") + relp_response(3, "200 OK");
  CHECK(session.client.read_text(answers.size()) == answers);
  CHECK(session.site.pipeline.ids() == std::vector<std::string>{"a", "b"});
  CHECK(session.site.counted("straykey_syslog_messages_total{listener=\"syslog_relp\"}") == 2);
}

TEST_CASE("relp: byte by byte it is the same") {
  Session session(relp(), false);
  session.client.send_byte_by_byte(kOpen + frame(2, message_of("a")));
  const std::string answers = session.hello + relp_response(2, "200 OK");
  CHECK(session.client.read_text(answers.size()) == answers);
}

TEST_CASE("relp: a failed commit is not answered, and tried again") {
  Session session;
  session.site.pipeline.set(FakePipeline::Mode::hold);
  session.client.send(frame(2, message_of("a")));
  CHECK(session.site.pipeline.holds(1));
  session.site.pipeline.set(FakePipeline::Mode::commit);
  session.site.pipeline.release(RequestOutcome::failed);
  CHECK(session.client.read_text(relp_response(2, "200 OK").size()) == relp_response(2, "200 OK"));
  CHECK(session.site.pipeline.ids() == std::vector<std::string>{"a"});
}

TEST_CASE("relp: what is no record is answered as well, and counted") {
  Session session;
  session.client.send(frame(2, "<13>1 - - - - - - no json"));
  CHECK(session.client.read_text(relp_response(2, "200 OK").size()) == relp_response(2, "200 OK"));
  CHECK(session.site.counted("straykey_events_rejected_total{reason=\"bad_json\"}") == 1);
}

TEST_CASE("relp: a message over the limit is passed over and counted; what follows is stored") {
  Session session;
  const std::string large(kRelpDataBytesMax + 1, 'x');
  session.client.send(frame(2, large) + frame(3, message_of("a")));
  const std::string answers = relp_response(2, "200 OK") + relp_response(3, "200 OK");
  std::string heard = session.client.read_text(answers.size());
  CHECK((heard == answers || heard == relp_response(3, "200 OK") + relp_response(2, "200 OK")));
  CHECK(session.site.counted("straykey_events_rejected_total{reason=\"record_too_large\"}") == 1);
}

TEST_CASE("relp: any frame over the limit is passed over; a sender that reads nothing is not read any more") {
  Session session;
  session.client.send("2 other " + std::to_string(kRelpDataBytesMax + 1) + " " +
                      std::string(kRelpDataBytesMax + 1, 'x') + "\n" + frame(3, message_of("a")));
  CHECK(session.site.pipeline.stored(1));
  Session deaf(relp(SyslogFixture::short_timeouts()));
  const std::string frames = [] {
    std::string text;
    for (int i = 0; i < 10'000; ++i) text += "4 other 0\n";
    return text;
  }();
  bool is_open = true;
  for (int i = 0; i < 2'000 && is_open; ++i) is_open = deaf.client.send(frames);
  CHECK_FALSE(is_open);
}

TEST_CASE("relp: answers that nobody reads stop the reading, whatever waits to be read; all are there in the end") {
  SyslogListenerSettings settings = relp();
  settings.timeouts.tick = std::chrono::milliseconds(10);
  Session session(settings);
  constexpr std::size_t kCommands = 300'000;
  std::string frames;
  for (std::size_t i = 0; i < kCommands; ++i) frames += "4 x 0\n";
  const std::string answer = relp_response(4, "500 unknown command, or no session is open");
  std::thread sender([&] { session.client.send(frames + frame(5, message_of("a"))); });
  // Reads nothing until what was answered has filled the socket and a command had to wait: memory stays small.
  const std::string charged = "straykey_syslog_bytes_in_flight";
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (session.site.counted(charged) < 64 * 1024 && std::chrono::steady_clock::now() < until)
    std::this_thread::yield();
  CHECK(session.site.counted(charged) >= 64 * 1024);
  CHECK(session.site.counted(charged) < 512 * 1024);
  CHECK(session.site.pipeline.ids().empty());
  std::string heard;
  for (const std::size_t all = kCommands * answer.size(); heard.size() < all;) {
    const std::string part = session.client.read_text(std::min<std::size_t>(all - heard.size(), 1 << 20));
    if (part.empty()) break;
    heard += part;
  }
  CHECK(heard.size() == kCommands * answer.size());
  CHECK(heard.starts_with(answer));
  CHECK(session.client.read_text(relp_response(5, "200 OK").size()) == relp_response(5, "200 OK"));
  sender.join();
}

TEST_CASE("relp: close is answered after everything before it, and the connection ends") {
  Session session;
  session.client.send(frame(2, message_of("a")) + "3 close 0\n");
  const std::string answers = relp_response(2, "200 OK") + relp_response(3, "");
  CHECK(session.client.read_text(answers.size()) == answers);
  CHECK(session.client.ends());
}

TEST_CASE("relp: without a session, and for other commands, the answer is 500; no RELP at all ends the connection") {
  Session session(relp(), false);
  session.client.send(frame(2, message_of("a")));
  const std::string refused = relp_response(2, "500 unknown command, or no session is open");
  CHECK(session.client.read_text(refused.size()) == refused);
  CHECK(session.client.ends());
  CHECK(session.site.pipeline.ids().empty());
  Session other(relp(), false);
  other.client.send("<13>1 - - - - - - {}\n");
  CHECK(other.client.ends());
  CHECK(other.site.counted(
            "straykey_syslog_framing_errors_total{listener=\"syslog_relp\",reason=\"other_protocol\"}") == 1);
}

TEST_CASE("relp: a wrong length is a counted framing error; what came before is stored and answered") {
  for (const int by : {-3, 2}) {
    Session session;
    const std::string message = message_of("b");
    session.client.send(frame(2, message_of("a")) + "3 syslog " +
                        std::to_string(static_cast<int>(message.size()) + by) + " " + message + "\n" +
                        frame(4, message_of("c")));
    const std::string stored = relp_response(2, "200 OK");
    CHECK(session.client.read_text(stored.size()) == stored);
    CHECK(session.client.ends());
    CHECK(session.site.pipeline.ids() == std::vector<std::string>{"a"});
    CHECK(session.site.counted(
              "straykey_syslog_framing_errors_total{listener=\"syslog_relp\",reason=\"octet_count\"}") == 1);
  }
}

TEST_CASE("relp: draining says serverclose, and what was taken is answered first") {
  Session session;
  session.client.send(frame(2, message_of("a")));
  const std::string stored = relp_response(2, "200 OK");
  CHECK(session.client.read_text(stored.size()) == stored);
  CHECK(session.listener->drain(std::chrono::seconds(5)));
  CHECK(session.client.read_text(16) == "0 serverclose 0\n");
  CHECK(session.client.ends());
}

TEST_CASE("relp: whoever stops in the middle of a frame is closed") {
  Session session(relp(SyslogFixture::short_timeouts()));
  session.client.send("2 syslog 100 begin");
  CHECK(session.client.ends());
  CHECK(session.site.counted("straykey_syslog_timeouts_total{listener=\"syslog_relp\"}") == 1);
}

}  // namespace straykey
