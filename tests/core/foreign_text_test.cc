#include "core/event/foreign_text.h"

#include <doctest/doctest.h>

#include <string>

using namespace straykey;

TEST_CASE("what AWS puts beside CloudTrail's records is told by its beginning") {
  CHECK_EQ(foreign_text(R"({"awsAccountId":"111122223333","digestStartTime":"2026-11-30T00:00:00Z",)"),
           "a CloudTrail digest");
  CHECK_EQ(foreign_text("\xef\xbb\xbf \n{\"fileVersion\":\"1.0\",\"configSnapshotId\":\"x\""),
           "an AWS Config snapshot");
  CHECK_EQ(foreign_text(R"({"fileVersion":"1.0","configurationItems":[)"), "an AWS Config history");
  CHECK_EQ(foreign_text("version account-id interface-id srcaddr dstaddr\n2 1"), "a VPC flow log");
  CHECK_EQ(foreign_text("2 111122223333 eni-0123 192.0.2.1 198.51.100.7 443 50000 6 1 40\n"), "a VPC flow log");
}

TEST_CASE("records, and whatever may hold some, are not foreign") {
  for (const std::string text : {"", "  ", R"({"Records":[{"eventVersion":"1.08","digestStartTime":1,"awsAccountId":2)",
                                 R"([{"digestStartTime":1,"awsAccountId":2}])", "{}", "no JSON at all", "2 1 eni-0123"})
    CHECK_MESSAGE(foreign_text(text).empty(), text);
}
