#include "core/detect/formats/body_format.h"

#include <set>
#include <string>

#include <doctest/doctest.h>

namespace straykey {
namespace {

Message alert() {
  Alert alert;
  alert.id = {1, 2};
  alert.call.time = 1'711'011'900;
  alert.verdict = {Variation::remote_suspicious, {}, {}};
  return alert;
}

TEST_CASE("body format: each has a name of its own, and the same facts give the same bytes") {
  std::set<std::string_view> names;
  for (const BodyFormat& format : body_formats()) {
    CHECK(names.insert(format.name).second);
    for (const Message& message : {alert(), Message(ActivationReport{}), Message(AlertSummary{})}) {
      CHECK_FALSE(format.make(message).empty());
      CHECK_EQ(format.make(message), format.make(decode_message(encode_message(message)).value()));
    }
  }
}

TEST_CASE(
    "body format: Standard Webhooks has a type, a time and the document, and is what an endpoint gets by default") {
  const BodyFormat& standard = body_formats().front();
  CHECK_EQ(standard.name, "standard_webhooks");
  CHECK_EQ(standard.make(alert()),
           R"({"type":"alert.created","timestamp":"2024-03-21T09:05:00Z","data":)" + message_document(alert()) + "}");
  CHECK_EQ(standard.make(OldBody{"as it was sent", "was"}), "as it was sent");
}

}  // namespace
}  // namespace straykey
