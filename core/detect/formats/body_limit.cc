#include "core/detect/formats/body_limit.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/base/utf8.h"

namespace straykey {
namespace {

namespace json = boost::json;

constexpr std::size_t kSentenceMin = 256;
// Members that nobody outside can make long, and those that are sentences.
constexpr std::array<std::string_view, 5> kOurs{"respond", "description", "attacker_goal", "investigative_actions",
                                                "attack"};
constexpr std::array<std::string_view, 3> kSentences{"title", "why", "limits"};

template <std::size_t N>
bool holds(const std::array<std::string_view, N>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// What an alert says of a record that is too long: the same fields, as far as they are texts.
void leave_out_record(json::object& document) {
  json::value* const record = document.if_contains("event");
  if (record == nullptr || !record->is_object()) return;
  json::object kept;
  for (const std::string_view name : {"eventID", "eventName", "eventSource", "eventTime", "awsRegion",
                                      "sourceIPAddress", "userAgent", "recipientAccountId", "errorCode"})
    if (const json::value* value = record->as_object().if_contains(name); value != nullptr && value->is_string())
      kept[name] = *value;
  *record = std::move(kept);
  document["record_truncated"] = true;
}

void cut(json::value& value, std::size_t text_max) {
  if (value.is_string()) {
    if (value.as_string().size() > text_max) value = shown_text(std::string(value.as_string()), text_max);
  } else if (value.is_array()) {
    for (json::value& item : value.as_array()) cut(item, text_max);
  } else if (value.is_object()) {
    for (auto& member : value.as_object()) cut(member.value(), text_max);
  }
}

void cut_texts(ToldMessage& told, std::size_t text_max) {
  const std::size_t sentence_max = std::max(text_max, kSentenceMin);
  for (auto& member : told.document) {
    const std::string_view name = member.key();
    if (!holds(kOurs, name)) cut(member.value(), holds(kSentences, name) ? sentence_max : text_max);
  }
  told.title = shown_text(told.title, sentence_max);
  told.name = shown_text(told.name, sentence_max);
  for (std::string& why : told.why) why = shown_text(why, sentence_max);
}

}  // namespace

std::string within_body_limit(ToldMessage told, std::string (*write)(const ToldMessage&)) {
  std::string body = write(told);
  if (body.size() <= kBodyBytesMax) return body;
  leave_out_record(told.document);
  body = write(told);
  for (const std::size_t text_max : {1'024, 256, 64}) {
    if (body.size() <= kBodyBytesMax) break;
    cut_texts(told, text_max);
    body = write(told);
  }
  return body;
}

}  // namespace straykey
