#include "core/detect/formats/cef.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/utf8.h"
#include "core/detect/formats/told_message.h"

namespace straykey {
namespace {

int severity_of(Severity severity) {
  switch (severity) {
    case Severity::high:
      return 8;
    case Severity::medium:
      return 5;
    case Severity::low:
      return 3;
    case Severity::informational:
      break;
  }
  return 1;
}

// The priority of facility local4 and of the severity of RFC 5424 that fits.
int priority_of(Severity severity) {
  constexpr int kLocal4 = 20 * 8;
  switch (severity) {
    case Severity::high:
      return kLocal4 + 1;  // alert
    case Severity::medium:
      return kLocal4 + 3;  // error
    case Severity::low:
      return kLocal4 + 4;  // warning
    case Severity::informational:
      break;
  }
  return kLocal4 + 6;  // informational
}

std::string escaped(std::string_view text, std::size_t bytes_max, char parts_fields) {
  std::string out;
  for (const char c : shown_text(text, bytes_max)) {
    if (c == '\\' || c == parts_fields) out += '\\';
    out += c;
  }
  return out;
}

std::string header_field(std::string_view text) {
  return escaped(text, 512, '|');
}

class Extension {
 public:
  explicit Extension(std::size_t room) : room_(room) {}

  // Left out if there is no room for it, or it is empty.
  void add(std::string_view key, std::string_view text, std::size_t bytes_max) {
    if (text.empty()) return;
    const std::string field = fmt::format("{}{}={}", text_.empty() ? "" : " ", key, escaped(text, bytes_max, '='));
    if (text_.size() + field.size() <= room_) text_ += field;
  }
  // A key of the receiver's own choice, with the label that says what it is.
  void add_labelled(std::string_view key, std::string_view label, std::string_view text) {
    if (text.empty()) return;
    add(fmt::format("{}Label", key), label, 64);
    add(key, text, 1'023);
  }
  [[nodiscard]] const std::string& text() const noexcept { return text_; }

 private:
  std::size_t room_;
  std::string text_;
};

// A key's value has up to this many characters; a command that is longer is of no use.
constexpr std::size_t kCommandBytesMax = 1'600;

void add_steps(Extension& fields, const ToldMessage& told) {
  for (const ToldStep& step : told.steps) {
    if (step.text.size() > kCommandBytesMax) continue;
    if (step.key == "revoke_1") fields.add("straykeyRevoke", step.text, kCommandBytesMax);
    if (step.key == "cloudtrail") fields.add("straykeyCloudTrail", step.text, kCommandBytesMax);
    if (step.key == "acknowledge") fields.add("straykeyAcknowledge", step.text, kCommandBytesMax);
  }
}

}  // namespace

std::string cef_syslog_body(const Message& message, const BodyContext& context) {
  const ToldMessage told = told_message(message, context);
  std::string line = fmt::format("<{}>1 {} straykey straykey - {} - CEF:0|straykey|straykey|1|{}|{}|{}|",
                                 priority_of(told.severity), format_time(told.at), told.is_alert() ? "alert" : "notice",
                                 header_field(told.kind), header_field(told.name), severity_of(told.severity));
  Extension fields(kCefBytesMax - line.size());
  fields.add("rt", std::to_string(told.at * 1'000), 32);
  fields.add("externalId", told.id, 64);
  fields.add("cat", told.type, 64);
  fields.add("straykeyAlert", told.alert_id, 64);
  fields.add("msg", told.title, 1'023);
  std::string why = shown_why(told, "", 1'000);
  std::replace(why.begin(), why.end(), '\n', ' ');
  fields.add("reason", why, 1'023);
  // src is an address by its type: a service's name would have the event refused.
  fields.add("src", told.address, 64);
  fields.add("suser", told.text({"identity"}), 512);
  fields.add("act", told.text({"event", "eventName"}), 63);
  fields.add("requestClientApplication", told.text({"user_agent", "raw"}), 512);
  fields.add_labelled("cs1", "account", told.text({"account"}));
  fields.add_labelled("cs2", "accessKeyId", told.text({"token", "access_key_id"}));
  fields.add_labelled("cs3", "network", told.text({"network"}));
  fields.add_labelled("cs4", "tool", told.text({"user_agent", "tool"}));
  fields.add_labelled("cs5", "region", told.text({"region"}));
  fields.add_labelled("cs6", "link", told.link);
  add_steps(fields, told);
  return line + fields.text();
}

}  // namespace straykey
