#pragma once
// within_body_limit(): the body that a format writes of a message, cut until it holds kBodyBytesMax.
//
// Shape:  the bytes that are sent count, so a body is measured when it is written: an escape of a control character
//         takes five times its bytes in JSON. First the record gives way to its deciding fields, then each text from
//         outside is cut to 1,024, 256 and 64 bytes (sentences to 256). Commands are never cut: a part of one is worse
//         than none.
// Bounds: a document is under 20 KB before anything is escaped, and has some 200 texts at most. One of 64 bytes has at
//         most 128 in JSON, so the last cut fits, with what a format writes twice.
// Thread: any (a function of its arguments).
#include <string>

#include "core/detect/formats/told_message.h"

namespace straykey {

[[nodiscard]] std::string within_body_limit(ToldMessage told, std::string (*write)(const ToldMessage&));

}  // namespace straykey
