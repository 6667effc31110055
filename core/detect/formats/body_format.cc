#include "core/detect/formats/body_format.h"

#include "core/detect/formats/standard_webhooks.h"

namespace straykey {

std::span<const BodyFormat> body_formats() noexcept {
  static constexpr BodyFormat kFormats[] = {{"standard_webhooks", standard_webhooks_body}};
  return kFormats;
}

}  // namespace straykey
