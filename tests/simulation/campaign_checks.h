#pragma once
// CampaignChecks: which campaign each alert must be in, by the alerts that are there.
//
// Shape:  it is told every alert once, by its document. It counts by itself what the rows of Table::campaigns count.
// Source: the detection rules, section 5, "Campaigns".
// Thread: one.
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include <boost/json.hpp>

#include "core/base/hash.h"
#include "core/base/time.h"

namespace straykey {

class Site;

class CampaignChecks {
 public:
  // An alert's document. Violation: it is in a campaign whose id is not made of its subject and first day, or that lies
  // too far from its day, or of a subject that is not its own.
  void add(const boost::json::value& document, Day day, bool strong);
  // The rows count what the alerts say. `days_in_order`: alerts were raised in the order of days, so which campaign
  // takes in which is certain.
  void match(Site& site, bool days_in_order) const;

 private:
  struct Member {
    Day day = 0, first_day = 0;
    std::string identity;
    std::uint64_t identities = 0;  // as the alert's body says
    bool strong = false;
  };
  static void in_order(const std::string& subject, const std::vector<Member>& members);

  std::map<std::string, std::vector<Member>> by_subject_;
};

}  // namespace straykey
