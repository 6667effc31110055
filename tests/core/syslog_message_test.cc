#include "core/event/syslog_message.h"

#include <string>

#include <doctest/doctest.h>

namespace straykey {
namespace {

using namespace std::string_literals;

struct Row {
  std::string message;
  std::string_view payload;
};

}  // namespace

TEST_CASE("the payload stands behind the header, whichever it is") {
  const Row rows[] = {
      // RFC 5424
      {"<14>1 2026-11-22T04:05:06Z edge trail 77 ID47 - {\"a\":1}", "{\"a\":1}"},
      {"<14>1 - - - - - - {\"a\":1}\n", "{\"a\":1}"},
      {"<14>1 - - - - - - \xef\xbb\xbf{\"a\":1}\r\n", "{\"a\":1}"},
      {"<14>1 - - - - - - @cee: {\"a\":1}", "{\"a\":1}"},
      {"<14>1 - - - - - -  \xef\xbb\xbf @cee:{\"a\":1}\0"s, "{\"a\":1}"},
      {"<14>1 - - - - - - [{\"a\":1}]", "[{\"a\":1}]"},
      {"<14>1 - edge trail - - [meta sequenceId=\"1\"] {\"a\":1}", "{\"a\":1}"},
      {"<14>1 - edge trail - - [meta sequenceId=\"1\"][origin ip=\"192.0.2.1\"] {\"a\":1}", "{\"a\":1}"},
      {R"(<14>1 - edge trail - - [m v="\] {\"x\":2} \\" w="]"] {"a":1})", "{\"a\":1}"},
      {"<14>1 - edge trail - - [m v=\"{\"] [{\"a\":1}]", "[{\"a\":1}]"},
      {"<191>11 - - - - - - {\"a\":1}", "{\"a\":1}"},
      {"<14>1 - edge {tag} - - - {\"a\":1}", "{\"a\":1}"},
      {"<14>1 - - - - - - trail: {\"a\":1}", "{\"a\":1}"},
      // RFC 5424 as some write it: without structured data, or with an end missing
      {"<14>1 - edge trail 77 ID47 {\"a\":1}", "{\"a\":1}"},
      {"<14>1 - edge trail - - -{\"a\":1}", "{\"a\":1}"},
      {"<14>1 - edge trail - - [meta sequenceId=\"1\" {\"a\":1}", "{\"a\":1}"},
      {"<14>1 - edge trail - - [meta sequenceId=\"1 {", "{"},
      // RFC 3164
      {"<14>Nov 22 04:05:06 edge trail[77]: {\"a\":1}", "{\"a\":1}"},
      {"<14>Nov  2 04:05:06 edge trail: @cee:{\"a\":1}", "{\"a\":1}"},
      {"<14>Nov 22 04:05:06 edge trail[77]: [{\"a\":1}]\n", "[{\"a\":1}]"},
      {"<14>Nov 22 04:05:06 edge trail[77]: [ [{\"a\":1}]]", "[ [{\"a\":1}]]"},
      {"<14>2026-11-22T04:05:06+00:00 edge trail {\"a\":1}", "{\"a\":1}"},
      {"<14>{\"a\":1}", "{\"a\":1}"},
      {"<14> {\"a\":1}", "{\"a\":1}"},
      // none
      {"{\"a\":1}", "{\"a\":1}"},
      {"  \xef\xbb\xbf{\"a\":1}  ", "{\"a\":1}"},
      {"@cee:{\"a\":1}", "{\"a\":1}"},
      {"[{\"a\":1}]", "[{\"a\":1}]"},
      {"[1,{\"a\":1}]", "[1,{\"a\":1}]"},
      {"Nov 22 04:05:06 edge trail: {\"a\":1}", "{\"a\":1}"},
      // L: odd priorities
      {"<>{\"a\":1}", "{\"a\":1}"},
      {"<192>{\"a\":1}", "{\"a\":1}"},
      {"<99999999999999999999>1 - - - - - - {\"a\":1}", "{\"a\":1}"},
      {"<-1>{\"a\":1}", "{\"a\":1}"},
      {"<14{\"a\":1}", "{\"a\":1}"},
      {"<14>1 {\"a\":1}", "{\"a\":1}"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.message);
    CHECK(syslog_payload(row.message) == row.payload);
  }
}

TEST_CASE("a message without JSON has no payload") {
  for (const std::string& message : {""s, " "s, "<14>"s, "<14>1"s, "<14>1 - - - - - -"s, "<14>1 - - - - - - "s,
                                     "<14>Nov 22 04:05:06 edge cron[7]: run"s, "\xef\xbb\xbf"s, "@cee:"s,
                                     "<14>1 - - - - - [meta"s, "<14>1 - - - - - [meta v=\"\\"s, "<"s, "<1"s, "\0"s}) {
    CAPTURE(message);
    CHECK(syslog_payload(message).empty());
  }
}

TEST_CASE("every beginning of a message can be read") {
  const std::string message = R"(<14>1 - edge trail - - [m v="\] {\"x\":2} \\" w="]"][n] )"
                              "\xef\xbb\xbf@cee: {\"a\":[1]}";
  for (std::size_t size = 0; size <= message.size(); ++size) {
    const std::string copy = message.substr(0, size);
    const std::string_view payload = syslog_payload(copy);
    CHECK((payload.empty() || payload.front() == '{'));
  }
}

TEST_CASE("a truncated message is answered with the setting to change, known by its size and its header") {
  const auto names = [](std::size_t message_bytes, SyslogHeader header, std::string_view setting) {
    return truncation_advice(message_bytes, message_bytes - 60, header).find(setting) != std::string::npos;
  };
  using enum SyslogHeader;
  CHECK(names(8'096, rfc3164, "maxMessageSize"));
  CHECK(names(8'096, none, "maxMessageSize"));
  CHECK(names(8'150, rfc5424, "$MaxMessageSize"));
  // Cut first, then given a long header.
  CHECK(truncation_advice(8'900, 8'096, rfc5424).find("rsyslog") != std::string::npos);
  CHECK(names(8'192, none, "ncat -u"));
  CHECK(names(65'536, rfc5424, "log-msg-size("));
  CHECK(names(65'000, rfc3164, "logback"));
  CHECK(names(1'024, rfc5424, "logger --size"));
  CHECK(names(1'024, rfc3164, "BusyBox"));
  CHECK(names(2'048, rfc5424, "syslog_maxsize"));
  CHECK(names(500'000, rfc5424, "raise its limit to 1 MiB"));
  for (const std::size_t bytes : {51, 19, 300}) CHECK(names(bytes + 60, none, "jq -c"));
}

TEST_CASE("the kinds of headers") {
  CHECK(syslog_header("<14>1 - - - - - - {}") == SyslogHeader::rfc5424);
  CHECK(syslog_header("<14>Nov 22 04:05:06 edge trail: {}") == SyslogHeader::rfc3164);
  for (const std::string& text : {"{}"s, ""s, "<14>"s, "<192>1 {}"s}) CHECK(syslog_header(text) == SyslogHeader::none);
}

TEST_CASE("rsyslog's escapes of a printed record become spaces outside of strings, and only there") {
  std::string text = R"({#012  "a": "x#012",#015#012#011"b": "\"#012"#012})";
  blank_escaped_lines(text);
  CHECK(text == R"({      "a": "x#012",            "b": "\"#012"    })");
  for (const std::string& untouched : {R"({"a":"#012"#012})"s, "{}"s, "{#01"s, "{#013}"s, ""s}) {
    std::string copy = untouched;
    blank_escaped_lines(copy);
    CHECK(copy == untouched);
  }
}

TEST_CASE("a journal entry without its text is known") {
  CHECK(is_unprinted_journal_entry(R"({"_PID":"7","MESSAGE":null,"PRIORITY":"6"})"));
  CHECK(is_unprinted_journal_entry(R"({ "__CURSOR" : "s=1", "MESSAGE" : null })"));
  for (const std::string_view text :
       {R"({"_PID":"7","MESSAGE":"{}"})", R"({"message":null})", R"({"Records":[],"MESSAGE":null})", R"({"_PID":"7"})",
        "{", "", R"({"A":1,"MESSAGE")"}) {
    CAPTURE(text);
    CHECK_FALSE(is_unprinted_journal_entry(text));
  }
}

TEST_CASE("the first message of a datagram ends where a priority follows its JSON, at once or behind ends of line") {
  CHECK(first_message_bytes("<14>1 - {\"a\":{}}<14>1 - {}") == 16);
  CHECK(first_message_bytes("<14>1 - {\"a\":{}}\r\n<14>1 - {}") == 18);
  CHECK(first_message_bytes("<14>1 - {\"a\":{}}\0<14>{}"s) == 17);
  CHECK(first_message_bytes("{}<0>{}") == 2);
  for (const std::string_view text :
       {"", "<", "{", "<14>1 - {}", "<14>1 - {}\n", "<14>1 - {\"a\":\"}<14>\"}", "<14>1 - {}<192>{}",
        "<14>1 - {} <14>{}", "<14>1 - {<14>{}", "<14>text<14>{}", "{}\n{\"a\":\"<14>\"}"}) {
    CAPTURE(text);
    CHECK(first_message_bytes(text) == text.size());
  }
}

}  // namespace straykey
