#pragma once
// RecordRewriter: makes new records from a trail's records: moved in time, with fresh ids, of other accounts and keys.
//
// Shape:  it works on the text and keeps its length. It moves every string that begins like 2026-11-22T03:04:05Z by
//         whole days. It replaces the ids eventID, sharedEventID and requestID; the same id always gives the same fresh
//         one, so duplicates stay duplicates. For fan-out, copy 0 keeps accounts and keys. In the other copies every
//         12-digit account and every AKIA, ASIA, AROA... id becomes another one, the same wherever it occurs.
// Thread: any (immutable).
// Bounds: times keep to the years 2013 to 2099, or stay as they are.
#include <cstdint>
#include <string>

#include "core/base/time.h"

namespace straykey {

struct RewriteSettings {
  std::int64_t shift_days = 0;
  bool fresh_ids = false;  // copies other than 0 always get fresh ids
  std::uint64_t seed = 1;
};

class RecordRewriter {
 public:
  explicit RecordRewriter(RewriteSettings settings) : settings_(settings) {}

  // Whether rewrite() changes nothing in copy 0.
  [[nodiscard]] bool is_identity() const noexcept { return settings_.shift_days == 0 && !settings_.fresh_ids; }
  void rewrite(std::string& record, std::uint32_t copy) const;
  // Replaces accounts and keys in any other text in the same way, such as in a label.
  void rename(std::string& text, std::uint32_t copy) const;
  [[nodiscard]] std::int64_t shift_days() const noexcept { return settings_.shift_days; }

 private:
  void shift_times(std::string& record) const;
  void freshen_ids(std::string& record, std::uint32_t copy) const;

  RewriteSettings settings_;
};

}  // namespace straykey
