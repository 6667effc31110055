// The source that takes objects out of S3, against a fake queue and a fake store.
#include "net/ingest/s3_source.h"

#include <doctest/doctest.h>
#include <atomic>

#include <boost/json.hpp>
#include <condition_variable>
#include <map>

#include "tests/net/syslog_fixture.h"
#include "tests/support/compress.h"
#include "tests/support/fake_aws.h"
#include "tests/support/many_records.h"

namespace straykey {
namespace {

namespace json = boost::json;
constexpr Seconds kNow = 1'796'060'220;  // 30 November 2026, 17:37
constexpr const char* kKey =
    "AWSLogs/111122223333/CloudTrail/eu-central-1/2026/11/30/111122223333_CloudTrail_"
    "eu-central-1_20261130T1735Z_";

// A queue and a bucket. When no message is left for anybody, a receive is not answered.
class FakeTrail {
 public:
  FakeTrail() : server_([this](const FakeAws::Request& request) { return answer(request); }) {}

  void put(const std::string& key, const std::string& bytes) { objects_[key] = bytes; }
  void notify(const std::string& body) { messages_.push_back({body, false, false}); }
  void notify_of(const std::string& key) {
    notify(json::serialize(json::object{{"source", "aws.s3"},
                                        {"detail-type", "Object Created"},
                                        {"region", "eu-central-1"},
                                        {"detail", {{"bucket", {{"name", "trail"}}}, {"object", {{"key", key}}}}}}));
  }
  // The next replies to GET are these.
  void refuse(int status, const std::string& code, int times) { refusal_ = {status, code, times}; }

  [[nodiscard]] std::string queue_url() const { return server_.origin() + "/111122223333/trail"; }
  [[nodiscard]] const std::string& origin() const { return server_.origin(); }
  // Waits until so many messages are deleted, and so many were left or let go; false after 10 s.
  [[nodiscard]] bool ends(std::size_t deleted, std::size_t left) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(10), [&] { return deleted_ == deleted && left_ == left; });
  }
  [[nodiscard]] std::size_t deleted() {
    const std::lock_guard lock(mutex_);
    return deleted_;
  }
  [[nodiscard]] std::vector<int> pauses() {
    const std::lock_guard lock(mutex_);
    return pauses_;
  }

 private:
  struct Message {
    std::string body;
    bool is_gone, is_in_flight;
  };
  struct Refusal {
    int status = 0;
    std::string code;
    int times = 0;
  };

  FakeAws::Reply answer(const FakeAws::Request& request) {
    const std::lock_guard lock(mutex_);
    const auto target = request.headers.find("x-amz-target");
    if (target == request.headers.end()) return object(request.target);
    const json::value body = json::parse(request.body);
    if (target->second == "AmazonSQS.ReceiveMessage")
      return receive(body.at("MaxNumberOfMessages").to_number<std::size_t>());
    if (target->second == "AmazonSQS.GetQueueAttributes")
      return FakeAws::reply(200, R"({"Attributes":{"VisibilityTimeout":"30","ApproximateNumberOfMessages":"3"}})");
    Message& message = messages_[std::stoul(std::string(body.at("ReceiptHandle").get_string()))];
    if (target->second == "AmazonSQS.DeleteMessage") {
      message.is_gone = true;
      ++deleted_;
    } else {
      pauses_.push_back(body.at("VisibilityTimeout").to_number<int>());
      ++left_;
    }
    changed_.notify_all();
    return FakeAws::reply(200, "{}");
  }
  FakeAws::Reply receive(std::size_t count) {
    json::array given;
    for (std::size_t i = 0; i < messages_.size() && given.size() < count; ++i) {
      if (messages_[i].is_gone || std::exchange(messages_[i].is_in_flight, true)) continue;
      given.push_back(json::object{{"MessageId", std::to_string(i)},
                                   {"ReceiptHandle", std::to_string(i)},
                                   {"Body", messages_[i].body},
                                   {"Attributes", {{"SentTimestamp", std::to_string((kNow - 60) * 1'000)}}}});
    }
    if (given.empty()) return {"", false, true};
    return FakeAws::reply(200, json::serialize(json::object{{"Messages", given}}));
  }
  FakeAws::Reply object(const std::string& target) {
    if (refusal_.times > 0) {
      --refusal_.times;
      return FakeAws::reply(refusal_.status, "<Error><Code>" + refusal_.code + "</Code></Error>");
    }
    const auto found = objects_.find(target.substr(std::string("/trail/").size()));
    if (found == objects_.end()) return FakeAws::reply(404, "<Error><Code>NoSuchKey</Code></Error>");
    return FakeAws::reply(200, found->second);
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, std::string> objects_;
  std::vector<Message> messages_;
  Refusal refusal_;
  std::size_t deleted_ = 0, left_ = 0;
  std::vector<int> pauses_;
  FakeAws server_;  // the last: its thread calls into the others
};

struct Site {
  FakeTrail trail;
  Metrics metrics;
  Log log{Log::Settings{LogLevel::error, false}};
  FakePipeline pipeline;
  Intake intake{PayloadLimits{}, 4, {.now = [] { return kNow; }, .sign = {}, .on_reject = {}}, metrics};
  std::unique_ptr<S3Source> source;

  void start(const std::string& prefix = {}) {
    S3SourceSettings settings;
    settings.name = "trail";
    settings.queue_url = trail.queue_url();
    settings.place = {.region = "eu-central-1", .endpoint = trail.origin()};
    settings.prefix = prefix;
    settings.concurrency = 2;
    AwsCaller::Settings calls;
    calls.pause_min = calls.pause_max = std::chrono::milliseconds(1);
    source = std::make_unique<S3Source>(
        settings, S3Source::Dependencies{intake, 1,
                                         [this](std::unique_ptr<Request>& request) { return pipeline.submit(request); },
                                         metrics, log, [] { return kNow; },
                                         [](const char* name) -> const char* {
                                           const std::string_view wanted(name);
                                           return wanted == "AWS_ACCESS_KEY_ID"       ? "AKIDEXAMPLE"
                                                  : wanted == "AWS_SECRET_ACCESS_KEY" ? "secret"
                                                                                      : nullptr;
                                         },
                                         calls});
    REQUIRE(source->start(kNow).ok());
  }
  [[nodiscard]] std::uint64_t objects(const char* outcome) {
    return metrics
        .counter("straykey_s3_objects_total", "Objects that messages named, by what became of them.",
                 {{"source", "trail"}, {"outcome", outcome}})
        .value();
  }
  [[nodiscard]] std::uint64_t messages(const char* outcome) {
    return metrics
        .counter("straykey_s3_messages_total", "Messages of the queue, by what became of them.",
                 {{"source", "trail"}, {"outcome", outcome}})
        .value();
  }
};

std::string key(const std::string& name) {
  return kKey + name + ".json.gz";
}

}  // namespace

TEST_CASE("objects that a queue names are stored, and their messages deleted") {
  Site site;
  site.trail.put(key("a"), gzip_of("{\"Records\":[" + record_json("1") + "," + record_json("2") + "]}"));
  site.trail.put(key("b"), record_json("3"));
  site.trail.put("AWSLogs/111122223333/CloudTrail-Digest/x.json.gz", "never asked for");
  site.trail.put(key("digest"), gzip_of(R"({"awsAccountId":"1","digestStartTime":"x"})"));
  site.trail.put(key("empty"), "");
  for (const std::string& name : {key("a"), key("b"), key("a"), key("digest"), key("empty")})
    site.trail.notify_of(name);
  site.trail.notify_of("AWSLogs/111122223333/CloudTrail-Digest/x.json.gz");
  site.trail.notify(R"({"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"trail"})");
  site.start();
  REQUIRE(site.trail.ends(7, 0));
  CHECK(site.source->drain(std::chrono::seconds(10)));
  CHECK(site.pipeline.stored(5));  // one object came twice
  CHECK_EQ(site.objects("stored"), 4);
  CHECK_EQ(site.objects("skipped"), 2);
  CHECK_EQ(site.messages("deleted"), 6);
  CHECK_EQ(site.messages("test"), 1);
}

TEST_CASE("a message is deleted only when everything of its object is stored") {
  Site site;
  site.trail.put(key("a"), gzip_of(numbered_records(40'000)));
  site.trail.notify_of(key("a"));
  site.pipeline.set(FakePipeline::Mode::hold);
  site.start();
  REQUIRE(site.pipeline.holds(2));  // as many Requests as may be on their way
  CHECK_EQ(site.trail.deleted(), 0);
  site.pipeline.set(FakePipeline::Mode::commit);
  site.pipeline.release(RequestOutcome::committed);
  REQUIRE(site.trail.ends(1, 0));
  CHECK(site.source->drain(std::chrono::seconds(10)));
  CHECK(site.pipeline.stored(40'000));
}

TEST_CASE("what cannot be stored or read stays in the queue, and holds nothing else up") {
  Site site;
  site.pipeline.set(FakePipeline::Mode::fail);
  site.trail.put(key("a"), record_json("1"));
  site.trail.put(key("cut"), gzip_of(numbered_records(100)).substr(0, 200));
  site.trail.put(key("text"), "no records");
  site.trail.put(key("foreign"), gzip_of(R"({"fileVersion":"1.0","configSnapshotId":"x"})"));
  for (const std::string& name : {key("a"), key("cut"), key("text"), key("absent"), key("foreign")})
    site.trail.notify_of(name);
  site.trail.notify("no notification");
  site.start();
  REQUIRE(site.trail.ends(1, 5));
  CHECK(site.source->drain(std::chrono::seconds(10)));
  CHECK_EQ(site.objects("failed"), 1);
  CHECK_EQ(site.objects("unreadable"), 2);
  CHECK_EQ(site.objects("absent"), 1);
  CHECK_EQ(site.messages("left"), 4);
  CHECK_EQ(site.messages("unreadable"), 1);
  for (const int pause : site.trail.pauses()) CHECK_EQ(pause, 15);
}

TEST_CASE("a message that does not tell all of its objects stays; those that it tells are stored") {
  Site site;
  site.trail.put(key("a"), record_json("1"));
  site.trail.notify(R"({"s3Bucket":"trail","s3ObjectKey":[")" + key("a") + R"(",{"x":1}]})");
  site.trail.notify(
      R"({"Records":[{"eventName":"ObjectCreated:Put","s3":{"bucket":{"name":"trail"},"object":{"key":17}}}]})");
  site.trail.notify(R"({"s3ObjectKey":["x"]})");
  site.start();
  REQUIRE(site.trail.ends(0, 3));
  CHECK(site.source->drain(std::chrono::seconds(10)));
  CHECK_EQ(site.objects("stored"), 1);
  CHECK_EQ(site.messages("unreadable"), 3);
  CHECK_EQ(site.messages("deleted"), 0);
}

TEST_CASE("S3 that is throttled or breaks off is asked again; one that refuses leaves the message") {
  Site site;
  site.trail.put(key("a"), record_json("1"));
  site.trail.notify_of(key("a"));
  site.trail.refuse(503, "SlowDown", 3);
  site.start();
  REQUIRE(site.trail.ends(1, 0));
  CHECK(site.source->drain(std::chrono::seconds(10)));
  CHECK_EQ(site.objects("stored"), 1);
  Site other;
  other.trail.put(key("a"), record_json("1"));
  other.trail.notify_of(key("a"));
  other.trail.refuse(403, "AccessDenied", 1);
  other.start();
  REQUIRE(other.trail.ends(0, 1));
  CHECK(other.source->drain(std::chrono::seconds(10)));
  CHECK_EQ(other.objects("denied"), 1);
}

TEST_CASE("keys outside of the prefix are counted and left") {
  Site site;
  site.trail.put("AWSLogs/a.json", record_json("1"));
  site.trail.notify_of("other/a.json");
  site.trail.notify_of("AWSLogs/a.json");
  site.start("AWSLogs/");
  REQUIRE(site.trail.ends(2, 0));
  CHECK(site.source->drain(std::chrono::seconds(10)));
  CHECK_EQ(site.objects("skipped"), 1);
  CHECK_EQ(site.objects("stored"), 1);
}

TEST_CASE("a stop finishes what is being worked on and lets the rest go") {
  Site site;
  site.pipeline.set(FakePipeline::Mode::hold);
  for (int i = 0; i < 5; ++i) {
    const std::string name = key(std::to_string(i));
    site.trail.put(name, record_json(std::to_string(i)));
    site.trail.notify_of(name);
  }
  site.start();
  REQUIRE(site.pipeline.holds(2));
  // What is stored before the stop is noticed makes room for others, which are then being worked on, too.
  std::atomic<bool> drained = false;
  std::thread releasing([&] {
    while (!drained) {
      site.pipeline.release(RequestOutcome::committed);
      std::this_thread::yield();
    }
  });
  CHECK(site.source->drain(std::chrono::seconds(10)));
  drained = true;
  releasing.join();
  CHECK_GE(site.trail.deleted(), 2);
  CHECK_EQ(site.trail.deleted() + site.trail.pauses().size(), 5);
  for (const int pause : site.trail.pauses()) CHECK_EQ(pause, 0);
}

TEST_CASE("the longer a message keeps coming, the later it is tried again") {
  CHECK_EQ(S3Worker::pause_after(0), 15);
  CHECK_EQ(S3Worker::pause_after(1), 15);
  CHECK_EQ(S3Worker::pause_after(3), 60);
  CHECK_EQ(S3Worker::pause_after(1'000), 900);
}

}  // namespace straykey
