#pragma once
// ToldMessage: what formats say of a message, read from its document. Formats are projections of the document, so that
// its limits and the secrets taken out of it hold for each of them.
//
// Shape:  every text of it is as people may be shown it: what turns or hides text is written as an escape
//         (terminal_text), because a SIEM shows what it decodes of a body. Only the record, at "event" in the document,
//         is as its sender wrote it.
// Thread: any (a value).
// Errors: what a document does not have is empty. That holds for an old body, too, of which only the JSON is known.
#include <boost/json.hpp>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/time.h"
#include "core/detect/catalogue.h"
#include "core/detect/formats/body_format.h"

namespace straykey {

// One thing that may be done now, as a text to paste.
struct ToldStep {
  std::string key;      // "revoke_1", "cloudtrail", "athena", "acknowledge"
  std::string purpose;  // a few words
  std::string text;
};

struct ToldMessage {
  std::string type;  // "alert.created"
  Seconds at = 0;
  std::string id;
  std::string alert_id;  // of the alert that it is about: its own id, or that of the alert that it takes back
  Severity severity = Severity::informational;
  std::string kind;              // the variation of an alert; else the type
  std::string name;              // "Suspicious usage of AWS service token"; else the title
  std::string title;             // a sentence
  std::vector<std::string> why;  // its reasons; of an activation, what counts as usual
  std::vector<ToldStep> steps;
  std::string caution;  // what the steps that revoke do beside what they are for; empty if there are none
  std::string link;  // to the alert on the page, or to the report; empty: no page is configured, or it is about neither
  std::string address;  // the call's, if it has one: some services' names stand in its place
  boost::json::object document;

  [[nodiscard]] bool is_alert() const noexcept { return type == "alert.created"; }
  // An event came late which says that the alert was about somebody else.
  [[nodiscard]] bool takes_alert_back() const noexcept { return type == "alert.contradicted"; }
  // The text, or the number, that stands there in the document; empty if none does.
  [[nodiscard]] std::string text(std::initializer_list<std::string_view> path) const;
  // What stands there, or null.
  [[nodiscard]] const boost::json::value* find(std::initializer_list<std::string_view> path) const;
};
[[nodiscard]] ToldMessage told_message(const Message& message, const BodyContext& context);

// "HIGH".
[[nodiscard]] std::string_view loud_name_of(Severity severity) noexcept;

// Text of others as people may be shown it: what turns or hides text is written as an escape (terminal_text), and it is
// cut to `bytes_max` bytes, with "..." at the end.
[[nodiscard]] std::string shown_text(std::string_view text, std::size_t bytes_max);
// The reasons as lines, each behind `mark`.
[[nodiscard]] std::string shown_why(const ToldMessage& told, std::string_view mark, std::size_t bytes_max);

// JSON in which no byte turns or hides text; it means the same.
[[nodiscard]] std::string plain_json(const boost::json::value& value);

// Puts it in, unless it is empty.
void put_text(boost::json::object& object, std::string_view key, std::string text);

}  // namespace straykey
