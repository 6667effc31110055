#pragma once
// The alerts of a store, in the order of their first calls.
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "core/detect/alert.h"
#include "core/engine/store.h"

namespace straykey {

struct ListedAlert {
  Hash128 id;
  AlertState state;
  std::string document;  // JSON, state laid over it
};

// Returns how many there were.
std::uint64_t for_each_alert(StoreReader& reader, const std::function<void(const ListedAlert&)>& visit);
[[nodiscard]] std::optional<ListedAlert> find_alert(StoreReader& reader, Hash128 id);

}  // namespace straykey
