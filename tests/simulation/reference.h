#pragma once
// Reference: what is right, decided plainly and slowly, apart from the product (it knows none of its headers).
//
// Shape:  is given each day's actions, whole, in the order of days; keeps who was seen where with what on which days as
//         sets of days, and which pairs raised alerts; says which alerts must exist, each once.
// Source: the detection rules, sections 2 to 5.
// Thread: one.
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "tests/simulation/world.h"

namespace straykey {

struct AlertName {
  std::string variation;  // "remote_service_token.eks_remote"
  std::string account, identity;
  std::string subject;  // the network, or the tool
  Day day = 0;

  auto operator<=>(const AlertName&) const = default;
};

class Reference {
 public:
  Reference(int activation_days, int training_days, Day ranges_day)
      : activation_days_(activation_days), training_days_(training_days), ranges_day_(ranges_day) {}

  // REQUIRES: days come in order, each once.
  void judge_day(Day day, const std::vector<const Action*>& actions);
  // Learns only; for trails whose order does not let the verdicts be told. `proven`: whose token it is, is known.
  void learn(const Action& action, bool proven = true);

  // true: must exist. false: may (a weak one of a day on which a strong one was raised too: the order inside the day
  // tells).
  [[nodiscard]] const std::map<AlertName, bool>& alerts() const noexcept { return alerts_; }
  // Accounts whose activation must have been reported, once.
  [[nodiscard]] std::set<std::string> reported_active() const;
  // (kind, scope, value) -> days.
  using FactName = std::tuple<std::string_view, std::string, std::string>;
  [[nodiscard]] const std::map<FactName, std::set<Day>>& facts() const noexcept { return facts_; }

  // What a call would be called in an alert; for judging trails in any order.
  struct Hit {
    const Action* call;
    std::string identity, role;
    bool remote;  // else: a command line in a serverless workload
    bool strong;
    std::string variation, subject;
    std::vector<std::string> subjects;
  };
  [[nodiscard]] static std::string role_of(const Action& call);
  [[nodiscard]] static std::string identity_of(const Action& call);
  // Hits of a call by what was learned so far, and before its day.
  [[nodiscard]] std::vector<Hit> hits_of(const Action& call) const;
  // On how many of the days before `day` that decide.
  [[nodiscard]] int days(std::string_view kind, const std::string& scope, const std::string& value, Day day) const;

 private:
  struct Standing {
    Day day;
    bool strong;
    std::vector<std::string> subjects;
  };
  void note(std::string_view kind, const std::string& scope, const std::string& value, Day day);
  [[nodiscard]] std::set<std::string> users(std::string_view kind, const std::string& scope, Day day) const;
  [[nodiscard]] bool quarantined(const std::string& scope, const std::string& value, Day day) const;
  [[nodiscard]] bool learned_tool(const Action& call, const std::string& identity) const;
  void judge_remote(const Action& call, std::vector<Hit>& hits) const;
  void judge_command_line(const Action& call, std::vector<Hit>& hits) const;
  void activate(Day day, const std::vector<const Action*>& actions);
  void mark(const Hit& hit);
  void dedup(const std::vector<Hit>& hits);

  int activation_days_, training_days_;
  Day ranges_day_;
  std::map<FactName, std::set<Day>> facts_;
  std::map<std::pair<std::string, std::string>, std::set<Day>> quarantine_;
  std::map<std::string, Day> activated_;
  std::map<std::string, std::vector<Standing>> standing_;  // by analytic, account and identity
  std::map<AlertName, bool> alerts_;
};

}  // namespace straykey
