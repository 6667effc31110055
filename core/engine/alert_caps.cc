#include "core/engine/alert_caps.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "core/base/bytes.h"
#include "core/detect/settings.h"

namespace straykey {
namespace {

// No analytic has this number, so these rows lie behind the counts.
constexpr char kWaitingPrefix = '\xff';
constexpr std::size_t kAllKeyBytes = 5, kLongKeyBytes = 22;

CapCount count_of(StoreReader& reader, std::string_view key) {
  const auto stored = reader.get(Table::flood, key);
  return stored ? decode_cap_count(*stored).value_or(CapCount{}) : CapCount{};
}

void put_count(StoreWriter& writer, std::string_view key, const CapCount& count) {
  writer.put(Table::flood, key, ByteWriter().varint(count.raised).varint(count.suppressed).bytes());
}

// The day's bytes with the highest first, so that days are in order.
std::string ordered(Day day) {
  std::string out;
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(day >> shift);
  return out;
}

std::string encode_waiting(const AlertSummary& summary) {
  return ByteWriter()
      .fixed(summary.analytic)
      .string(summary.account)
      .string(summary.identity)
      .fixed(summary.day)
      .fixed(summary.severity)
      .varint(summary.strong)
      .varint(summary.weak)
      .varint(summary.alerts_max)
      .bytes();
}

std::optional<AlertSummary> decode_waiting(std::string_view bytes) {
  ByteReader in(bytes);
  AlertSummary summary;
  summary.analytic = in.fixed<Analytic>();
  summary.account = in.string();
  summary.identity = in.string();
  summary.day = in.fixed<Day>();
  summary.severity = in.fixed<Severity>();
  summary.strong = in.varint();
  summary.weak = in.varint();
  summary.alerts_max = in.varint();
  if (!in.at_end() || summary.severity > Severity::high) return std::nullopt;
  return summary;
}

}  // namespace

std::optional<CapCount> decode_cap_count(std::string_view bytes) {
  ByteReader in(bytes);
  CapCount count;
  count.raised = in.varint();
  count.suppressed = in.varint();
  if (!in.at_end()) return std::nullopt;
  return count;
}

bool is_flood_row(std::string_view key, std::string_view value) {
  if (key.size() != kAllKeyBytes && key.size() != kLongKeyBytes) return false;
  return key.front() == kWaitingPrefix ? decode_waiting(value).has_value() : decode_cap_count(value).has_value();
}

std::string AlertCaps::identity_key(const Hit& hit) const {
  const Hash128 who = hash128(hash_key_, ByteWriter().string(hit.account).string(hit.identity).view());
  return ByteWriter().fixed(counted_as(hit)).fixed(hit.day).fixed(hit.tier).bytes() + who.key();
}

// Hits that are known count apart from others of their analytic, so that they take no other alert's place.
std::uint8_t AlertCaps::counted_as(const Hit& hit) noexcept {
  constexpr std::uint8_t kKnown = 0x40;
  return static_cast<std::uint8_t>(static_cast<std::uint8_t>(hit.analytic) | (hit.known ? kKnown : 0));
}

bool AlertCaps::admit(StoreWriter& writer, const Hit& hit) {
  const std::string of_identity = identity_key(hit);
  CapCount identity = count_of(writer, of_identity);
  AlertSummary summary{
      .analytic = hit.analytic, .account = {}, .identity = {}, .day = hit.day, .severity = hit.severity};
  if (identity.raised >= detection_.identity_alerts_max) {
    ++identity.suppressed;
    put_count(writer, of_identity, identity);
    if (hit.known) return false;
    summary.account = hit.account;
    summary.identity = hit.identity;
    summary.alerts_max = detection_.identity_alerts_max;
    suppress(writer, std::move(summary), hit.tier);
    return false;
  }
  const std::string of_all = ByteWriter().fixed(counted_as(hit)).fixed(hit.day).bytes();
  CapCount all = count_of(writer, of_all);
  const bool flooded = all.raised >= detection_.flood_max || hit.no_room;
  ++(flooded ? all.suppressed : all.raised);
  put_count(writer, of_all, all);
  if (flooded && hit.known) return false;
  if (flooded) {
    summary.alerts_max = std::min(detection_.flood_max, all.raised);
    suppress(writer, std::move(summary), hit.tier);
    return false;
  }
  ++identity.raised;
  put_count(writer, of_identity, identity);
  return true;
}

// Adds one hit to the summary that waits for the same (analytic, identity, day).
void AlertCaps::suppress(StoreWriter& writer, AlertSummary summary, Tier tier) {
  some_wait_ = true;
  const Hash128 who = hash128(hash_key_, ByteWriter().string(summary.account).string(summary.identity).view());
  const std::string key =
      kWaitingPrefix + ordered(summary.day) + who.key() + ByteWriter().fixed(summary.analytic).bytes();
  if (const auto stored = writer.get(Table::flood, key)) {
    if (const auto waiting = decode_waiting(*stored)) {
      summary.severity = std::max(summary.severity, waiting->severity);
      summary.strong = waiting->strong;
      summary.weak = waiting->weak;
    }
  }
  ++(tier == Tier::strong ? summary.strong : summary.weak);
  writer.put(Table::flood, key, encode_waiting(summary));
}

std::vector<AlertSummary> AlertCaps::take_over(StoreWriter& writer, Day day,
                                               const std::set<std::string_view>& accounts) {
  std::vector<AlertSummary> over;
  if (!some_wait_) return over;
  std::vector<std::string> keys;
  bool others = false;
  const std::string prefix(1, kWaitingPrefix);
  writer.scan(Table::flood, prefix, prefix, [&](std::string_view key, std::string_view value) {
    auto summary = decode_waiting(value);
    if (!summary || summary->day >= day) {
      others = true;
      return !summary;  // they are ordered by day
    }
    if (summary->identity.empty() || accounts.contains(summary->account) || summary->day + 1 < day) {
      keys.emplace_back(key);
      over.push_back(std::move(*summary));
    } else {
      others = true;
    }
    return true;
  });
  for (const std::string& key : keys) writer.erase(Table::flood, key);
  // A failed transaction reads nothing, and the erased rows are there again after it.
  some_wait_ = others || !over.empty() || !writer.failure().empty();
  return over;
}

}  // namespace straykey
