#include "core/engine/alert_pairs.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

TEST_CASE("alert pairs: a row is read as it was written, and bytes of another kind are nothing") {
  const AlertPairs pairs{.day = 19'800,
                         .pairs = {{FactKind::quarantine_identity_network, "111122223333/orders", "AS64511"},
                                   {FactKind::quarantine_identity_tool, "111122223333/orders", ""}}};
  const std::string row = encode_alert_pairs(pairs);
  CHECK(decode_alert_pairs(row) == pairs);
  CHECK(decode_alert_pairs(encode_alert_pairs({})) == AlertPairs{});
  CHECK_FALSE(decode_alert_pairs(row + "x").has_value());
  CHECK_FALSE(decode_alert_pairs(row.substr(0, row.size() - 1)).has_value());
  CHECK_FALSE(decode_alert_pairs("").has_value());
}

}  // namespace
}  // namespace straykey
