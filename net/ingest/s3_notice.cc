#include "net/ingest/s3_notice.h"

#include <boost/json.hpp>

#include "core/base/hex.h"

namespace straykey {
namespace {

namespace json = boost::json;
constexpr int kEnvelopesMax = 3;

std::string text_of(const json::object& object, std::string_view name) {
  const json::value* const value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

const json::object* object_in(const json::object* object, std::string_view name) {
  const json::value* const value = object == nullptr ? nullptr : object->if_contains(name);
  return value == nullptr ? nullptr : value->if_object();
}

std::uint64_t size_of(const json::object& object) {
  const json::value* const value = object.if_contains("size");
  return value != nullptr && value->is_int64() && value->get_int64() > 0
             ? static_cast<std::uint64_t>(value->get_int64())
             : 0;
}

// As a form encodes: %XX, and + for a space.
std::string form_decoded(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escaped =
        text[i] == '%' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 && hex_value(text[i + 2]) >= 0;
    if (escaped) {
      decoded += static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
      i += 2;
    } else {
      decoded += text[i] == '+' ? ' ' : text[i];
    }
  }
  return decoded;
}

// What is named without a bucket or a key is there all the same: it is counted, never passed over.
void add(S3Notice& notice, NoticedObject object) {
  if (object.bucket.empty() || object.key.empty())
    ++notice.untold;
  else
    notice.objects.push_back(std::move(object));
}

// An element of S3's own Records. False: it is none.
bool read_record(const json::value& value, S3Notice& notice) {
  const json::object* const record = value.if_object();
  const json::object* const s3 = object_in(record, "s3");
  const json::object* const bucket = object_in(s3, "bucket");
  const json::object* const object = object_in(s3, "object");
  if (bucket == nullptr || object == nullptr) return false;
  const std::string event = text_of(*record, "eventName");
  if (event.empty()) return false;
  if (event.find("ObjectCreated:") == std::string::npos && event.find("ObjectRestore:Completed") == std::string::npos)
    return true;
  add(notice, {text_of(*bucket, "name"), form_decoded(text_of(*object, "key")), text_of(*record, "awsRegion"),
               size_of(*object)});
  return true;
}

S3Notice read_records(const json::array& records) {
  S3Notice notice;
  if (records.empty() || records.size() > kNoticeObjectsMax) return notice;
  std::size_t foreign = 0;
  for (const json::value& record : records)
    if (!read_record(record, notice)) ++foreign;
  if (foreign == records.size()) return {};
  notice.untold += foreign;
  notice.kind = S3Notice::Kind::objects;
  return notice;
}

S3Notice read_event(const json::object& event) {
  S3Notice notice;
  if (text_of(event, "source") != "aws.s3") return notice;
  const json::object* const detail = object_in(&event, "detail");
  const json::object* const bucket = object_in(detail, "bucket");
  const json::object* const object = object_in(detail, "object");
  if (bucket == nullptr || object == nullptr || text_of(event, "detail-type").empty()) return notice;
  notice.kind = S3Notice::Kind::objects;
  const std::string type = text_of(event, "detail-type");
  if (type == "Object Created" || type == "Object Restore Completed")
    add(notice, {text_of(*bucket, "name"), text_of(*object, "key"), text_of(event, "region"), size_of(*object)});
  return notice;
}

S3Notice read_cloudtrail_notice(const json::object& message) {
  S3Notice notice;
  const json::value* const keys = message.if_contains("s3ObjectKey");
  if (keys == nullptr || !keys->is_array() || keys->get_array().empty() || keys->get_array().size() > kNoticeObjectsMax)
    return notice;
  notice.kind = S3Notice::Kind::objects;
  for (const json::value& key : keys->get_array())
    add(notice, {text_of(message, "s3Bucket"), key.is_string() ? std::string(key.get_string()) : "", "", 0});
  return notice;
}

S3Notice read_at(std::string_view message, int depth) {
  json::error_code failed;
  const json::value value = json::parse(message, failed);
  const json::object* const object = failed ? nullptr : value.if_object();
  if (object == nullptr) return {};
  if (const json::value* const records = object->if_contains("Records"); records != nullptr && records->is_array())
    return read_records(records->get_array());
  if (text_of(*object, "Event") == "s3:TestEvent") return {S3Notice::Kind::test, {}, 0};
  if (object->contains("detail-type")) return read_event(*object);
  if (object->contains("s3ObjectKey")) return read_cloudtrail_notice(*object);
  const std::string inner = text_of(*object, "Message");
  if (inner.empty() || depth >= kEnvelopesMax) return {};
  // CloudTrail, too, tests a topic that it is told of.
  if (inner == "CloudTrail validation message.") return {S3Notice::Kind::test, {}, 0};
  return read_at(inner, depth + 1);
}

}  // namespace

S3Notice read_s3_notice(std::string_view message) {
  return read_at(message, 1);
}

}  // namespace straykey
