#include "core/engine/dedup.h"

#include <algorithm>
#include <tuple>

#include "core/base/bytes.h"

namespace straykey {

std::vector<DedupEntry> that_may_take_in(std::vector<StandingAlert> standing, Day day) {
  std::erase_if(standing, [&](const StandingAlert& alert) { return !alert.named_alike && alert.entry.day == day; });
  // Not in the order in which they were raised, for that is the order of arrival.
  std::sort(standing.begin(), standing.end(), [](const StandingAlert& a, const StandingAlert& b) {
    return std::tie(a.named_alike, a.entry.day, a.entry.alert_id) <
           std::tie(b.named_alike, b.entry.day, b.entry.alert_id);
  });
  std::vector<DedupEntry> entries;
  for (const StandingAlert& alert : standing) entries.push_back(alert.entry);
  return entries;
}

DedupAnswer find_alert(const std::vector<DedupEntry>& entries, Day day, Tier tier, int dedup_days) noexcept {
  DedupAnswer answer;
  std::optional<Hash128> weak, strong;
  for (const DedupEntry& entry : entries) {
    const Day apart = entry.day > day ? entry.day - day : day - entry.day;
    if (apart >= static_cast<Day>(dedup_days)) continue;
    (entry.tier == Tier::strong ? strong : weak) = entry.alert_id;
  }
  if (tier == Tier::strong) {
    answer.taken_in_by = strong;
    if (!strong) answer.weaker = weak;
  } else {
    answer.taken_in_by = weak ? weak : strong;
  }
  return answer;
}

std::string dedup_key(HashKey key, Analytic analytic, std::string_view account, std::string_view identity,
                      std::string_view subject) {
  ByteWriter text;
  text.fixed(analytic).string(account).string(identity).string(subject);
  return hash128(key, text.view()).key();
}

std::string encode_dedup(const std::vector<DedupEntry>& entries) {
  const std::size_t skip = entries.size() > kDedupAlertsMax ? entries.size() - kDedupAlertsMax : 0;
  ByteWriter out;
  out.fixed<std::uint8_t>(1).varint(entries.size() - skip);
  for (std::size_t i = skip; i < entries.size(); ++i)
    out.fixed(entries[i].alert_id.low).fixed(entries[i].alert_id.high).fixed(entries[i].day).fixed(entries[i].tier);
  return out.bytes();
}

std::vector<DedupEntry> decode_dedup(std::string_view bytes) {
  ByteReader in(bytes);
  if (in.fixed<std::uint8_t>() != 1) return {};
  const std::uint64_t size = in.varint();
  std::vector<DedupEntry> entries;
  for (std::uint64_t i = 0; i < size && i < kDedupAlertsMax; ++i) {
    DedupEntry entry;
    entry.alert_id.low = in.fixed<std::uint64_t>();
    entry.alert_id.high = in.fixed<std::uint64_t>();
    entry.day = in.fixed<Day>();
    entry.tier = in.fixed<Tier>();
    entries.push_back(entry);
  }
  if (!in.at_end()) return {};
  return entries;
}

}  // namespace straykey
