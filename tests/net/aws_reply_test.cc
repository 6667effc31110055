#include "net/aws/aws_reply.h"

#include <doctest/doctest.h>

using namespace straykey;

namespace {

AwsError error_in(const std::string& body, std::vector<HttpClientHeader> headers = {}) {
  return aws_error_of({400, "", body, std::move(headers)});
}

AwsTrouble trouble(unsigned status, const char* code = "") {
  return trouble_of(status, {code, ""});
}

}  // namespace

TEST_CASE("the code of an error is found in the words of each service") {
  CHECK_EQ(error_in("<Error><Code>AccessDenied</Code><Message>no</Message></Error>").code, "AccessDenied");
  CHECK_EQ(error_in("<ErrorResponse><Error><Type>Sender</Type><Code>ExpiredToken</Code></Error></ErrorResponse>").code,
           "ExpiredToken");
  const AwsError json = error_in(R"({"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"gone"})");
  CHECK_EQ(json.code, "QueueDoesNotExist");
  CHECK_EQ(json.message, "gone");
  CHECK_EQ(error_in("", {{"x-amzn-ErrorType", "ThrottlingException:http://internal/"}}).code, "ThrottlingException");
  CHECK_EQ(error_in("", {{"x-amzn-query-error", "AWS.SimpleQueueService.NonExistentQueue;Sender"}}).code,
           "AWS.SimpleQueueService.NonExistentQueue");
  CHECK_EQ(error_in("no words of AWS").code, "");
}

TEST_CASE("what can be done about a reply is known from its status and code") {
  CHECK(trouble(200) == AwsTrouble::none);
  CHECK(trouble(206) == AwsTrouble::none);
  CHECK(trouble(503, "SlowDown") == AwsTrouble::passing);
  CHECK(trouble(500) == AwsTrouble::passing);
  CHECK(trouble(400, "ThrottlingException") == AwsTrouble::passing);
  CHECK(trouble(403, "RequestThrottled") == AwsTrouble::passing);
  CHECK(trouble(400, "ExpiredToken") == AwsTrouble::credentials);
  CHECK(trouble(403, "InvalidClientTokenId") == AwsTrouble::credentials);
  CHECK(trouble(403, "RequestTimeTooSkewed") == AwsTrouble::clock);
  CHECK(trouble(301, "PermanentRedirect") == AwsTrouble::elsewhere);
  CHECK(trouble(400, "AuthorizationHeaderMalformed") == AwsTrouble::elsewhere);
  CHECK(trouble(403, "AccessDenied") == AwsTrouble::denied);
  CHECK(trouble(404, "NoSuchKey") == AwsTrouble::absent);
  CHECK(trouble(400, "QueueDoesNotExist") == AwsTrouble::absent);
  CHECK(trouble(400, "InvalidArgument") == AwsTrouble::other);
}
