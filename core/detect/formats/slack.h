#pragma once
// A message for a Slack incoming webhook, in Block Kit.
//
// Shape:  what came from outside stands in plain_text and preformatted elements only. Slack reads no markup in them, so
//         no text can mention a channel, hide a link or look like ours.
// Bounds: 150 characters of a header, 3,000 of a section, 2,000 of a field, 50 blocks, 13,000 characters in all. Steps
//         that find no room are left out, the last first.
// Thread: any (a function of its arguments).
// Source: Block Kit reference; "Formatting text for app surfaces" (which characters are written as entities).
#include <string>

#include "core/detect/formats/body_format.h"

namespace straykey {

[[nodiscard]] std::string slack_body(const Message& message, const BodyContext& context);

}  // namespace straykey
