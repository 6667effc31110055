#include "net/aws/aws_reply.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "net/aws/xml_texts.h"

namespace straykey {
namespace {

namespace json = boost::json;
constexpr std::size_t kCodeBytesMax = 100;
constexpr std::size_t kMessageBytesMax = 300;

// "com.amazonaws.sqs#QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue;Sender", "Code:http://..."
std::string bare_code(std::string_view code) {
  code = code.substr(0, code.find_first_of(";:"));
  if (const std::size_t at = code.rfind('#'); at != std::string_view::npos) code.remove_prefix(at + 1);
  return std::string(code.substr(0, kCodeBytesMax));
}

std::string text_of(const json::object& object, std::string_view first, std::string_view second) {
  for (const std::string_view name : {first, second})
    if (const json::value* const value = object.if_contains(name); value != nullptr && value->is_string())
      return std::string(value->get_string());
  return {};
}

AwsError error_in_json(std::string_view body) {
  json::error_code failed;
  const json::value value = json::parse(body, failed);
  const json::object* const object = failed ? nullptr : value.if_object();
  if (object == nullptr) return {};
  return {bare_code(text_of(*object, "__type", "code")), text_of(*object, "message", "Message")};
}

AwsError error_in_xml(std::string_view body) {
  const auto texts = read_xml_texts(body);
  if (!texts) return {};
  // S3: <Error><Code>; STS: <ErrorResponse><Error><Code>.
  AwsError error{text_at(*texts, "Code"), text_at(*texts, "Message")};
  if (error.code.empty()) error = {text_at(*texts, "Error/Code"), text_at(*texts, "Error/Message")};
  error.code = bare_code(error.code);
  return error;
}

bool is_one_of(std::string_view code, std::initializer_list<std::string_view> codes) {
  return std::find(codes.begin(), codes.end(), code) != codes.end();
}

}  // namespace

std::vector<std::string> aws_reply_headers() {
  return {
      "Date", "x-amzn-ErrorType", "x-amzn-query-error", "x-amz-bucket-region", "x-amzn-RequestId", "x-amz-request-id"};
}

std::string header_of(const HttpClientReply& reply, std::string_view name) {
  for (const HttpClientHeader& header : reply.headers)
    if (header.name == name) return header.value;
  return {};
}

AwsError aws_error_of(const HttpClientReply& reply) {
  const std::size_t begin = reply.body.find_first_not_of(" \t\r\n");
  AwsError error;
  if (begin != std::string::npos)
    error = reply.body[begin] == '<' ? error_in_xml(reply.body) : error_in_json(reply.body);
  if (error.code.empty()) error.code = bare_code(header_of(reply, "x-amzn-ErrorType"));
  if (error.code.empty()) error.code = bare_code(header_of(reply, "x-amzn-query-error"));
  error.message.resize(std::min(error.message.size(), kMessageBytesMax));
  return error;
}

AwsTrouble trouble_of(unsigned status, const AwsError& error) {
  if (status >= 200 && status < 300) return AwsTrouble::none;
  const std::string_view code = error.code;
  if (is_one_of(code,
                {"ExpiredToken", "ExpiredTokenException", "RequestExpired", "InvalidToken", "InvalidClientTokenId",
                 "UnrecognizedClientException", "InvalidAccessKeyId", "TokenRefreshRequired"}))
    return AwsTrouble::credentials;
  if (is_one_of(code, {"RequestTimeTooSkewed", "RequestInTheFuture"})) return AwsTrouble::clock;
  if (is_one_of(code, {"PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException"}) ||
      status == 301 || status == 307)
    return AwsTrouble::elsewhere;
  if (status == 429 || status >= 500 ||
      is_one_of(code, {"SlowDown", "Throttling", "ThrottlingException", "ThrottledException", "RequestThrottled",
                       "RequestThrottledException", "TooManyRequestsException", "RequestLimitExceeded",
                       "BandwidthLimitExceeded", "RequestTimeout", "RequestTimeoutException", "PriorRequestNotComplete",
                       "KMS.ThrottlingException", "OverLimit"}))
    return AwsTrouble::passing;
  if (is_one_of(code, {"NoSuchKey", "NoSuchBucket", "NoSuchVersion", "QueueDoesNotExist", "NonExistentQueue",
                       "AWS.SimpleQueueService.NonExistentQueue"}) ||
      status == 404)
    return AwsTrouble::absent;
  return status == 401 || status == 403 ? AwsTrouble::denied : AwsTrouble::other;
}

}  // namespace straykey
