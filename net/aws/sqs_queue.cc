#include "net/aws/sqs_queue.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>

namespace straykey {
namespace {

namespace json = boost::json;
// A message is at most 1 MiB, and its text grows as a JSON string; ten of them share that limit.
constexpr std::uint64_t kReplyBytesMax = 8u << 20;
constexpr int kIoMs = 10'000;

std::string text_of(const json::object& object, std::string_view name) {
  const json::value* const value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

template <class Number>
Number number_of(const json::object& object, std::string_view name) {
  const std::string text = text_of(object, name);
  Number number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

const json::object* object_in(const json::object& object, std::string_view name) {
  const json::value* const value = object.if_contains(name);
  return value == nullptr ? nullptr : value->if_object();
}

SqsMessage message_of(const json::object& object) {
  SqsMessage message{text_of(object, "MessageId"), text_of(object, "ReceiptHandle"), text_of(object, "Body"), 0, 0};
  if (const json::object* const attributes = object_in(object, "Attributes")) {
    message.receive_count = number_of<std::uint32_t>(*attributes, "ApproximateReceiveCount");
    message.sent_at_ms = number_of<std::int64_t>(*attributes, "SentTimestamp");
  }
  return message;
}

}  // namespace

SqsQueue::SqsQueue(AwsCaller& caller, std::string url, std::string region)
    : caller_(caller), url_(std::move(url)), region_(std::move(region)) {
  const std::size_t host = url_.find("//") + 2;
  origin_ = url_.substr(0, url_.find('/', host));
}

Result<std::string> SqsQueue::call(std::string_view action, std::string_view permission, std::string body, int io_ms) {
  AwsCall call{.origin = origin_,
               .request = {.method = "POST",
                           .path = "/",
                           .headers = {{"Content-Type", "application/x-amz-json-1.0"},
                                       {"X-Amz-Target", fmt::format("AmazonSQS.{}", action)}},
                           .body = std::move(body)},
               .scope = {.region = region_, .service = "sqs"},
               .reply_bytes_max = kReplyBytesMax,
               .io_ms = io_ms};
  auto reply = caller_.call(call);
  if (!reply) return reply.error();
  if (reply->ok()) return std::move(reply->body);
  std::string advice;
  if (reply->trouble == AwsTrouble::denied) advice = fmt::format("; allow {} on this queue", permission);
  if (reply->trouble == AwsTrouble::absent) advice = "; is queue_url right, and in this Region?";
  return Error{fmt::format("SQS {}: {}{}", action, reply->text(), advice)};
}

Result<std::vector<SqsMessage>> SqsQueue::receive(int messages_max, int wait_s, Seconds visibility_s) {
  const json::object request{{"QueueUrl", url_},
                             {"MaxNumberOfMessages", messages_max},
                             {"WaitTimeSeconds", wait_s},
                             {"VisibilityTimeout", visibility_s},
                             {"AttributeNames", json::array{"ApproximateReceiveCount", "SentTimestamp"}}};
  auto body = call("ReceiveMessage", "sqs:ReceiveMessage", json::serialize(request), kIoMs + wait_s * 1'000);
  if (!body) return body.error();
  json::error_code failed;
  const json::value value = json::parse(body.value(), failed);
  const json::object* const object = failed ? nullptr : value.if_object();
  if (object == nullptr) return Error{"SQS ReceiveMessage answered with what is no JSON object"};
  std::vector<SqsMessage> messages;
  const json::value* const list = object->if_contains("Messages");
  if (list == nullptr || !list->is_array()) return messages;
  for (const json::value& each : list->get_array())
    if (const json::object* const message = each.if_object()) messages.push_back(message_of(*message));
  return messages;
}

Status SqsQueue::erase(const std::string& receipt) {
  const json::object request{{"QueueUrl", url_}, {"ReceiptHandle", receipt}};
  const auto body = call("DeleteMessage", "sqs:DeleteMessage", json::serialize(request), kIoMs);
  return body ? Status{} : Status{body.error()};
}

Status SqsQueue::hold(const std::string& receipt, Seconds visibility_s) {
  const json::object request{{"QueueUrl", url_}, {"ReceiptHandle", receipt}, {"VisibilityTimeout", visibility_s}};
  const auto body = call("ChangeMessageVisibility", "sqs:ChangeMessageVisibility", json::serialize(request), kIoMs);
  return body ? Status{} : Status{body.error()};
}

Result<SqsAttributes> SqsQueue::attributes() {
  const json::object request{{"QueueUrl", url_}, {"AttributeNames", json::array{"All"}}};
  auto body = call("GetQueueAttributes", "sqs:GetQueueAttributes", json::serialize(request), kIoMs);
  if (!body) return body.error();
  json::error_code failed;
  const json::value value = json::parse(body.value(), failed);
  const json::object* const object = failed ? nullptr : value.if_object();
  const json::object* const found = object == nullptr ? nullptr : object_in(*object, "Attributes");
  if (found == nullptr) return Error{"SQS GetQueueAttributes answered without attributes"};
  SqsAttributes attributes;
  attributes.visibility_s = number_of<Seconds>(*found, "VisibilityTimeout");
  attributes.waiting = number_of<std::uint64_t>(*found, "ApproximateNumberOfMessages");
  attributes.in_flight = number_of<std::uint64_t>(*found, "ApproximateNumberOfMessagesNotVisible");
  const json::value policy = json::parse(text_of(*found, "RedrivePolicy"), failed);
  const json::object* const rule = failed ? nullptr : policy.if_object();
  const json::value* const most = rule == nullptr ? nullptr : rule->if_contains("maxReceiveCount");
  if (most != nullptr && most->is_int64()) attributes.receives_max = static_cast<std::uint32_t>(most->get_int64());
  // The console writes it as a text.
  if (most != nullptr && most->is_string())
    attributes.receives_max = number_of<std::uint32_t>(*rule, "maxReceiveCount");
  return attributes;
}

}  // namespace straykey
