// Texts of a configuration as values, and the word that was meant.
#include "tools/config/config_text.h"

#include <doctest/doctest.h>

#include "tools/config/did_you_mean.h"

namespace straykey {
namespace {

TEST_CASE("sizes are bytes with or without a unit, binary or decimal") {
  CHECK_EQ(parse_size("0").value(), 0);
  CHECK_EQ(parse_size("1000").value(), 1'000);
  CHECK_EQ(parse_size("7 B").value(), 7);
  CHECK_EQ(parse_size("64 KiB").value(), 65'536);
  CHECK_EQ(parse_size("64KB").value(), 64'000);
  CHECK_EQ(parse_size("32MiB").value(), 33'554'432);
  CHECK_EQ(parse_size("64 GiB").value(), std::uint64_t{64} << 30);
  CHECK_EQ(parse_size("2 TB").value(), 2'000'000'000'000);
}

TEST_CASE("what is no size, or more than 2^63 - 1, is refused") {
  for (const char* text : {"", " ", "GiB", "-1", "1.5 GiB", "1  GiB", "1 gib", "1 GiBs", "0x10", "9223372036854775808",
                           "8388608 TiB", "99999999999999999999 B", "1 GiB "}) {
    CAPTURE(text);
    CHECK_FALSE(parse_size(text).has_value());
  }
  CHECK_EQ(parse_size("9223372036854775807").value(), INT64_MAX);
}

TEST_CASE("a size is shown in the largest binary unit that is exact, and reads back as itself") {
  CHECK_EQ(size_text(std::uint64_t{64} << 30), "64 GiB");
  CHECK_EQ(size_text(1'000), "1000 B");
  CHECK_EQ(size_text(0), "0 B");
  for (const std::uint64_t size : {0ul, 1ul, 1023ul, 1024ul, 1'000'000ul, 1ul << 40, (1ul << 40) + 1}) {
    CHECK_EQ(parse_size(size_text(size)).value(), size);
  }
}

TEST_CASE("a listen address is an IP address with a port; empty is off") {
  const auto v4 = parse_listen_address("192.0.2.1:8443");
  REQUIRE(v4.has_value());
  CHECK_EQ(*v4, ListenAddress{"192.0.2.1", 8443});
  const auto v6 = parse_listen_address("[2001:db8::1]:0");
  REQUIRE(v6.has_value());
  CHECK_EQ(*v6, ListenAddress{"2001:db8::1", 0});
  CHECK_EQ(v6->text(), "[2001:db8::1]:0");
  CHECK_FALSE(parse_listen_address("")->on());
  for (const char* text : {"8443", ":8443", "192.0.2.1", "192.0.2.1:", "192.0.2.1:65536", "2001:db8::1:80",
                           "[192.0.2.1]:80", "localhost:80", "192.0.2.1:80 ", "[]:80", "192.0.2.1:-1"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_listen_address(text).has_value());
  }
}

TEST_CASE("loopback is 127.0.0.0/8 and ::1, and nothing else") {
  CHECK(ListenAddress{"127.0.0.1", 1}.loopback());
  CHECK(ListenAddress{"127.9.9.9", 1}.loopback());
  CHECK(ListenAddress{"::1", 1}.loopback());
  CHECK_FALSE(ListenAddress{"0.0.0.0", 1}.loopback());
  CHECK_FALSE(ListenAddress{"::", 1}.loopback());
  CHECK_FALSE(ListenAddress{"128.0.0.1", 1}.loopback());
}

TEST_CASE("a TOML string cannot be left by what it holds") {
  CHECK_EQ(toml_string("a\"b\\c\n\x7f"), "\"a\\\"b\\\\c\\u000a\\u007f\"");
}

TEST_CASE("the nearest word is found through a slip, a swap and another case, and not through sand") {
  const std::vector<std::string_view> known{"https", "http", "certificate", "key"};
  CHECK_EQ(nearest_word("htps", known), "https");
  CHECK_EQ(nearest_word("HTTPS", known), "https");
  CHECK_EQ(nearest_word("certifiacte", known), "certificate");
  CHECK_EQ(nearest_word("kye", known), "key");
  CHECK_EQ(nearest_word("frobnicate", known), "");
  CHECK_EQ(nearest_word("", known), "");
  CHECK_EQ(nearest_word(std::string(5'000, 'k'), known), "");
  CHECK_EQ(did_you_mean("htps", known), " - did you mean \"https\"?");
  CHECK_EQ(did_you_mean("frobnicate", known), "");
}

}  // namespace
}  // namespace straykey
