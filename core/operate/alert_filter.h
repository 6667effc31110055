#pragma once
// AlertFilter: which alerts an operator wants to see, said by the fields of an alert.
//
// Shape:  a field that is left out asks nothing. Severity, status, analytic and platform take several values, parted by
//         commas; the others take one value and want all of it. `text` is looked for inside of the names and numbers.
// Thread: any (a value).
// Errors: one sentence that names the argument.
#include <array>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/hash.h"
#include "core/base/result.h"
#include "core/base/time.h"
#include "core/detect/catalogue.h"

namespace straykey {

// The fields of an alert that are texts and that alerts share with each other.
enum class AlertText : std::uint8_t { account, identity, network, as_name, tool, region, address };
inline constexpr std::size_t kAlertTexts = 7;
// The argument that asks for it.
[[nodiscard]] std::string_view name_of(AlertText field) noexcept;

struct AlertFilter {
  // Bits by the number of the value.
  static constexpr std::uint8_t kAny = 0xff;
  std::uint8_t severities = kAny, statuses = kAny, analytics = kAny, platforms = kAny;
  std::optional<Variation> variation;
  std::array<std::string, kAlertTexts> texts;  // by AlertText; empty: any. `address` asks for any of an alert's
  std::string key;                             // any of its access keys
  std::uint32_t asn = 0;                       // 0: any
  std::optional<Hash128> campaign;
  // Of its first call, both included.
  Seconds from = std::numeric_limits<Seconds>::min(), to = std::numeric_limits<Seconds>::max();
  std::string text;  // in lower case
};

// Looks only at the arguments that are a filter's.
[[nodiscard]] Result<AlertFilter> alert_filter_of(const std::map<std::string, std::string, std::less<>>& arguments);

// ASCII letters in lower case.
[[nodiscard]] std::string lower_case(std::string_view text);

}  // namespace straykey
