#pragma once
// DetectionSettings: what an operator can set about detection, with the reference's values as defaults.
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/base/time.h"
#include "core/detect/catalogue.h"

namespace straykey {

// An entry of [[known]]: for the identities that its pattern names, one thing counts as acknowledged (known_things.h).
struct KnownThing {
  std::string name;                     // how alerts and warnings call the entry
  std::string identity;                 // a pattern; * stands for any characters
  std::string network, tool, platform;  // one of them is not empty
  Day until = 0;                        // the last day of calls for which it counts; 0: for good
  std::string reason;

  bool operator==(const KnownThing&) const = default;
};

struct DetectionSettings {
  int activation_days = 14;                                 // 0: every account is active at once (forensic use). 0..60
  int training_days = 30;                                   // 1..30
  int dedup_days = 5;                                       // 1..30
  bool ec2 = true;                                          // families.ec2
  bool kubernetes = false;                                  // families.kubernetes: clusters that are not EKS's
  std::uint64_t identity_alerts_max = 50;                   // alerts of an identity, analytic, tier and day
  std::uint64_t flood_max = 5'000;                          // alerts per analytic and day; the rest becomes one summary
  std::map<std::string, Severity, std::less<>> severities;  // by variation id
  std::set<std::uint32_t> hosting_asns;                     // networks.hosting_asn: anybody may rent an address there
  std::set<std::string, std::less<>> accounts;              // ours, as declared in networks.accounts
  std::set<std::string, std::less<>> brokers;               // account/role: their children are people's sessions
  std::uint32_t keep_days = 400;                            // alerts.keep_days: how long alerts stay in the store
  std::vector<KnownThing> known;                            // [[known]], in the order of the configuration

  [[nodiscard]] Severity severity_of(const CatalogueEntry& entry) const {
    const auto found = severities.find(entry.id);
    return found == severities.end() ? entry.severity : found->second;
  }
  bool operator==(const DetectionSettings&) const = default;
};

}  // namespace straykey
