#include "net/http/request_target.h"

#include <doctest/doctest.h>

namespace straykey {

TEST_CASE("a query parameter is found by its name and decoded; the first of that name counts") {
  const std::string target = "/services/collector?channel=a%2Fb+c&x&channel=second&%6eame=v&empty=";
  CHECK(query_parameter(target, "channel") == "a/b c");
  CHECK(query_parameter(target, "x") == "");
  CHECK(query_parameter(target, "empty") == "");
  CHECK(query_parameter(target, "name") == "v");
  CHECK_FALSE(query_parameter(target, "chan"));
  CHECK_FALSE(query_parameter("/no/query", "x"));
  CHECK_FALSE(query_parameter("/empty?", ""));
}

TEST_CASE("values that are too long or hold control bytes, and parameters behind too many others, are not there") {
  CHECK(query_parameter("/?a=" + std::string(kParameterBytesMax, 'x'), "a")->size() == kParameterBytesMax);
  CHECK_FALSE(query_parameter("/?a=" + std::string(kParameterBytesMax + 1, 'x'), "a"));
  for (const char* value : {"%00", "a%0Ab", "%7f", "%1", "%"}) {
    CAPTURE(value);
    CHECK_FALSE(query_parameter(std::string("/?a=") + value, "a"));
  }
  std::string many = "/?";
  for (std::size_t i = 1; i < kParametersMax; ++i) many += "x=1&";
  CHECK(query_parameter(many + "a=1", "a") == "1");
  CHECK_FALSE(query_parameter(many + "x=1&a=1", "a"));
}

TEST_CASE("the segments of a path that stand for {} are numbered and decoded") {
  CHECK(path_segment("/{}/_bulk", "/cloud%20trail/_bulk", 0) == "cloud trail");
  CHECK(path_segment("/{}/_doc/{}", "/index/_doc/a+b", 1) == "a+b");
  CHECK_FALSE(path_segment("/{}/_bulk", "/index/_bulk", 1));
  CHECK_FALSE(path_segment("/_bulk", "/_bulk", 0));
  CHECK_FALSE(path_segment("/{}/_bulk", "/a%0a/_bulk", 0));
}

}  // namespace straykey
