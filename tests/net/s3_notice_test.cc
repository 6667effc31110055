#include "net/ingest/s3_notice.h"

#include <doctest/doctest.h>

#include <boost/json.hpp>

using namespace straykey;

namespace {

const std::string kDirect = R"({"Records":[{"eventVersion":"2.1","eventSource":"aws:s3","awsRegion":"eu-central-1",)"
                            R"("eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"trail"},)"
                            R"("object":{"key":"AWSLogs/a+b%2B%C3%A9.json.gz","size":123,"sequencer":"1"}}}]})";

std::string through_sns(const std::string& message) {
  return boost::json::serialize(boost::json::object{{"Type", "Notification"}, {"TopicArn", "t"}, {"Message", message}});
}

std::string bridge_event(const std::string& type) {
  return R"({"version":"0","detail-type":")" + type +
         R"(","source":"aws.s3","region":"us-east-1","detail":{"bucket":{"name":"trail"},)"
         R"("object":{"key":"AWSLogs/a+b%2B.json.gz","size":5}}})";
}

}  // namespace

TEST_CASE("S3's own notification names objects by encoded keys, directly and through SNS") {
  for (const std::string& message : {kDirect, through_sns(kDirect)}) {
    const S3Notice notice = read_s3_notice(message);
    REQUIRE(notice.kind == S3Notice::Kind::objects);
    REQUIRE_EQ(notice.objects.size(), 1);
    CHECK_EQ(notice.objects[0].bucket, "trail");
    CHECK_EQ(notice.objects[0].key, "AWSLogs/a b+\xc3\xa9.json.gz");
    CHECK_EQ(notice.objects[0].region, "eu-central-1");
    CHECK_EQ(notice.objects[0].bytes, 123);
  }
}

TEST_CASE("EventBridge and CloudTrail name objects by keys as they are") {
  for (const std::string& message : {bridge_event("Object Created"), through_sns(bridge_event("Object Created"))}) {
    const S3Notice notice = read_s3_notice(message);
    REQUIRE_EQ(notice.objects.size(), 1);
    CHECK_EQ(notice.objects[0].key, "AWSLogs/a+b%2B.json.gz");
    CHECK_EQ(notice.objects[0].region, "us-east-1");
  }
  const S3Notice notice =
      read_s3_notice(through_sns(R"({"s3Bucket":"trail","s3ObjectKey":["AWSLogs/a+b","AWSLogs/c"]})"));
  REQUIRE_EQ(notice.objects.size(), 2);
  CHECK_EQ(notice.objects[0].key, "AWSLogs/a+b");
  CHECK_EQ(notice.objects[1].bucket, "trail");
}

TEST_CASE("what tells of no new object is a notification that names none") {
  std::string removed = kDirect;
  removed.replace(removed.find("ObjectCreated:Put"), 17, "ObjectRemoved:Put");
  for (const std::string& message : {removed, bridge_event("Object Deleted"), bridge_event("Object Tags Added")}) {
    const S3Notice notice = read_s3_notice(message);
    CHECK(notice.kind == S3Notice::Kind::objects);
    CHECK(notice.objects.empty());
  }
}

TEST_CASE("tests of the notifications are told apart") {
  const std::string test =
      R"({"Service":"Amazon S3","Event":"s3:TestEvent","Time":"2026-11-30T17:00:00Z","Bucket":"trail"})";
  CHECK(read_s3_notice(test).kind == S3Notice::Kind::test);
  CHECK(read_s3_notice(through_sns(test)).kind == S3Notice::Kind::test);
  CHECK(read_s3_notice(through_sns("CloudTrail validation message.")).kind == S3Notice::Kind::test);
}

TEST_CASE("whatever else comes is no notification") {
  std::string deep = kDirect;
  for (int i = 0; i < 4; ++i) deep = through_sns(deep);
  for (const std::string& message :
       {std::string(), std::string("{}"), std::string("[]"), std::string("no JSON"), deep, through_sns("words"),
        std::string(
            R"({"Records":[{"eventVersion":"1.08","eventName":"GetObject","eventSource":"s3.amazonaws.com"}]})"),
        std::string(R"({"Records":[]})"),
        std::string(R"({"detail-type":"AWS API Call via CloudTrail","source":"aws.s3","detail":{}})")})
    CHECK_MESSAGE(read_s3_notice(message).kind == S3Notice::Kind::other, message);
}

TEST_CASE("an object that a notification names without saying which is counted, beside those that it tells") {
  const auto record = [](const std::string& event, const std::string& object) {
    return R"({)" + event + R"("s3":{"bucket":{"name":"trail"},"object":)" + object + "}}";
  };
  const std::string made = R"("eventName":"ObjectCreated:Put",)";
  const std::string good = record(made, R"({"key":"a"})");
  struct Row {
    std::string message;
    std::size_t told, untold;
  };
  const std::vector<Row> rows{
      {R"({"Records":[)" + record(made, "{}") + "]}", 0, 1},
      {R"({"Records":[)" + record(made, R"({"key":17})") + "]}", 0, 1},
      {R"({"Records":[)" + good + "," + record(made, R"({"key":{"x":1}})") + "]}", 1, 1},
      {R"({"Records":[)" + record("", R"({"key":"b"})") + "," + good + ",{}]}", 1, 2},
      {R"({"s3Bucket":"trail","s3ObjectKey":[1,2]})", 0, 2},
      {R"({"s3Bucket":"trail","s3ObjectKey":["a",2,""]})", 1, 2},
      {R"({"s3ObjectKey":["x"]})", 0, 1},
      {R"({"source":"aws.s3","detail-type":"Object Created","detail":{"bucket":{"name":"trail"},"object":{}}})", 0, 1},
  };
  for (const Row& row : rows) {
    const S3Notice notice = read_s3_notice(row.message);
    CHECK_MESSAGE(notice.kind == S3Notice::Kind::objects, row.message);
    CHECK_MESSAGE(notice.objects.size() == row.told, row.message);
    CHECK_MESSAGE(notice.untold == row.untold, row.message);
  }
  for (const std::string& message :
       {R"({"Records":[)" + record("", R"({"key":"b"})") + "]}",
        std::string(R"({"s3Bucket":"trail","s3ObjectKey":[]})"),
        std::string(
            R"({"source":"aws.s3","detail-type":1,"detail":{"bucket":{"name":"trail"},"object":{"key":"a"}}})")})
    CHECK_MESSAGE(read_s3_notice(message).kind == S3Notice::Kind::other, message);
}
