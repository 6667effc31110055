#pragma once
// An event for Splunk's HTTP Event Collector: the document, with what Splunk wants to know of it.
//
// Thread: any (a function of its arguments).
// Source: Splunk, "Format events for HTTP Event Collector".
#include <string>

#include "core/detect/formats/body_format.h"

namespace straykey {

[[nodiscard]] std::string splunk_hec_body(const Message& message, const BodyContext& context);

}  // namespace straykey
