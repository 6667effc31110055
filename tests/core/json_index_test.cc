// Windows over JSON text: they begin at any value, grow, end between values, and cost little where they are of no use.
#include "core/event/json_index.h"

#include <string>

#include "core/event/cloudtrail.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

std::string padded(std::string text) {
  return text + std::string(kJsonPadding, ' ');
}

// Reads objects `{"a":"..."}` one after the other; how many it could read to their end.
std::size_t objects_read(JsonIndex& index, std::string_view text) {
  std::size_t count = 0;
  while (!text.empty()) {
    const std::size_t bytes = text.find('}') + 1;
    if (!index.seek(text)) return count;
    while (index.end() - index.at() < 5)
      if (!index.widen(text)) return count;
    CHECK(index.text() + index.at()[4] == text.data() + bytes - 1);
    index.pass(index.at() + 5);
    ++count;
    text.remove_prefix(bytes);
    text.remove_prefix(std::min(text.find_first_not_of(",\n"), text.size()));
  }
  return count;
}

TEST_CASE("values are found one after the other, whatever their sizes") {
  JsonIndex index;
  std::string text;
  const std::size_t sizes[] = {10, 3'000, 5'000, 100'000, 700'000, 20, 300'000, 1'000'000, 7};
  for (const std::size_t size : sizes)
    for (int i = 0; i < 3; ++i) text += "{\"a\":\"" + std::string(size, 'x') + "\"},";
  for (const char separator : {',', '\n'}) {
    std::string body = text;
    for (std::size_t at = body.find("},"); at != std::string::npos; at = body.find("},", at + 1))
      body[at + 1] = separator;
    const std::string in_memory = padded(body);
    index.forget();
    CHECK(objects_read(index, std::string_view(in_memory).substr(0, body.size())) == 27);
  }
}

TEST_CASE("a value larger than the limit has no index") {
  JsonIndex index;
  const std::string text = padded("{\"a\":\"" + std::string(JsonIndex::kIndexedBytesMax, 'x') + "\"}");
  CHECK(objects_read(index, std::string_view(text).substr(0, text.size() - kJsonPadding)) == 0);
}

TEST_CASE("widening ends, also where values seem to end in the window") {
  JsonIndex index;
  std::string text = "{\"a\":[";
  while (text.size() < 2 * JsonIndex::kIndexedBytesMax) text += "{\"b\":1},";
  text = padded(text + "0]}");
  const std::string_view all = std::string_view(text).substr(0, text.size() - kJsonPadding);
  REQUIRE(index.seek(all));
  int widened = 0;
  while (index.widen(all)) REQUIRE(++widened < 20);
  CHECK(widened >= 5);
}

TEST_CASE("a byte that is no UTF-8 costs its neighbourhood only") {
  JsonIndex index;
  const std::string good = "{\"a\":\"" + std::string(100, 'x') + "\"}\n";
  std::string text;
  for (int i = 0; i < 5'000; ++i) text += good;
  text[text.size() / 2] = '\xff';
  text = padded(text);
  std::string_view rest = std::string_view(text).substr(0, text.size() - kJsonPadding);
  std::size_t read = 0;
  while (!rest.empty()) {
    if (index.seek(rest) && index.end() - index.at() >= 5) {
      index.pass(index.at() + 5);
      ++read;
    }
    rest.remove_prefix(good.size());
  }
  CHECK(read > 4'900);
  CHECK(read < 5'000);
}

TEST_CASE("a place inside a string, or before the last one, is found or refused as it is") {
  JsonIndex index;
  const std::string text = padded(R"({"a":"{\"b\":1}"},{"c":2})");
  const std::string_view all = std::string_view(text).substr(0, text.size() - kJsonPadding);
  REQUIRE(index.seek(all));
  index.pass(index.at() + 5);
  CHECK_FALSE(index.seek(all.substr(all.find("{\\"))));
  CHECK(index.seek(all.substr(all.find("{\"c"))));
  CHECK(index.seek(all));
  CHECK(index.at()[0] == 0);
}

TEST_CASE("places behind the end are the window's size") {
  JsonIndex index;
  const std::string text = padded(R"({"a":1})");
  REQUIRE(index.seek(std::string_view(text).substr(0, 7)));
  REQUIRE(index.end() - index.at() == 5);
  for (std::size_t i = 0; i < JsonIndex::kPlacesBehind; ++i) CHECK(index.end()[i] == 7);
}

}  // namespace
}  // namespace straykey
