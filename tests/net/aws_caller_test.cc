// Signed calls, the queue and the objects, against a fake AWS.
#include "net/aws/aws_caller.h"

#include <doctest/doctest.h>

#include "net/aws/s3_objects.h"
#include "net/aws/sqs_queue.h"
#include "tests/support/fake_aws.h"

using namespace straykey;

namespace {

constexpr Seconds kNow = 1'796'000'000;  // 30 November 2026

// What a caller needs, with the pauses noted instead of made.
struct Site {
  Metrics metrics;
  int fetches = 0;
  std::vector<std::chrono::milliseconds> pauses;
  AwsCredentialKeeper keeper{[this]() -> Result<FoundCredentials> {
                               return FoundCredentials{{"ASIA" + std::to_string(++fetches), "s", "t", 0}, "test"};
                             },
                             [] { return kNow; }};
  Counter& retries = metrics.counter("retries_total", "of the test");
  AwsCaller caller{
      {},
      {keeper, nullptr, [] { return kNow; }, [this](std::chrono::milliseconds pause) { pauses.push_back(pause); },
       [] { return false; }, retries}};

  Result<AwsReply> get(const FakeAws& server) {
    return caller.call({.origin = server.origin(),
                        .request = {.path = "/b/k"},
                        .scope = {.region = "eu-central-1", .service = "s3", .rules = SigningScope::Rules::s3}});
  }
};

std::string xml_error(const std::string& code) {
  return "<Error><Code>" + code + "</Code><Message>words</Message></Error>";
}

// Answers the first requests with these replies, in turn, and all others with the last.
WebhookReceiver::Answer in_turn(std::vector<FakeAws::Reply> replies) {
  return [replies = std::move(replies), next = std::size_t{0}](const FakeAws::Request&) mutable {
    return replies[std::min(next++, replies.size() - 1)];
  };
}

}  // namespace

TEST_CASE("a call that was throttled is made again, with pauses that grow, and not for ever") {
  FakeAws slow(
      in_turn({FakeAws::reply(503, xml_error("SlowDown")), FakeAws::reply(500, ""), FakeAws::reply(200, "ok")}));
  Site site;
  const auto reply = site.get(slow);
  REQUIRE(reply.ok());
  CHECK(reply.value().ok());
  CHECK_EQ(reply.value().body, "ok");
  CHECK_EQ(site.retries.value(), 2);
  REQUIRE_EQ(site.pauses.size(), 2);
  CHECK(site.pauses[0].count() >= 50);
  CHECK(site.pauses[1].count() >= 100);
  FakeAws never(in_turn({FakeAws::reply(503, xml_error("SlowDown"))}));
  CHECK_EQ(site.get(never).value().text(), "503 SlowDown: words");
  CHECK_EQ(never.requests().size(), 5);
}

TEST_CASE("a reply that comes more slowly than it may is fetched anew, and in the end an error") {
  const FakeAws::Reply whole = FakeAws::reply(200, "ok");
  FakeAws server(in_turn({whole}));
  Site site;
  AwsCaller hasty({.reply_time = std::chrono::seconds(-60)},
                  {site.keeper, nullptr, [] { return kNow; }, [](std::chrono::milliseconds) {}, [] { return false; },
                   site.retries});
  const auto reply = hasty.call({.origin = server.origin(),
                                 .request = {.path = "/b/k"},
                                 .scope = {.region = "r", .service = "s3", .rules = SigningScope::Rules::s3}});
  REQUIRE(!reply.ok());
  CHECK(reply.error().message.find("too slowly") != std::string::npos);
  CHECK_EQ(server.requests().size(), 5);
  CHECK(site.get(server).ok());
}

TEST_CASE("a call with expired credentials is made once more, with new ones") {
  FakeAws server([](const FakeAws::Request& request) {
    const bool is_new = request.headers.at("authorization").find("Credential=ASIA2/") != std::string::npos;
    return is_new ? FakeAws::reply(200, "ok") : FakeAws::reply(400, xml_error("ExpiredToken"));
  });
  Site site;
  CHECK_EQ(site.get(server).value().body, "ok");
  CHECK(site.pauses.empty());
  FakeAws refusing(in_turn({FakeAws::reply(400, xml_error("ExpiredToken"))}));
  CHECK(site.get(refusing).value().trouble == AwsTrouble::credentials);
  CHECK_EQ(refusing.requests().size(), 2);
}

TEST_CASE("a clock that is wrong is put right by AWS's own") {
  FakeAws server([](const FakeAws::Request& request) {
    const bool in_time = request.headers.at("x-amz-date") == "20271130T173659Z";
    return in_time ? FakeAws::reply(200, "ok")
                   : FakeAws::reply(403, xml_error("RequestTimeTooSkewed"), "Date: Tue, 30 Nov 2027 17:36:59 GMT\r\n");
  });
  Site site;
  CHECK_EQ(site.get(server).value().body, "ok");
  CHECK_EQ(site.get(server).value().body, "ok");
  CHECK_EQ(server.requests().size(), 3);  // it is remembered
}

TEST_CASE("a metadata address is not connected to, whatever name or number leads there") {
  Site site;
  for (const char* origin : {"http://169.254.169.254", "http://[fd00:ec2::254]", "http://[::ffff:169.254.170.2]"}) {
    const auto reply = site.caller.call({.origin = origin, .request = {}, .scope = {.region = "r", .service = "s3"}});
    REQUIRE(!reply.ok());
    CHECK_MESSAGE(reply.error().message.find("not allowed") != std::string::npos, reply.error().message);
  }
}

TEST_CASE("messages are received with what the queue knows of them") {
  FakeAws server(in_turn(
      {FakeAws::reply(200, R"({"Messages":[{"MessageId":"1","ReceiptHandle":"r","Body":"{}","Attributes":)"
                           R"({"ApproximateReceiveCount":"3","SentTimestamp":"1796000000123"}},{"Body":"x"}]})"),
       FakeAws::reply(200, "{}"), FakeAws::reply(200, "")}));
  Site site;
  SqsQueue queue(site.caller, server.origin() + "/111122223333/trail", "eu-central-1");
  const auto messages = queue.receive(10, 20, 60);
  REQUIRE(messages.ok());
  REQUIRE_EQ(messages.value().size(), 2);
  CHECK_EQ(messages.value()[0].receipt, "r");
  CHECK_EQ(messages.value()[0].receive_count, 3);
  CHECK_EQ(messages.value()[0].sent_at_ms, 1'796'000'000'123);
  CHECK(queue.receive(10, 0, 60).value().empty());
  CHECK(queue.erase("r").ok());
  const auto requests = server.requests();
  CHECK_EQ(requests[0].headers.at("x-amz-target"), "AmazonSQS.ReceiveMessage");
  CHECK_EQ(requests[0].headers.at("content-type"), "application/x-amz-json-1.0");
  CHECK(requests[0].body.find(R"("WaitTimeSeconds":20)") != std::string::npos);
  CHECK_EQ(requests[2].headers.at("x-amz-target"), "AmazonSQS.DeleteMessage");
}

TEST_CASE("a queue tells its visibility timeout and redrive rule, and an error names the permission") {
  FakeAws server(
      in_turn({FakeAws::reply(
                   200, R"({"Attributes":{"VisibilityTimeout":"45","ApproximateNumberOfMessages":"7",)"
                        R"("ApproximateNumberOfMessagesNotVisible":"2","RedrivePolicy":"{\"maxReceiveCount\":5}"}})"),
               FakeAws::reply(403, R"({"__type":"com.amazon.coral.service#AccessDeniedException","message":"no"})"),
               FakeAws::reply(400, R"({"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"gone"})")}));
  Site site;
  SqsQueue queue(site.caller, server.origin() + "/111122223333/trail", "eu-central-1");
  const auto attributes = queue.attributes();
  REQUIRE(attributes.ok());
  CHECK_EQ(attributes.value().visibility_s, 45);
  CHECK_EQ(attributes.value().waiting, 7);
  CHECK_EQ(attributes.value().in_flight, 2);
  CHECK_EQ(attributes.value().receives_max, 5);
  CHECK(queue.hold("r", 0).error().message.find("allow sqs:ChangeMessageVisibility") != std::string::npos);
  CHECK(queue.erase("r").error().message.find("is queue_url right") != std::string::npos);
}

TEST_CASE("an object is asked for under its key as it is, and what is wrong is told with the permission") {
  FakeAws server(in_turn({FakeAws::reply(200, "bytes"), FakeAws::reply(403, xml_error("AccessDenied")),
                          FakeAws::reply(404, xml_error("NoSuchKey")), FakeAws::reply(200, "too many bytes")}));
  Site site;
  S3Objects objects(site.caller, {.region = "eu-central-1", .endpoint = server.origin()});
  const S3ObjectName name{"trail", "AWSLogs/a b//c+\xc3\xa9.json.gz", ""};
  CHECK_EQ(std::get<std::string>(objects.get(name, 100)), "bytes");
  CHECK_EQ(server.requests().at(0).target, "/trail/AWSLogs/a%20b//c%2B%C3%A9.json.gz");
  const auto denied = std::get<S3Error>(objects.get(name, 100));
  CHECK(denied.kind == S3Error::Kind::denied);
  CHECK(denied.message.find("s3:GetObject on arn:aws:s3:::trail/*, and kms:Decrypt") != std::string::npos);
  CHECK(std::get<S3Error>(objects.get(name, 100)).kind == S3Error::Kind::absent);
  CHECK(std::get<S3Error>(objects.get(name, 5)).kind == S3Error::Kind::too_large);
  CHECK_EQ(server.requests().size(), 4);  // it would be as large the next time
  CHECK(std::get<S3Error>(objects.get({"evil.com/x", "k"}, 5)).kind == S3Error::Kind::other);
}

TEST_CASE("an object whose answer is cut is fetched anew") {
  FakeAws server(
      in_turn({{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nby", false, false}, FakeAws::reply(200, "bytes")}));
  Site site;
  S3Objects objects(site.caller, {.region = "eu-central-1", .endpoint = server.origin()});
  CHECK_EQ(std::get<std::string>(objects.get({"trail", "k"}, 100)), "bytes");
}

TEST_CASE("a listing is read page by page") {
  FakeAws server(in_turn(
      {FakeAws::reply(
           200,
           "<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>next=</NextContinuationToken>"
           "<Contents><Key>a b+c &amp; %20</Key><Size>12</Size></Contents>"
           "<Contents><Key>d</Key><Size>0</Size></Contents></ListBucketResult>"),
       FakeAws::reply(200, "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>"),
       FakeAws::reply(403, xml_error("AccessDenied"))}));
  Site site;
  S3Objects objects(site.caller, {.region = "eu-central-1", .endpoint = server.origin()});
  auto page = objects.list({"trail", "AWS Logs/"});
  REQUIRE(page.ok());
  REQUIRE_EQ(page.value().objects.size(), 2);
  CHECK_EQ(page.value().objects[0].key, "a b+c & %20");
  CHECK_EQ(page.value().objects[0].bytes, 12);
  CHECK_EQ(page.value().next, "next=");
  page = objects.list({"trail", "AWS Logs/", "", page.value().next});
  REQUIRE(page.ok());
  CHECK(page.value().next.empty());
  CHECK_EQ(server.requests().at(1).target, "/trail/?continuation-token=next%3D&list-type=2&prefix=AWS%20Logs%2F");
  CHECK(objects.list({"trail", ""}).error().message.find("s3:ListBucket") != std::string::npos);
}

TEST_CASE("a listing that would never end, or that hides its rest, is an error") {
  FakeAws server(
      in_turn({FakeAws::reply(200,
                              "<ListBucketResult><IsTruncated>true</IsTruncated>"
                              "<NextContinuationToken>same</NextContinuationToken></ListBucketResult>"),
               FakeAws::reply(200,
                              "<ListBucketResult><IsTruncated>true</IsTruncated>"
                              "<NextContinuationToken>same</NextContinuationToken></ListBucketResult>"),
               FakeAws::reply(200, "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>")}));
  Site site;
  S3Objects objects(site.caller, {.region = "eu-central-1", .endpoint = server.origin()});
  CHECK_EQ(objects.list({"trail", ""}).value().next, "same");
  const auto same = objects.list({"trail", "", "", "same"});
  REQUIRE(!same.ok());
  CHECK(same.error().message.find("never end") != std::string::npos);
  CHECK(!objects.list({"trail", ""}).ok());
}
