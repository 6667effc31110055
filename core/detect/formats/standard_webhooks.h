#pragma once
// The body of Standard Webhooks: a type, a time and the document.
//
// Thread: any (a function of its argument).
// Source: standardwebhooks.com, version 1.0.0, "Payload structure".
#include <string>

namespace straykey {

struct Message;

// An OldBody is such a body already.
[[nodiscard]] std::string standard_webhooks_body(const Message& message);

}  // namespace straykey
