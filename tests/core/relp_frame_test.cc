#include "core/event/relp_frame.h"

#include <doctest/doctest.h>

#include <iterator>
#include <random>
#include <string>
#include <string_view>

namespace straykey {

using Verdict = RelpFrame::Verdict;

TEST_CASE("relp frame: number, command, length and data, at the front of what was received") {
  const RelpFrame frame = read_relp_frame("12 syslog 5 hello\n13 close 0\n");
  CHECK(frame.verdict == Verdict::whole);
  CHECK_EQ(frame.transaction, 12);
  CHECK_EQ(frame.command, "syslog");
  CHECK_EQ(frame.data, "hello");
  CHECK_EQ(frame.bytes, 18);
}

TEST_CASE("relp frame: without data, with a space or without") {
  for (const std::string text : {"3 close 0\n", "3 close 0 \n"}) {
    const RelpFrame frame = read_relp_frame(text);
    CHECK(frame.verdict == Verdict::whole);
    CHECK_EQ(frame.command, "close");
    CHECK_EQ(frame.data, "");
    CHECK_EQ(frame.bytes, text.size());
  }
}

TEST_CASE("relp frame: data may hold line feeds; its length decides") {
  const RelpFrame frame = read_relp_frame("1 open 11 a=1\nb=2\nc=3\nrest");
  CHECK(frame.verdict == Verdict::whole);
  CHECK_EQ(frame.data, "a=1\nb=2\nc=3");
}

TEST_CASE("relp frame: cut at any byte it is incomplete") {
  const std::string whole = "123456789 syslog 5 hello\n";
  for (std::size_t size = 0; size < whole.size(); ++size) {
    INFO(size);
    CHECK(read_relp_frame(whole.substr(0, size)).verdict == Verdict::incomplete);
  }
  CHECK(read_relp_frame(whole).verdict == Verdict::whole);
}

TEST_CASE("relp frame: what is none is broken at its first wrong byte") {
  for (const std::string text : {"x", "<13>1 - - - - - - {}\n", "1  syslog 5 hello\n", "1 syslog x",
                                 "1 sys-log 5 hello\n", "1 syslog 5\nhello\n", "1 syslog 4 hello\n",
                                 "1234567890 syslog 5 hello\n", "1 syslog 1234567890 a", "GET / HTTP/1.1\r\n"}) {
    INFO(text);
    CHECK(read_relp_frame(text).verdict == Verdict::broken);
  }
}

TEST_CASE("relp frame: data over the limit is not waited for") {
  const std::string head = "7 syslog " + std::to_string(kRelpDataBytesMax + 1) + " ";
  const RelpFrame frame = read_relp_frame(head + "begin");
  CHECK(frame.verdict == Verdict::too_large);
  CHECK_EQ(frame.transaction, 7);
  CHECK_EQ(frame.bytes, head.size());
  CHECK_EQ(frame.data_bytes, kRelpDataBytesMax + 1);
}

TEST_CASE("relp frame: any bytes are read without harm, and never beyond their end") {
  std::mt19937 random(7);
  const std::string_view pieces[] = {"1", "23", " ", "syslog", "open", "0", "2", "{}", "\n", "x", "<"};
  int whole = 0;
  for (int round = 0; round < 200'000; ++round) {
    std::string text;
    for (unsigned count = static_cast<unsigned>(random() % 12); count > 0; --count)
      text += pieces[random() % std::size(pieces)];
    const RelpFrame frame = read_relp_frame(text);
    if (frame.verdict != Verdict::whole) continue;
    ++whole;
    REQUIRE_LE(frame.bytes, text.size());
    REQUIRE_EQ(text[frame.bytes - 1], '\n');
  }
  CHECK_GT(whole, 0);
}

TEST_CASE("relp response: its length counts what follows") {
  CHECK_EQ(relp_response(4, "200 OK"), "4 rsp 6 200 OK\n");
  CHECK_EQ(relp_response(4, ""), "4 rsp 0\n");
}

}  // namespace straykey
