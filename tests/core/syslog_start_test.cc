#include "core/event/syslog_start.h"

#include <string>

#include <doctest/doctest.h>

namespace straykey {
namespace {

using namespace std::string_literals;

bool closed(std::string_view text) {
  BraceDepth whole, by_bytes;
  whole.pass(text);
  for (const char c : text) by_bytes.pass({&c, 1});
  CHECK(whole.closed() == by_bytes.closed());
  CHECK(whole.between_values() == by_bytes.between_values());
  return whole.closed();
}

}  // namespace

TEST_CASE("a priority is a number from 0 to 191 in angle brackets") {
  CHECK(priority_bytes("<0>{}") == 3);
  CHECK(priority_bytes("<191>") == 5);
  for (const std::string_view text : {"", "<", "<1", "<>", "<192>", "<1234>", "< 1>", "1>", "<14", "<1a>"}) {
    CAPTURE(text);
    CHECK(priority_bytes(text) == 0);
  }
  for (const std::string_view text : {"", "<", "<1", "<191"}) CHECK(may_become_priority(text));
  for (const std::string_view text : {"x", "<a", "<1a", "<1234", "<14>{"}) CHECK_FALSE(may_become_priority(text));
}

TEST_CASE("a message begins at a count before a priority, and at a priority behind a brace or an end of line") {
  CHECK(find_message_start("EXAM510 <134>1 - {}") == 4);
  CHECK(find_message_start("x\"}510 <134>1 - {}") == 3);
  CHECK(find_message_start("x\"}<134>1 - {}") == 3);
  CHECK(find_message_start("x\n<134>1 - {}") == 2);
  CHECK(find_message_start("x\0<134>1 - {}"s) == 2);
  CHECK(find_message_start("x\n{\"a\":1}") == 2);
  CHECK(find_message_start("x}12 {\"a\":1}") == 2);
  CHECK(find_message_start("x\n12 {\"a\":1}") == 2);
}

TEST_CASE("what stands in the middle of a message is no beginning") {
  for (const std::string_view text : {"", "{", "<134>", "a <134>", "a{", "a 5 {", "\"a\": {", "0 <134>", "}<192>",
                                      "}<b>", "}{", "} <134>", "x 05 <b>"}) {
    CAPTURE(text);
    CHECK_FALSE(find_message_start(text).has_value());
  }
}

TEST_CASE("the braces of a message are closed where its JSON ends, whatever its strings and its header hold") {
  CHECK(closed("<14>1 - host app - - [m v=\"1] {\"a\":{\"b\":\"}{\\\"}\"}}"));
  CHECK_FALSE(closed(""));
  CHECK_FALSE(closed("<14>text"));
  CHECK_FALSE(closed("{\"a\":\"}"));
  CHECK_FALSE(closed("{\"a\":\"\\\\\\\"}"));
  CHECK(closed("{\"a\":\"\\\\\"}"));
  BraceDepth depth;
  depth.pass("{\"a\": ");
  CHECK(depth.between_values());
  depth.pass("\"b");
  CHECK_FALSE(depth.between_values());
}

}  // namespace straykey
