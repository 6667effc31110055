#include "tools/config/agreement.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "core/base/hash.h"
#include "tools/config/setting_table.h"

namespace straykey {
namespace {

// A hash of a row of texts, one after the other.
class Digest {
 public:
  void add(std::string_view text) { sum_ = hash128(kFixedHashKey, sum_.key().append(text)); }
  [[nodiscard]] std::string text() const { return sum_.hex(); }

 private:
  Hash128 sum_;
};

// Which rows of a table decide; empty: all.
std::string rows_digest(const Config& config, std::string_view name, const std::vector<std::string_view>& keys) {
  Digest digest;
  for (const SettingTable& table : setting_tables()) {
    if (table.name != name) continue;
    const std::size_t entries = table.repeated ? table.count(config) : 1;
    for (std::size_t entry = 0; entry < entries; ++entry)
      for (const Setting& row : table.rows) {
        if (!keys.empty() && std::find(keys.begin(), keys.end(), row.key) == keys.end()) continue;
        digest.add(row.key);
        digest.add(row.show(config, entry).value_or(""));
      }
  }
  return digest.text();
}

void add_all(Digest& digest, std::vector<Prefix> prefixes) {
  std::vector<std::string> texts;
  for (const Prefix& prefix : prefixes) texts.push_back(prefix.text());
  std::sort(texts.begin(), texts.end());
  for (const std::string& text : texts) digest.add(text);
  digest.add(";");
}

std::string networks_digest(const NetworkInputs& networks) {
  Digest digest;
  add_all(digest, networks.trusted);
  add_all(digest, networks.untrusted);
  add_all(digest, networks.aws_ranges);
  digest.add(std::to_string(networks.aws_ranges_created.value_or(0)));
  for (const AsnRange& range : networks.asns)
    digest.add(range.first.text() + ' ' + range.last.text() + ' ' + std::to_string(range.asn) + ' ' + range.name);
  return digest.text();
}

}  // namespace

Agreement agreement_of(const Config& config, const NetworkInputs& networks) {
  Digest detection;
  for (const std::string_view table : {"detection", "detection.families", "detection.severities"})
    detection.add(rows_digest(config, table, {}));
  detection.add(rows_digest(config, "networks", {"hosting_asn", "accounts"}));
  return {{"detection settings", detection.text()},
          {"[[known]]", rows_digest(config, "known", {})},
          {"[[webhook]]", rows_digest(config, "webhook",
                                      {"name", "format", "severity_min", "analytics", "accounts", "campaign_alerts"})},
          {"network data", networks_digest(networks)},
          {"program version", STRAYKEY_VERSION}};
}

}  // namespace straykey
