#include "core/engine/log_place.h"

#include "core/base/bytes.h"

namespace straykey {
namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::uint8_t kComplete = 1, kIsOurs = 2, kWiping = 4;

}  // namespace

std::string encode_log_place(const LogPlace& place) {
  const int flags = (place.complete ? kComplete : 0) | (place.is_ours ? kIsOurs : 0) | (place.wiping ? kWiping : 0);
  return ByteWriter()
      .fixed(kVersion)
      .fixed(place.log.low)
      .fixed(place.log.high)
      .fixed(place.next)
      .fixed(place.at)
      .fixed(static_cast<std::uint8_t>(flags))
      .bytes();
}

std::optional<LogPlace> decode_log_place(std::string_view bytes) {
  ByteReader in(bytes);
  if (in.fixed<std::uint8_t>() != kVersion) return std::nullopt;
  LogPlace place;
  place.log.low = in.fixed<std::uint64_t>();
  place.log.high = in.fixed<std::uint64_t>();
  place.next = in.fixed<std::uint64_t>();
  place.at = in.fixed<Seconds>();
  const auto flags = in.fixed<std::uint8_t>();
  place.complete = (flags & kComplete) != 0;
  place.is_ours = (flags & kIsOurs) != 0;
  place.wiping = (flags & kWiping) != 0;
  if (!in.at_end()) return std::nullopt;
  return place;
}

}  // namespace straykey
