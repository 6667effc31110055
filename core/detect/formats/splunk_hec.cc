#include "core/detect/formats/splunk_hec.h"

#include <utility>

#include "core/detect/formats/told_message.h"

namespace straykey {

std::string splunk_hec_body(const Message& message, const BodyContext& context) {
  namespace json = boost::json;
  ToldMessage told = told_message(message, context);
  json::object event = std::move(told.document);
  event["type"] = told.type;
  put_text(event, "link", told.link);
  return plain_json(json::object{{"time", told.at},
                                 {"host", "straykey"},
                                 {"source", "straykey"},
                                 {"sourcetype", "straykey:json"},
                                 {"event", std::move(event)}});
}

}  // namespace straykey
