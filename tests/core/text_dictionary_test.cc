#include "core/operate/text_dictionary.h"

#include <map>
#include <random>
#include <string>
#include <vector>

#include "core/operate/alert_filter.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

std::vector<std::string> texts_holding(const TextDictionary& dictionary, std::string_view part) {
  const std::vector<bool> holding = dictionary.holding(part);
  std::vector<std::string> out;
  for (std::uint32_t number = 0; number < holding.size(); ++number)
    if (holding[number]) out.emplace_back(dictionary.text(number));
  return out;
}

TEST_CASE("text dictionary: a text has one number, until its last user lets it go") {
  TextDictionary dictionary;
  const std::uint32_t number = dictionary.keep("us-east-1");
  CHECK_EQ(dictionary.keep("us-east-1"), number);
  CHECK_NE(dictionary.keep("eu-west-1"), number);
  dictionary.release(number);
  CHECK_EQ(dictionary.find("us-east-1"), number);
  dictionary.release(number);
  CHECK_FALSE(dictionary.find("us-east-1").has_value());
  CHECK_EQ(dictionary.keep("ap-south-1"), number);
  CHECK_EQ(dictionary.text(number), "ap-south-1");
  CHECK_EQ(dictionary.numbers(), 2);
}

TEST_CASE("text dictionary: a part is found in any case, at both ends, and never across two texts") {
  TextDictionary dictionary;
  for (const char* text : {"Orders-API", "", "orders", "api", "a", "aaa", "ab\xff",
                           "\xff"
                           "cd"})
    dictionary.keep(text);
  CHECK_EQ(texts_holding(dictionary, "orders"), std::vector<std::string>{"Orders-API", "orders"});
  CHECK_EQ(texts_holding(dictionary, "api"), std::vector<std::string>{"Orders-API", "api"});
  CHECK_EQ(texts_holding(dictionary, "-"), std::vector<std::string>{"Orders-API"});
  CHECK_EQ(texts_holding(dictionary, "aa"), std::vector<std::string>{"aaa"});
  CHECK_EQ(texts_holding(dictionary, "aaaa"), std::vector<std::string>{});
  CHECK_EQ(texts_holding(dictionary, "sapi"), std::vector<std::string>{});
  CHECK_EQ(texts_holding(dictionary, "b\xff"), std::vector<std::string>{"ab\xff"});
  CHECK_EQ(texts_holding(dictionary, "\xff\xff"), std::vector<std::string>{});
  CHECK_EQ(TextDictionary().holding("a").size(), 0);
}

TEST_CASE("text dictionary: whatever was kept and let go before, it finds what a look at every text finds") {
  std::mt19937_64 dice(1);
  TextDictionary dictionary;
  std::map<std::string, int> uses;
  for (int step = 0; step < 60'000; ++step) {
    const std::string text = "Name-" + std::to_string(dice() % 3'000) + std::string(dice() % 3 * 10, 'X');
    if (dice() % 2 == 0) {
      dictionary.keep(text);
      ++uses[text];
    } else if (const auto one = uses.lower_bound(text); one != uses.end()) {
      dictionary.release(*dictionary.find(one->first));
      if (--one->second == 0) uses.erase(one);
    }
    if (step % 5'000 != 0) continue;
    for (const std::string part : {"7", "12", "99x", "name-1", "e-250", "xxxxxxxxxxx", "nothing"}) {
      std::size_t expected = 0;
      for (const auto& [kept, count] : uses) expected += lower_case(kept).find(part) != std::string::npos ? 1u : 0u;
      CHECK_EQ(texts_holding(dictionary, part).size(), expected);
    }
  }
}

TEST_CASE("text dictionary: what was let go takes no memory for long") {
  TextDictionary dictionary;
  const std::string long_part(200, 'x');
  dictionary.keep("stays");
  for (int i = 0; i < 20'000; ++i) dictionary.release(dictionary.keep(std::to_string(i) + long_part));
  CHECK_LT(dictionary.bytes(), 200'000);
  CHECK_EQ(texts_holding(dictionary, "stay"), std::vector<std::string>{"stays"});
}

}  // namespace
}  // namespace straykey
