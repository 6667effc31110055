#include "net/ingest/trail_object.h"

#include <doctest/doctest.h>

#include "tests/support/compress.h"

using namespace straykey;

TEST_CASE("what is no trail is told by its key, whatever prefix the bucket has") {
  const std::string account = "my/prefix/AWSLogs/o-abc/111122223333/";
  CHECK_EQ(skipped_by_name(account + "CloudTrail/eu-central-1/2026/11/30/111122223333_CloudTrail_eu-central-1_"
                                     "20261130T1735Z_aBcD.json.gz"),
           "");
  CHECK_EQ(skipped_by_name(account + "CloudTrail-Digest/eu-central-1/2026/11/30/x.json.gz"), "digest");
  CHECK_EQ(skipped_by_name(account + "Config/eu-central-1/2026/11/30/ConfigSnapshot/x.json.gz"), "config");
  CHECK_EQ(skipped_by_name(account + "Config/ConfigWritabilityCheckFile"), "config");
  CHECK_EQ(skipped_by_name(account + "vpcflowlogs/eu-central-1/2026/11/30/x.log.gz"), "flow_log");
  CHECK_EQ(skipped_by_name(account + "elasticloadbalancing/eu-central-1/x.log.gz"), "load_balancer");
  CHECK_EQ(skipped_by_name("AWSLogs/"), "folder");
  CHECK_EQ(skipped_by_name("anything.json"), "");
}

TEST_CASE("what is no trail is told by its content, compressed or not") {
  const std::string digest = R"({"awsAccountId":"111122223333","digestStartTime":"2026-11-30T00:00:00Z"})";
  CHECK_EQ(skipped_by_content(digest), "digest");
  CHECK_EQ(skipped_by_content(gzip_of(digest)), "digest");
  CHECK_EQ(skipped_by_content(gzip_of(R"({"fileVersion":"1.0","configSnapshotId":"x"})")), "config");
  CHECK_EQ(skipped_by_content(gzip_of("version account-id interface-id srcaddr dstaddr\n" + std::string(100'000, 'x'))),
           "flow_log");
  CHECK_EQ(skipped_by_content(gzip_of(R"({"Records":[{"eventVersion":"1.08"}]})")), "");
  CHECK_EQ(skipped_by_content(gzip_of(digest).substr(0, 12)), "");
  CHECK_EQ(skipped_by_content(""), "");
}

TEST_CASE("the time of an object is in its name, or its day in the folders") {
  CHECK_EQ(time_of_key("a/2026/11/29/111122223333_CloudTrail_eu-central-1_20261130T1735Z_x.json.gz"), 1'796'060'100);
  CHECK_EQ(time_of_key("AWSLogs/111122223333/CloudTrail/eu-central-1/2026/11/30/x.json.gz"), 1'795'996'800);
  CHECK(!time_of_key("AWSLogs/2026/13/30/x.json.gz"));
  CHECK(!time_of_key("AWSLogs/x_20261399T1735Z"));
  CHECK(!time_of_key("records.json"));
  CHECK(!time_of_key(""));
}
