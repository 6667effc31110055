#pragma once
// An alert event of the Elastic Common Schema.
//
// Shape:  field sets of ECS, and what it has no field for under `straykey`. Names are nested objects.
// Thread: any (a function of its arguments).
// Source: ECS 8.11, field reference; event.severity as the rules of Elastic Security have it (21, 47, 73, 99).
#include <string>

#include "core/detect/formats/body_format.h"

namespace straykey {

[[nodiscard]] std::string ecs_body(const Message& message, const BodyContext& context);

}  // namespace straykey
