#pragma once
// An event for PagerDuty, which opens an incident.
//
// Shape:  without routing_key: that is a secret, which the sender lays in. The dedup_key is the id of the alert, so
//         that an attempt that is repeated opens no second incident, and what takes the alert back resolves its own.
// Bounds: 1,024 characters of summary; PagerDuty takes 512 KB.
// Thread: any (a function of its arguments).
// Source: PagerDuty Events API v2, "Send an alert event".
#include <string>

#include "core/detect/formats/body_format.h"

namespace straykey {

[[nodiscard]] std::string pagerduty_body(const Message& message, const BodyContext& context);

}  // namespace straykey
