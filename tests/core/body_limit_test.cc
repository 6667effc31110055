#include "core/detect/formats/body_limit.h"

#include <doctest/doctest.h>

#include <string>

#include "tests/support/alert_samples.h"

namespace straykey {
namespace {

namespace json = boost::json;

std::string whole(const ToldMessage& told) {
  return plain_json(json::object{{"document", told.document}, {"title", told.title}, {"why", told.why.size()}});
}

TEST_CASE("body limit: what fits is not changed") {
  const ToldMessage told = told_message(testing::sample_alert(), {});
  CHECK_EQ(within_body_limit(told, whole), whole(told));
}

TEST_CASE("body limit: the record gives way first, to the fields that decided") {
  Alert alert = testing::sample_alert();
  alert.call.record = R"({"eventName":"ListBuckets","requestParameters":")" + std::string(8'000, '\x7f') + "\"}";
  const std::string body = within_body_limit(told_message(alert, {}), whole);
  CHECK_LE(body.size(), kBodyBytesMax);
  const json::value document = json::parse(body).at("document");
  CHECK_EQ(document.at_pointer("/event/eventName").as_string(), "ListBuckets");
  CHECK_FALSE(document.at("event").as_object().contains("requestParameters"));
  CHECK(document.at("record_truncated").as_bool());
  CHECK_EQ(document.at("identity").as_string(), alert.call.token.identity);
}

TEST_CASE("body limit: then texts are cut, and no command") {
  Alert alert = testing::sample_alert();
  alert.call.record.clear();
  ToldMessage told = told_message(alert, {});
  for (int i = 0; i < 60; ++i) told.document["x" + std::to_string(i)] = std::string(1'500, 'x');
  const std::string commands = json::serialize(told.document.at("respond"));
  const std::string body = within_body_limit(told, whole);
  CHECK_LE(body.size(), kBodyBytesMax);
  const json::value document = json::parse(body).at("document");
  CHECK_EQ(document.at("x7").as_string().size(), 256);
  CHECK_EQ(document.at("id").as_string(), testing::kSampleId);
  CHECK_EQ(json::serialize(document.at("respond")), commands);
}

}  // namespace
}  // namespace straykey
