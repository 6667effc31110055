#include "core/event/syslog_frame.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "core/event/cloudtrail.h"
#include "core/event/syslog_message.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

using namespace std::string_literals;

using Fault = SyslogFrame::Fault;

struct Seen {
  std::string text;
  Fault fault = Fault::none;
  bool operator==(const Seen&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Seen& seen) {
  return out << seen.text.substr(0, 80) << " (" << seen.text.size() << " bytes, fault " << static_cast<int>(seen.fault)
             << ")";
}

class Connection {
 public:
  explicit Connection(std::size_t message_bytes_max = kSyslogMessageBytesMax) : framer(message_bytes_max) {}

  void receive(std::string_view bytes) {
    while (!bytes.empty()) {
      if (framer.crowded()) release();
      const std::span<char> room = framer.prepare(text_bytes);
      const std::size_t size = std::min(room.size(), bytes.size());
      REQUIRE(size > 0);
      std::copy_n(bytes.begin(), size, room.begin());
      framer.commit(size);
      bytes.remove_prefix(size);
      take();
    }
  }
  void end() {
    framer.end();
    take();
    release();
  }
  // Every message taken since the last time is in the text, where it was when it was taken.
  void release() {
    const char* const before = framer.taken().data();
    const std::string text = framer.release();
    if (!text.empty()) CHECK(text.data() == before);
    CHECK((text.empty() || text.capacity() >= text.size() + kJsonPadding));
    for (const auto& [begin, message] : places) CHECK(text.substr(begin, message.size()) == message);
    places.clear();
  }

  SyslogFramer framer;
  std::vector<Seen> seen;
  std::size_t text_bytes = 0;  // asked for
  bool release_each_frame = false;

 private:
  void take() {
    while (const auto frame = framer.next()) {
      seen.push_back({std::string(frame->text), frame->fault});
      places.emplace_back(frame->text.data() - framer.taken().data(), seen.back().text);
      if (release_each_frame) release();
    }
  }

  std::vector<std::pair<std::size_t, std::string>> places;
};

// In pieces of `piece` bytes, the first of `first`.
std::vector<Seen> frames_of(const std::string& bytes, std::size_t first, std::size_t piece, std::size_t max,
                            bool release_each_frame = false) {
  Connection connection(max);
  connection.release_each_frame = release_each_frame;
  for (std::size_t at = 0, size = first; at < bytes.size(); at += size, size = piece) {
    connection.receive(std::string_view(bytes).substr(at, size));
  }
  connection.end();
  return connection.seen;
}

void check_however_split(const std::string& bytes, const std::vector<Seen>& expected,
                         std::size_t max = kSyslogMessageBytesMax) {
  const std::size_t whole = bytes.size() + 1;
  CHECK(frames_of(bytes, whole, whole, max) == expected);
  CHECK(frames_of(bytes, 1, 1, max) == expected);
  CHECK(frames_of(bytes, whole, whole, max, true) == expected);
  CHECK(frames_of(bytes, 1, 1, max, true) == expected);
  if (bytes.size() > 2'000) return;
  for (std::size_t split = 1; split < bytes.size(); ++split) {
    if (frames_of(bytes, split, whole, max) == expected) continue;
    CHECK_MESSAGE(false, "split at " << split);
    return;
  }
}

std::string counted(const std::string& message) {
  return std::to_string(message.size()) + " " + message;
}

const std::string kJson = R"({"eventVersion":"1.09","eventName":"ListBuckets"})";
const std::string k3164 = "<14>Nov 22 04:05:06 edge cloudtrail[77]: " + kJson;
const std::string k5424 = "<14>1 2026-11-22T04:05:06.000Z edge cloudtrail 77 - - " + kJson;

}  // namespace

TEST_CASE("what senders put on the wire is cut into their messages, however the bytes are split") {
  SUBCASE("rsyslog by default: LF") {
    check_however_split(k3164 + "\n" + k3164 + "\n", {{k3164}, {k3164}});
  }
  SUBCASE("rsyslog octet-counted: the count includes a trailing LF") {
    check_however_split(counted(k5424 + "\n") + counted(k3164 + "\n"), {{k5424}, {k3164}});
  }
  SUBCASE("logger --octet-count: it does not") {
    check_however_split(counted(k5424) + counted(k5424), {{k5424}, {k5424}});
  }
  SUBCASE("logger -T with LF, and a count beside LF that is not in it") {
    check_however_split(k5424 + "\n" + counted(k3164) + "\n" + counted(k5424), {{k5424}, {k3164}, {k5424}});
  }
  SUBCASE("CR LF and NUL") {
    check_however_split(k3164 + "\r\n" + k5424 + "\0"s + kJson + "\n\n\r\n\0"s + kJson + "\n",
                        {{k3164}, {k5424}, {kJson}, {kJson}});
  }
  SUBCASE("bare JSON, counted and not") {
    check_however_split(kJson + "\n" + counted(kJson) + kJson + "\n", {{kJson}, {kJson}, {kJson}});
  }
  SUBCASE("a counted message may hold LF") {
    check_however_split(counted("{\n  \"a\": 1\n}\n") + k3164 + "\n", {{"{\n  \"a\": 1\n}"}, {k3164}});
  }
  SUBCASE("a BOM, a cookie or an array behind the first count") {
    check_however_split(counted("\xef\xbb\xbf{}") + counted("@cee:{}"), {{"\xef\xbb\xbf{}"}, {"@cee:{}"}});
    check_however_split(counted("[{}]"), {{"[{}]"}});
  }
}

TEST_CASE("a line that begins with a number is a line, unless the connection counts") {
  check_however_split("22 Nov 2026 edge: {}\n1732252800 {}x\n2026-11-22 {}\n",
                      {{"22 Nov 2026 edge: {}"}, {"1732252800 {}x"}, {"2026-11-22 {}"}});
  check_however_split("22 Nov 2026 edge: {}\n2026-11-22 {}\n7\n1732252800 edge {}\n",
                      {{"22 Nov 2026 edge: {}"}, {"2026-11-22 {}"}, {"7"}, {"1732252800 edge {}"}});
  check_however_split(counted("<14>{}") + "5 hello" + "7 goodbye", {{"<14>{}"}, {"hello"}, {"goodbye"}});
}

TEST_CASE("L: octet counts that are none") {
  check_however_split("0 <14>{}\n", {{"0 <14>{}"}});
  check_however_split("-5 <14>{}\n+5 <14>{}\n05 <14>{}\n0x5 <14>{}\n",
                      {{"-5 <14>{}"}, {"+5 <14>{}"}, {"05 <14>{}"}, {"0x5 <14>{}"}});
  check_however_split("5<14>{}\n5\t<14>{}\n", {{"5<14>{}"}, {"5\t<14>{}"}});
  check_however_split(std::string(21, '9') + " <14>{}\n", {{std::string(21, '9') + " <14>{}"}});
}

TEST_CASE("L: a count far beyond any message ends the reading; nothing behind it is taken for a message") {
  for (const std::string count : {"67108865", "4294967297", "18446744073709551615", "18446744073709551616",
                                  "18446744073709551622", "99999999999999999999"}) {
    check_however_split(k3164 + "\n" + count + " <14>{}\n" + k3164 + "\n", {{k3164}, {"", Fault::out_of_step}});
  }
}

TEST_CASE("senders that part messages by nothing: a message begins behind the brace that closes the one before") {
  SUBCASE("winston-syslog, pino-socket") {
    check_however_split(k5424 + k3164 + "<7>" + kJson + k5424,
                        {{k5424}, {k3164}, {"<7>" + kJson}, {k5424, Fault::cut_off}});
  }
  SUBCASE("what only looks like a message in a string is none") {
    const std::string quoting = R"(<14>{"a":"}<14>{\"}<14>","b":{}})";
    check_however_split(quoting + k5424 + "\n", {{quoting}, {k5424}});
    check_however_split(R"(<14>{"a":{}<14>})"
                        "\n" +
                            k3164 + "\n",
                        {{R"(<14>{"a":{}<14>})"}, {k3164}});
  }
  SUBCASE("angle brackets that are no priority") {
    check_however_split("<14>{}<b>{}<192>{}<14>{}\n", {{"<14>{}<b>{}<192>{}"}, {"<14>{}"}});
    check_however_split("<14>{}<14", {{"<14>{}<14", Fault::cut_off}});
  }
}

TEST_CASE("senders that part messages by nothing: a cut message costs itself alone, wherever it is cut") {
  const std::string cut_one = k5424.substr(0, k5424.size() - 9);
  SUBCASE("behind it all is whole") {
    for (std::size_t kept = 5; kept < k5424.size(); ++kept) {
      const std::string cut = k5424.substr(0, kept);
      CAPTURE(cut);
      const std::string bytes = k3164 + cut + k3164 + k5424 + k3164;
      const std::vector<Seen> seen = frames_of(bytes, bytes.size(), bytes.size(), kSyslogMessageBytesMax);
      CHECK(frames_of(bytes, 1, 1, kSyslogMessageBytesMax) == seen);
      const bool has_json = cut.find('{') != std::string::npos;
      // A header alone is taken for a part of the message behind it.
      const std::vector<Seen> behind_cut =
          has_json ? std::vector<Seen>{{k3164}, {cut}, {k3164}, {k5424}, {k3164, Fault::cut_off}}
                   : std::vector<Seen>{{k3164}, {cut + k3164}, {k5424}, {k3164, Fault::cut_off}};
      CHECK(seen == behind_cut);
    }
  }
  SUBCASE("several, each behind a whole one") {
    check_however_split(k5424 + cut_one + k3164 + cut_one + k5424 + k3164,
                        {{k5424}, {cut_one}, {k3164}, {cut_one}, {k5424}, {k3164, Fault::cut_off}});
  }
  SUBCASE("the last one that comes") {
    check_however_split(cut_one + k3164, {{cut_one}, {k3164, Fault::cut_off}});
    Connection connection;
    connection.receive(cut_one + k3164);
    CHECK(connection.seen.empty());
    CHECK(connection.framer.next_unended().value().text == cut_one);
    CHECK_FALSE(connection.framer.next().has_value());
    CHECK(connection.framer.next_unended().value().text == k3164);
  }
  SUBCASE("no string can make a whole message look like a cut one") {
    for (const std::string inside :
         {R"("<14>{}<14>")", R"("<14>{\"a\":1}<14>{}<14>")", R"("<14>{",":1}<14>")", R"("<14>{", ":1}<14>")",
          R"("<14>{":"}<14>")", R"("<14>{":["}<14>"])", R"("<14>{":{"}<14>":1})"}) {
      CAPTURE(inside);
      for (const std::string before : {R"({"a":)", R"({"a":[)", R"({"a":{)"}) {
        const std::string message = "<14>" + before + inside + "}";
        check_however_split(k3164 + message.substr(0, message.size()) + "\n" + k5424 + "\n",
                            {{k3164}, {message}, {k5424}});
      }
    }
  }
}

TEST_CASE(
    "a whole message is given before anything follows it, if nothing waits and the connection knows no delimiters") {
  Connection connection;
  connection.receive(k5424);
  CHECK(connection.seen.empty());
  const auto frame = connection.framer.next_unended();
  REQUIRE(frame.has_value());
  CHECK(frame->text == k5424);
  connection.release();
  CHECK_FALSE(connection.framer.mid_message());
  connection.receive("\n" + k3164.substr(0, k3164.size() - 1));
  CHECK_FALSE(connection.framer.next_unended().has_value());
  connection.receive("}");
  CHECK_FALSE(connection.framer.next_unended().has_value());
  connection.receive("\n");
  CHECK(connection.seen == std::vector<Seen>{{k3164}});
}

namespace {
// What a sender writes that counts `by` bytes more than it sends.
std::string miscounted(const std::string& message, int by) {
  return std::to_string(static_cast<int>(message.size()) + by) + " " + message;
}
std::string record(int number) {
  return "<134>1 2026-11-28T10:00:00Z host cloudtrail - - - {\"eventVersion\":\"1.11\",\"userIdentity\":{\"type\":"
         "\"IAMUser\",\"arn\":\"arn:aws:iam::111122223333:user/u" +
         std::to_string(number) + "\"},\"eventTime\":\"2026-11-28T10:00:00Z\",\"recipientAccountId\":\"111122223333\"}";
}
}  // namespace

TEST_CASE("a sender that cuts its message behind the count loses that message and one more at most, wherever it cuts") {
  const std::string whole = counted(record(1));
  for (const int by : {0, 1'000, 100'000, 5'000'000}) {
    for (std::size_t kept = 20; kept < whole.size(); ++kept) {
      std::string bytes = miscounted(record(1), by).substr(0, kept);
      for (int i = 2; i < 12; ++i) bytes += counted(record(i));
      const std::vector<Seen> seen = frames_of(bytes, bytes.size(), bytes.size(), kSyslogMessageBytesMax);
      CAPTURE(kept);
      CAPTURE(by);
      CHECK(frames_of(bytes, 1, 1, kSyslogMessageBytesMax) == seen);
      for (int i = 3; i < 12; ++i)
        CHECK(std::any_of(seen.begin(), seen.end(), [i](const Seen& one) { return one.text == record(i); }));
      CHECK(std::any_of(seen.begin(), seen.end(), [](const Seen& one) { return one.fault == Fault::bad_count; }));
    }
  }
}

TEST_CASE("one count that is a little wrong costs its own message and one more at most") {
  for (int by = -150; by <= 150; ++by) {
    if (by == 0) continue;
    std::string bytes = counted(record(0)) + miscounted(record(1), by);
    for (int i = 2; i < 6; ++i) bytes += counted(record(i));
    const std::vector<Seen> seen = frames_of(bytes, bytes.size(), bytes.size(), kSyslogMessageBytesMax);
    CAPTURE(by);
    CHECK(frames_of(bytes, 1, 1, kSyslogMessageBytesMax) == seen);
    for (const int i : {0, 3, 4, 5})
      CHECK(std::any_of(seen.begin(), seen.end(), [i](const Seen& one) { return one.text == record(i); }));
    CHECK(std::any_of(seen.begin(), seen.end(), [](const Seen& one) { return one.fault == Fault::bad_count; }));
  }
}

TEST_CASE("counts that are all one too large cost no message, and are told each time") {
  std::string bytes;
  for (int i = 0; i < 5; ++i) bytes += miscounted(record(i), 1);
  const std::vector<Seen> seen = frames_of(bytes, bytes.size(), bytes.size(), kSyslogMessageBytesMax);
  for (int i = 0; i < 5; ++i)
    CHECK(std::any_of(seen.begin(), seen.end(), [i](const Seen& one) { return one.text == record(i); }));
}

TEST_CASE("a message that quotes another one is whole") {
  const std::string quoting = R"(<14>{"userAgent":"x 12 <14>{}<14>{\"a\":1}"})";
  check_however_split(counted(quoting) + counted(k5424), {{quoting}, {k5424}});
}

TEST_CASE("a counted message that was cut before it was counted is no wrong count") {
  const std::string cut = k5424.substr(0, k5424.size() - 9);
  check_however_split(counted(k5424) + counted(cut) + counted(k5424), {{k5424}, {cut}, {k5424}});
  check_however_split(counted(cut) + "\n" + k3164 + "\n", {{cut}, {k3164}});
}

TEST_CASE("behind a wrong count nothing but text ends the reading") {
  const std::string noise(300'000, 'x');
  const std::vector<Seen> expected{{k5424}, {"", Fault::bad_count}, {"", Fault::out_of_step}};
  check_however_split(counted(k5424) + noise + counted(k5424), expected, 100'000);
}

TEST_CASE("a number before a record on a line is no count") {
  std::string lines;
  std::vector<Seen> expected;
  for (const int number : {1, 2, 3, 40, 48, 93, 510, 2'000, 70'000, 1'732'252'800}) {
    expected.push_back({std::to_string(number) + " " + kJson});
    lines += expected.back().text + "\n";
    CAPTURE(number);
    check_however_split(expected.back().text + "\n", {expected.back()});
  }
  check_however_split(lines, expected);
}

TEST_CASE("a record printed over several lines is one message") {
  const std::string pretty =
      "<134>1 - host trail - - - {\n  \"a\": {\n    \"b\": [\n      1\n    ]\n  },\n  \"c\": \"d\"\n}";
  for (const std::string& bytes : {pretty + "\n" + k5424 + "\n", pretty + "\n\n" + k5424 + "\r\n"}) {
    check_however_split(bytes, {{pretty}, {k5424}});
  }
  Connection connection;
  connection.receive(pretty + "\n");
  REQUIRE(connection.seen.size() == 1);
  std::string unindented = pretty;
  for (std::size_t at = unindented.find("\n "); at != std::string::npos; at = unindented.find("\n "))
    unindented.erase(at + 1, 1);
  check_however_split("{\r\n\"a\": 1,\r\n\"b\": {\r\n}\r\n}\r\n" + kJson + "\n",
                      {{"{\r\n\"a\": 1,\r\n\"b\": {\r\n}\r\n}"}, {kJson}});
}

TEST_CASE("a line that was cut between two values is a message of its own") {
  check_however_split("<14>{\"a\":1,\n" + k3164 + "\n<14>{\"a\":{\n{}\n",
                      {{"<14>{\"a\":1,"}, {k3164}, {"<14>{\"a\":{"}, {"{}"}});
  Connection connection;
  connection.receive(k3164 + "\n<14>{\"a\":1,\n");
  CHECK_FALSE(connection.framer.mid_message());
}

TEST_CASE("a counted message over the limit is skipped to its end") {
  const std::string large = "<14>" + std::string(500, 'x');
  check_however_split(counted(large) + counted("<14>{}"), {{large.substr(0, 100), Fault::too_large}, {"<14>{}"}}, 100);
  const std::string just = "<14>" + std::string(96, 'x');
  check_however_split(counted(just), {{just}}, 100);
}

TEST_CASE("a line over the limit is skipped to its LF") {
  const std::string large = "<14>" + std::string(500, 'x');
  check_however_split(large + "\n<14>{}\n", {{large.substr(0, 100), Fault::too_large}, {"<14>{}"}}, 100);
  const std::string just = "<14>" + std::string(96, 'x');
  check_however_split(just + "\n" + just + "x\n{}\n", {{just}, {just, Fault::too_large}, {"{}"}}, 100);
}

TEST_CASE("what a connection that ends leaves is handed over as cut off") {
  check_however_split(k3164 + "\n" + k5424, {{k3164}, {k5424, Fault::cut_off}});
  check_however_split("100 <14>{}", {{"<14>{}", Fault::cut_off}});
  check_however_split("100", {{"100", Fault::cut_off}});
  check_however_split("", {});
  check_however_split("\n\r\n\0"s, {});
}

TEST_CASE("L: 1 MiB without LF is taken at the limit and refused one byte over it; memory stays bounded") {
  Connection connection;
  const std::string fits(kSyslogMessageBytesMax, 'x');
  connection.receive(fits + "\n");
  REQUIRE(connection.seen.size() == 1);
  CHECK(connection.seen[0] == Seen{fits});
  const std::string piece(60'000, 'y');
  std::size_t held_max = 0;
  for (int i = 0; i < 1'000; ++i) {  // 60 MB
    connection.receive(piece);
    held_max = std::max(held_max, connection.framer.held_bytes());
  }
  CHECK(held_max <= 2 * kSyslogMessageBytesMax + 2 * SyslogFramer::kReadBytesMax);
  CHECK(connection.framer.mid_message());
  connection.receive("\n" + k3164 + "\n");
  REQUIRE(connection.seen.size() == 3);
  CHECK(connection.seen[1].fault == Fault::too_large);
  CHECK(connection.seen[2] == Seen{k3164});
}

TEST_CASE("L: an announced message takes no memory before it arrives, and a stall is seen as one") {
  Connection connection;
  CHECK_FALSE(connection.framer.mid_message());
  connection.receive("1048576 <14>");
  CHECK(connection.framer.held_bytes() <= 2 * SyslogFramer::kReadBytesMin);
  CHECK(connection.framer.mid_message());
  CHECK(connection.seen.empty());
}

TEST_CASE("a text of any size ends anywhere in a message, and the message is whole in the next one") {
  std::string bytes;
  std::vector<Seen> expected;
  for (int i = 0; i < 12; ++i) {
    const std::string& message = i % 3 == 0 ? k3164 : i % 3 == 1 ? k5424 : kJson;
    bytes += i % 2 == 0 ? counted(message) : message + "\n";
    expected.push_back({message});
  }
  for (std::size_t piece_bytes = 1; piece_bytes < bytes.size(); ++piece_bytes) {
    Connection connection;
    for (std::size_t at = 0; at < bytes.size(); at += piece_bytes) {
      connection.receive(std::string_view(bytes).substr(at, piece_bytes));
      connection.release();
    }
    REQUIRE(connection.seen == expected);
  }
}

TEST_CASE("many messages in one text stay in it until there is no room left, and what was asked for is there") {
  Connection connection;
  connection.text_bytes = 256 * 1024;
  const std::string tiny = "{}\n3 {}\n";
  std::string bytes;
  while (bytes.size() < 1'000'000) bytes += tiny;
  connection.receive(tiny);
  const char* const begin = connection.framer.taken().data();
  connection.receive(bytes.substr(0, 200'000 / tiny.size() * tiny.size()));
  CHECK(connection.framer.taken().data() == begin);
  CHECK(connection.framer.taken().size() > 199'000);
  connection.release();
  connection.receive(bytes);
  connection.end();
  CHECK(connection.seen.size() == 2 * (1 + 200'000 / tiny.size() + bytes.size() / tiny.size()));
  CHECK(
      std::all_of(connection.seen.begin(), connection.seen.end(), [](const Seen& seen) { return seen.text == "{}"; }));
  CHECK(connection.framer.held_bytes() <= 2 * connection.text_bytes);
}

TEST_CASE("what is skipped behind a message fills the text and no more") {
  Connection connection(100);
  const std::string large(300'000, 'x');
  connection.receive(k3164.substr(0, 20) + "\n" + large + "\n" + counted("<14>" + large) + "<14>{}\n");
  connection.end();
  CHECK(connection.seen.size() == 4);
  CHECK(connection.seen.back() == Seen{"<14>{}"});
  CHECK(connection.framer.held_bytes() <= 4 * SyslogFramer::kReadBytesMax);
}

TEST_CASE("memory of a large message is given back on a quiet connection") {
  Connection connection;
  connection.receive(counted("<14>" + std::string(900'000, 'x')));
  CHECK(connection.framer.held_bytes() > 900'000);
  for (int i = 0; i < 10; ++i) {
    connection.release();
    connection.receive(k3164 + "\n");
  }
  CHECK(connection.framer.held_bytes() <= 4 * SyslogFramer::kReadBytesMin);
  CHECK(connection.seen.size() == 11);
}

TEST_CASE("the largest datagram is one message as it stands") {
  const std::string datagram = "<14>1 - - - - - - {\"a\":\"" + std::string(65'507 - 26, 'x') + "\"}";
  CHECK(datagram.size() == 65'507);
  CHECK(syslog_payload(datagram).size() == datagram.size() - 18);
}

}  // namespace straykey
