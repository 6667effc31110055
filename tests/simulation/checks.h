#pragma once
// Checks: compares what the stores hold with what the reference model says they must hold.
//
// Shape:  read() reads the alert store without any faults; the other functions throw Violation.
// Thread: one.
#include <map>
#include <set>
#include <string>

#include "tests/simulation/campaign_checks.h"
#include "tests/simulation/reference.h"
#include "tests/simulation/site.h"

namespace straykey {

class Checks {
 public:
  explicit Checks(Site& site) : site_(site) {}

  struct Stored {
    std::map<AlertName, Hash128> alerts;
    std::map<std::string, Hash128> activations;  // by account
  };
  // Every alert in the store by its name. Violation: two of one name, an id that is not the hash of the name, a body
  // that changed.
  const Stored& read();

  // P4: the alerts, and their campaigns, are those of `reference`. `complete`: everything is judged, so none may be
  // missing.
  void alerts_match(const Reference& reference, bool complete);
  // P1, P6: every fact that the acknowledged actions taught is in some partition. `exactly`: and no other.
  void facts_match(const Reference& reference, Day today, bool exactly);
  // For trails in any order: every alert exists that every order calls for, no alert exists that no order calls for,
  // and none exists twice. `evicting`: calls that wait for proof may have been given up.
  void alerts_hold_in_any_order(const std::deque<Action>& actions, const Reference& all_learned, bool evicting);
  // P7: a fact that was once seen on two days is still there, however old rows, full stores and clocks are.
  void established_facts_stay(Day today);
  // P5, at the end.
  void all_delivered(const Endpoints& endpoints);

 private:
  using Facts = std::map<Reference::FactName, std::set<Day>>;
  [[nodiscard]] Facts stored_facts();
  [[nodiscard]] static std::string others_of(const Stored& stored, const AlertName& name);
  void read_alert(Hash128 id, std::string_view body);

  Site& site_;
  Stored stored_;
  std::map<Hash128, std::string> bodies_;
  std::map<Hash128, bool> high_, strong_;
  std::map<Hash128, std::string> prefixes_;  // of remote alerts: a form under which they take in hits, too
  CampaignChecks campaigns_;
  Facts established_;
};

}  // namespace straykey
