#include "core/detect/formats/standard_webhooks.h"

#include <fmt/format.h>

#include "core/detect/message.h"

namespace straykey {

std::string standard_webhooks_body(const Message& message) {
  if (const auto* old = std::get_if<OldBody>(&message)) return old->body;
  return fmt::format(R"({{"type":"{}","timestamp":"{}","data":{}}})", message_type(message),
                     format_time(message_time(message)), message_document(message));
}

}  // namespace straykey
