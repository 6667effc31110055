// Wrong octet counts, over a family of connections: what stands before the record, what ends the message, what its
// strings hold, how the count is wrong, and at which message.
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "core/event/syslog_count.h"
#include "core/event/syslog_frame.h"
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

std::vector<Seen> read_in_pieces(std::string_view bytes, std::size_t first, std::size_t piece,
                                 std::uint64_t* looked_at_bytes = nullptr) {
  SyslogFramer framer;
  std::vector<Seen> seen;
  const auto take = [&] {
    while (const auto frame = framer.next()) seen.push_back({std::string(frame->text), frame->fault});
  };
  for (std::size_t size = first; !bytes.empty(); size = piece) {
    std::string_view left = bytes.substr(0, size);
    bytes.remove_prefix(left.size());
    while (!left.empty()) {
      if (framer.crowded()) (void)framer.release();
      const std::span<char> room = framer.prepare();
      const std::size_t taken = std::min(room.size(), left.size());
      std::copy_n(left.begin(), taken, room.begin());
      framer.commit(taken);
      left.remove_prefix(taken);
      take();
    }
  }
  framer.end();
  take();
  if (looked_at_bytes != nullptr) *looked_at_bytes = framer.looked_at_bytes();
  return seen;
}

// What a sender puts around its records.
struct Manner {
  std::string_view before;       // in the message
  std::string_view inside = {};  // at its end, counted
  std::string_view behind = {};  // it, not counted
};

constexpr std::string_view kBefore[] = {"",
                                        "@cee:",
                                        "@cee: ",
                                        "\xef\xbb\xbf",
                                        "<134>1 2026-11-30T10:00:00Z host trail - - - ",
                                        "<134>1 - host trail - - [meta sequenceId=\"1\"] \xef\xbb\xbf",
                                        "<134>Nov 30 10:00:00 host trail[7]: @cee: "};

// What a record's strings may hold that looks like the end of one message and the beginning of another.
constexpr std::string_view kInside[] = {"plain",    R"(}48 {)", R"({}{\"a\":1}12 {\"b\":2})",   R"(12 <14>{}9 <14>{})",
                                        R"(}<14>)", R"(\\)",    R"(7 @cee:{\"a\":\"b\\\"}\"})", R"([{"a":[1,{}]}])"};

std::string record_of(int number, std::string_view inside) {
  if (inside.starts_with('[')) inside = "[{}]";
  return R"({"eventVersion":"1.11","userIdentity":{"type":"IAMUser","arn":"user/u)" + std::to_string(number) +
         R"("},"eventTime":"2026-11-30T10:00:00Z","userAgent":")" + std::string(inside) +
         R"(","resources":[{"a":1},{}],"requestParameters":{"n":)" + std::to_string(number) + "}}";
}

std::string frame_of(const Manner& manner, const std::string& record, long by = 0, std::size_t cut = 0) {
  std::string message = std::string(manner.before) + record;
  const long count = static_cast<long>(message.size() + manner.inside.size()) + by;
  message.resize(message.size() - cut);
  return std::to_string(count) + " " + message + std::string(manner.inside) + std::string(manner.behind);
}

// A count that ends within the ends of line behind its record is not noticed, and does no harm.
bool is_harmless(const Manner& manner, long by) {
  const auto inside = static_cast<long>(manner.inside.size()), behind = static_cast<long>(manner.behind.size());
  return by >= -inside && by <= behind;
}

std::string text_of(const std::vector<std::string>& frames) {
  std::string all;
  for (const std::string& frame : frames) all += frame;
  return all;
}

// Of `records`, the one at `wrong` and one more may be missing.
void check_lost(const std::vector<Seen>& seen, const std::vector<std::string>& records, std::size_t wrong) {
  std::size_t lost = 0;
  for (std::size_t i = 0; i < records.size(); ++i) {
    const bool found =
        std::any_of(seen.begin(), seen.end(), [&](const Seen& one) { return syslog_payload(one.text) == records[i]; });
    if (found || i == wrong) continue;
    ++lost;
    CAPTURE(i);
    CHECK(i + 1 >= wrong);
    CHECK(i <= wrong + 1);
  }
  CHECK(lost <= 1);
}

// It ends where a later record does: by accident nothing is to be noticed but that its JSON is broken.
bool ends_with_another(const std::vector<std::string>& frames, std::size_t wrong) {
  std::string behind;
  for (std::size_t i = wrong; i < frames.size(); ++i) behind += frames[i];
  const std::size_t space = behind.find(' ');
  const std::size_t end = space + 1 + std::stoul(behind.substr(0, space));
  std::string counted = behind.substr(0, end);
  while (!counted.empty() && counted.back() != '}' && counted.back() <= ' ') counted.pop_back();
  return end < behind.size() && counted.ends_with("}}");
}

void check_told(const std::vector<Seen>& seen) {
  CHECK(std::any_of(seen.begin(), seen.end(), [](const Seen& one) { return one.fault == Fault::bad_count; }));
}

const std::vector<Manner>& manners() {
  static const std::vector<Manner> all = [] {
    std::vector<Manner> out;
    for (const std::string_view before : kBefore) {
      out.push_back({before});
      out.push_back({before, "\n"});
      out.push_back({before, {}, "\n"});
      out.push_back({before, "\r\n"});
      out.push_back({before, {}, std::string_view("\0", 1)});
    }
    return out;
  }();
  return all;
}

struct Wrong {
  std::size_t at = 0;  // which message
  long by = 0;
  std::size_t cut = 0;
};

void check_connection(const Manner& manner, std::string_view inside, const Wrong& wrong) {
  constexpr std::size_t kMessages = 7;
  std::vector<std::string> records, frames;
  for (std::size_t i = 0; i < kMessages; ++i) {
    records.push_back(record_of(static_cast<int>(i), inside));
    const bool is_wrong = i == wrong.at;
    frames.push_back(frame_of(manner, records.back(), is_wrong ? wrong.by : 0, is_wrong ? wrong.cut : 0));
  }
  const std::string bytes = text_of(frames);
  CAPTURE(bytes);
  CAPTURE(wrong.at);
  CAPTURE(wrong.by);
  CAPTURE(wrong.cut);
  const std::vector<Seen> seen = read_in_pieces(bytes, bytes.size(), 1);
  check_lost(seen, records, wrong.at);
  const bool makes_up_for_cut = wrong.by == 0 && wrong.cut <= manner.behind.size();
  const bool is_noticed = wrong.cut == 0 || (!makes_up_for_cut && !ends_with_another(frames, wrong.at));
  if (is_noticed) check_told(seen);
  CHECK(read_in_pieces(bytes, 1, 1) == seen);
}

}  // namespace

TEST_CASE("behind the end of a message another one follows, or its count") {
  for (const std::string_view text : {"12 {", "12 <14>", "12", "1 ", "\n12 @cee:", "<14>x", "\n{", "\r\n["}) {
    CAPTURE(text);
    CHECK(another_follows(text));
  }
  for (const std::string_view text : {"", "\n", " 12 {", "{", ",", "12x", "12 x", "<b>", "123456789012345678901 {"}) {
    CAPTURE(text);
    CHECK_FALSE(another_follows(text));
  }
  CHECK(goes_on_behind_bracket(R"({"a":{}}12 {"a)"));
  CHECK(goes_on_behind_bracket("[{}]12 ["));
  CHECK(goes_on_behind_bracket("{}\n12 {"));
  CHECK_FALSE(goes_on_behind_bracket(R"({"a":[{},{}],"b":{"c":1} })"));
}

TEST_CASE("a count that is parted by a wrong one's end is put together") {
  CHECK(bytes_before_parted_count(R"({"n":0018)", "5 {", false) == 7);
  CHECK(bytes_before_parted_count(R"({"n":018)", "5 @cee:", false) == 6);
  CHECK(bytes_before_parted_count(R"({"n":"111122223333)", "220 {", false) == 18);  // by itself
  CHECK(bytes_before_parted_count(R"({"n":"111122223333)", "20 {", false) == 13);
  CHECK(bytes_before_parted_count(R"({"n":1)", ",", true) == 6);
  CHECK_FALSE(bytes_before_parted_count(R"({"n":1)", "", false).has_value());
  CHECK_FALSE(bytes_before_parted_count(R"({"n":1)", "5 ", false).has_value());
  CHECK(bytes_before_parted_count(R"({"n":1)", "5 ", true) == 6);
}

TEST_CASE("a count that is wrong is told and costs its record and one more at most, at the first message or later") {
  for (const Manner& manner : manners())
    for (const std::string_view inside : kInside)
      for (const std::size_t at : {0u, 3u})
        for (const long by : {-300L, -200L, -57L, -9L,  -2L,  -1L,  1L,     2L,       3L,         4L,
                              5L,    9L,    60L,  250L, 333L, 700L, 5'000L, 900'000L, 2'000'000L, 60'000'000L}) {
          const bool counts_something = static_cast<long>(record_of(0, inside).size()) + by > 0;
          if (counts_something && !is_harmless(manner, by)) check_connection(manner, inside, {at, by, 0});
        }
}

TEST_CASE("a message that is cut behind its count is told and costs itself and one more at most") {
  for (const Manner& manner : manners())
    for (const std::string_view inside : kInside)
      for (const std::size_t at : {0u, 3u})
        for (const long by : {0L, 100L, 100'000L, 5'000'000L})
          for (std::size_t cut = 1; cut + 2 < record_of(0, inside).size(); cut += 1 + cut / 7)
            check_connection(manner, inside, {at, by, cut});
}

TEST_CASE("a message that is cut anywhere behind its count") {
  for (const Manner& manner : {Manner{""}, Manner{"@cee:"}, Manner{"", "\n"}, Manner{"<134>1 - - - - - - "}})
    for (const std::string_view inside : {"plain", R"(}48 {)"})
      for (std::size_t cut = 1; cut < record_of(0, inside).size(); ++cut) check_connection(manner, inside, {0, 0, cut});
}

TEST_CASE("a first message whose count is wrong is read the same however the bytes are split") {
  for (const Manner& manner : {Manner{""}, Manner{"@cee:"}, Manner{"", {}, "\n"}, Manner{"", "\r\n"}})
    for (const Wrong& wrong : {Wrong{0, 5, 0}, Wrong{0, -30, 0}, Wrong{0, 0, 40}, Wrong{0, 0, 170}, Wrong{0, 400, 0}}) {
      std::string bytes;
      for (int i = 0; i < 4; ++i)
        bytes += frame_of(manner, record_of(i, "}9 {"), i == 0 ? wrong.by : 0, i == 0 ? wrong.cut : 0);
      const std::vector<Seen> expected = read_in_pieces(bytes, bytes.size(), 1);
      CAPTURE(bytes);
      for (std::size_t split = 1; split < bytes.size(); ++split) {
        CAPTURE(split);
        REQUIRE(read_in_pieces(bytes, split, bytes.size()) == expected);
      }
    }
}

TEST_CASE("thousands of records behind a wrong first count are taken") {
  for (const std::string_view before : kBefore)
    for (const Wrong& wrong : {Wrong{0, 7, 0}, Wrong{0, -7, 0}, Wrong{0, 0, 50}, Wrong{0, 70'000, 50}}) {
      std::vector<std::string> frames;
      for (int i = 0; i < 5'000; ++i)
        frames.push_back(frame_of({before}, record_of(i, "plain"), i == 0 ? wrong.by : 0, i == 0 ? wrong.cut : 0));
      const std::string bytes = text_of(frames);
      const std::vector<Seen> seen = read_in_pieces(bytes, 65'536, 65'536);
      const auto taken = std::count_if(seen.begin(), seen.end(), [](const Seen& one) {
        const std::string_view payload = syslog_payload(one.text);
        return payload.starts_with("{\"eventVersion\"") && ends_whole(one.text);
      });
      CAPTURE(before);
      CAPTURE(wrong.by);
      CHECK(taken >= 4'998);
      check_told(seen);
    }
}

TEST_CASE("arrays are found again behind a wrong count as objects are") {
  for (const Wrong& wrong : {Wrong{0, 9, 0}, Wrong{0, -20, 0}, Wrong{0, 0, 30}, Wrong{2, 9, 0}, Wrong{2, 0, 30}}) {
    std::vector<std::string> records;
    std::string bytes;
    for (std::size_t i = 0; i < 6; ++i) {
      records.push_back("[" + record_of(static_cast<int>(i), "x") + "," + record_of(77, "y") + "]");
      const bool is_wrong = i == wrong.at;
      bytes += frame_of({""}, records.back(), is_wrong ? wrong.by : 0, is_wrong ? wrong.cut : 0);
    }
    CAPTURE(bytes);
    const std::vector<Seen> seen = read_in_pieces(bytes, bytes.size(), 1);
    check_lost(seen, records, wrong.at);
    check_told(seen);
  }
}

TEST_CASE("lines numbered in front of their headers are lines") {
  for (const std::string_view before : kBefore)
    for (const int first : {1, 7, 90}) {
      if (!before.starts_with('<')) continue;
      std::string bytes;
      std::vector<std::string> records;
      for (int i = 0; i < 120; ++i) {
        records.push_back(record_of(i, i % 2 == 0 ? "plain" : "}48 {"));
        bytes += std::to_string(first + i) + " " + std::string(before) + records.back() + "\n";
      }
      CAPTURE(before);
      CAPTURE(first);
      const std::vector<Seen> seen = read_in_pieces(bytes, bytes.size(), 1);
      check_lost(seen, records, records.size());
      CHECK(seen.size() == records.size());
      for (const Seen& one : seen) CHECK(one.fault == Fault::none);
      CHECK(read_in_pieces(bytes, 1, 1) == seen);
    }
}

TEST_CASE("numbered lines stay lines, whatever their numbers happen to count, and no count is told wrong") {
  for (const std::string_view inside : kInside)
    for (const int first : {1, 150, 170, 190, 200, 220, 240, 1'732'252'800}) {
      std::string bytes;
      std::vector<std::string> records;
      for (int i = 0; i < 120; ++i) {
        records.push_back(record_of(i, inside));
        bytes += std::to_string(first + i) + " " + records.back() + "\n";
      }
      CAPTURE(first);
      CAPTURE(inside);
      const std::vector<Seen> seen = read_in_pieces(bytes, bytes.size(), 1);
      check_lost(seen, records, records.size());
      const auto number = static_cast<std::size_t>(first);
      const std::size_t size = records.front().size();
      if (number == size || number == size + 1) continue;  // it counts, until the next line shows that it does not
      CHECK(seen.size() == records.size());
      for (const Seen& one : seen) CHECK(one.fault == Fault::none);
    }
}

TEST_CASE("telling whether counts are right looks at each byte a few times, whatever the counts say") {
  const std::string record = record_of(0, "}9 {");
  const std::string pieces[] = {"900000 {\n",
                                "900000 {}",
                                "900000 {}\n",
                                "900000 {\"a\":\"x",
                                "900000 {\"a\":\"x\n",
                                "900000 " + record,
                                "900000 @cee:" + record,
                                "900000 <14>h {}",
                                "900000 <14>1 - - - - - [a b=\"",
                                "900000 <14>1 - - - - - [a b=\"\n",
                                "900000 [\"\n",
                                "900000 [{}]",
                                "900000 {}<14>{}\n",
                                "9 " + record,
                                "9 " + record + "\n",
                                std::to_string(record.size() - 7) + " " + record,
                                std::to_string(record.size()) + " " + record.substr(30),
                                std::to_string(record.size()) + " " + record.substr(0, 90),
                                "5 hello900000 {}\n",
                                "900000 {}900000 h {}",
                                "\n",
                                "}",
                                "7 ",
                                "\""};
  for (const std::string& piece : pieces)
    for (const std::string& first : pieces)
      for (const std::size_t read_bytes : {std::size_t{64}, std::size_t{60'000}}) {
        std::string bytes = first;
        while (bytes.size() < 200'000) bytes += piece;
        std::uint64_t looked_at_bytes = 0;
        (void)read_in_pieces(bytes, read_bytes, read_bytes, &looked_at_bytes);
        CAPTURE(first);
        CAPTURE(piece);
        CHECK(looked_at_bytes <= 5 * bytes.size());
      }
}

TEST_CASE("whether the last message is whole is asked with every few bytes, and costs work linear in them") {
  const std::string pieces[] = {",{}", "}", ",{}}", " {}"};
  for (const std::string before : {"[", "{\"b\":", "[1}", "[1}}", "\"<12>x {\\\"a\\\":1}"}) {
    for (const std::string& piece : pieces) {
      SyslogFramer framer;
      std::uint64_t bytes = 0;
      const auto receive = [&](const std::string& text) {
        bytes += text.size();
        const std::span<char> room = framer.prepare();
        REQUIRE(room.size() >= text.size());
        std::copy(text.begin(), text.end(), room.begin());
        framer.commit(text.size());
        while (framer.next()) continue;
        while (framer.next_unended()) continue;
        if (framer.crowded()) (void)framer.release();
      };
      receive("<13>x {\"z\":\"cut <14>y {\"a\":" + before);
      for (int i = 0; i < 100; ++i) {
        std::string many;
        for (int j = 0; j < 500; ++j) many += "{},";
        receive(many);
      }
      for (int i = 0; i < 2'000; ++i) receive(piece);
      CAPTURE(before);
      CAPTURE(piece);
      CHECK(framer.looked_at_bytes() <= 5 * bytes);
    }
  }
}

}  // namespace straykey
