#pragma once
// A Detection Finding (class 2004) of the Open Cybersecurity Schema Framework.
//
// Shape:  the facts that the schema has a place for, and what it has none for under `unmapped`.
// Thread: any (a function of its arguments).
// Source: OCSF 1.3.0: the class Detection Finding and the objects that it names; the cloud profile.
#include <string>

#include "core/detect/formats/body_format.h"

namespace straykey {

[[nodiscard]] std::string ocsf_body(const Message& message, const BodyContext& context);

}  // namespace straykey
