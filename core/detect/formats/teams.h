#pragma once
// An Adaptive Card for a Teams webhook (Workflows, or an incoming webhook).
//
// Shape:  what came from outside stands in text runs only, in which Teams reads no markup.
// Bounds: Teams takes 28 KB; a card has up to kTeamsBytesMax.
// Thread: any (a function of its arguments).
// Source: Adaptive Cards 1.4 schema (RichTextBlock, TextRun, Action.OpenUrl); Teams, "Create and send messages".
#include <string>

#include "core/detect/formats/body_format.h"

namespace straykey {

inline constexpr std::size_t kTeamsBytesMax = 24 * 1024;

[[nodiscard]] std::string teams_body(const Message& message, const BodyContext& context);

}  // namespace straykey
