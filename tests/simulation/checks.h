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
    std::map<AlertName, Hash128> alerts;         // that stand
    std::map<std::string, Hash128> activations;  // by account
  };
  // Every alert in the store by its name, but those that are contradicted. Violation: two of one name that stand, an id
  // that is not the hash of the name (of one raised again: of the id that is contradicted), a body that changed, a
  // contradiction of nothing or by a key that nobody said to be another's.
  const Stored& read();
  // An event says late that the key was somebody else's.
  void allow_contradictions_by(const std::string& access_key) { lent_keys_.insert(access_key); }

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
  void read_message(Hash128 id, const boost::json::value& message);
  void read_alert(Hash128 id, const boost::json::value& document);
  void read_contradiction(Hash128 id, const boost::json::value& document);
  [[nodiscard]] bool is_id_of(Hash128 id, const AlertName& name, bool strong) const;

  Site& site_;
  Stored stored_;
  std::map<Hash128, std::string> bodies_;
  std::set<std::string> lent_keys_;
  std::set<Hash128> contradicted_;  // alerts
  std::map<Hash128, bool> high_, strong_;
  std::map<Hash128, std::string> prefixes_;  // of remote alerts: a form under which they take in hits, too
  CampaignChecks campaigns_;
  Facts established_;
};

}  // namespace straykey
