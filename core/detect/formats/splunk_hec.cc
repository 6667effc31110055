#include "core/detect/formats/splunk_hec.h"

#include <utility>

#include "core/detect/formats/body_limit.h"
#include "core/detect/formats/told_message.h"

namespace straykey {
namespace {

std::string write(const ToldMessage& told) {
  namespace json = boost::json;
  json::object event = told.document;
  event["type"] = told.type;
  put_text(event, "alert_id", told.alert_id);
  put_text(event, "link", told.link);
  return plain_json(json::object{{"time", told.at},
                                 {"host", "straykey"},
                                 {"source", "straykey"},
                                 {"sourcetype", "straykey:json"},
                                 {"event", std::move(event)}});
}

}  // namespace

std::string splunk_hec_body(const Message& message, const BodyContext& context) {
  return within_body_limit(told_message(message, context), write);
}

}  // namespace straykey
