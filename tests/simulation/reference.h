#pragma once
// Reference: decides what is right, plainly and slowly. It is independent of the product and includes none of its
// headers.
//
// Shape:  it gets all actions of a day at once, in the order of the days. It keeps who was seen where and with what as
//         sets of days, and which pairs raised alerts. It says which alerts must exist, each once.
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
  std::string subject;  // the network, the tool, or the variation itself
  Day day = 0;

  auto operator<=>(const AlertName&) const = default;
};

class Reference {
 public:
  struct Settings {
    int activation_days, training_days;
    Day ranges_day;
    bool kubernetes;
  };
  explicit Reference(const Settings& settings)
      : activation_days_(settings.activation_days),
        training_days_(settings.training_days),
        ranges_day_(settings.ranges_day),
        kubernetes_(settings.kubernetes) {}

  // REQUIRES: days come in order, each once.
  void judge_day(Day day, const std::vector<const Action*>& actions);
  // Only learns, for trails in whose order the verdicts cannot be told. `proven`: it is known whose token it is.
  void learn(const Action& action, bool proven = true);

  // true: the alert must exist. false: it may exist. That is a weak alert on a day with a strong one, which depends on
  // the order inside the day.
  [[nodiscard]] const std::map<AlertName, bool>& alerts() const noexcept { return alerts_; }
  // Accounts whose activation must have been reported, once.
  [[nodiscard]] std::set<std::string> reported_active() const;
  // (kind, scope, value) -> days.
  using FactName = std::tuple<std::string_view, std::string, std::string>;
  [[nodiscard]] const std::map<FactName, std::set<Day>>& facts() const noexcept { return facts_; }

  // The names that an alert would have for a call, for judging trails in any order.
  struct Hit {
    const Action* call = nullptr;
    std::string identity = {}, role = {};
    enum class Of : std::uint8_t { remote, command_line, misuse } of = Of::remote;
    bool strong = false;
    std::string variation = {}, subject = {};
    std::vector<std::string> subjects = {};
    std::vector<std::string> stands_as = {};  // of a new attack tool: the network's own names, for other days
    bool network_known = false;
    bool goes_on_learning = false;  // of a young account, and weak by itself: only an attack tool is marked
  };
  [[nodiscard]] static std::string role_of(const Action& call);
  // The role after so many calls of AssumeRole.
  [[nodiscard]] static std::string role_of(const Action& call, int depth);
  [[nodiscard]] static std::string identity_of(const Action& call);
  // The hits of a call, by what was learned on days before its own. `young`: its account is not active.
  [[nodiscard]] std::vector<Hit> hits_of(const Action& call, bool young = false) const;
  // On how many of the deciding days before `day` it was seen.
  [[nodiscard]] int days(std::string_view kind, const std::string& scope, const std::string& value, Day day) const;
  // The evidence of a call beside its tool and platform; empty: none.
  [[nodiscard]] static std::string letter_of(const Action& call);

 private:
  struct Standing {
    Day day;
    bool strong;
    std::vector<std::string> subjects;   // the first names it
    std::vector<std::string> stands_as;  // what else is taken in on other days
  };
  void learn_issue(const Action& action);
  void learn_token(const Action& action);
  void note(std::string_view kind, const std::string& scope, const std::string& value, Day day);
  // Who of a scope was seen on at least so many days of the window before `day`.
  [[nodiscard]] std::set<std::string> users(std::string_view kind, const std::string& scope, Day day,
                                            int days_seen = 1) const;
  [[nodiscard]] bool quarantined(const std::string& scope, const std::string& value, Day day) const;
  [[nodiscard]] bool learned_tool(const Action& call, const std::string& identity) const;
  // Weakly proven tokens teach facts of their own, which count for them beside those of the others.
  [[nodiscard]] int own_days(const Action& call, std::string_view kind, const std::string& value) const;
  struct Runner {
    std::string identity;
    Day day;
    bool weak;
  };
  [[nodiscard]] bool learned_runtime(const Runner& runner, std::string_view platform_or_exec_env) const;
  [[nodiscard]] bool learned_child(const Action& call) const;
  [[nodiscard]] bool learned_letter(const Action& call, const std::string& identity) const;
  [[nodiscard]] bool learned_console(const Action& call, const std::string& identity) const;
  [[nodiscard]] bool lends(const std::string& role, Day day) const;
  [[nodiscard]] bool new_impossible(const Action& call, const std::string& identity) const;
  [[nodiscard]] bool on_own_instances(const Runner& runner, std::string_view exec_env) const;
  [[nodiscard]] bool others_in(const std::vector<std::string>& forms, const Action& call) const;
  void judge_remote(const Action& call, std::vector<Hit>& hits) const;
  void judge_command_line(const Action& call, std::vector<Hit>& hits) const;
  void judge_misuse(const Action& call, std::vector<Hit>& hits) const;
  [[nodiscard]] bool active(const std::string& account, Day day) const;
  // What a young account does teaches only itself.
  [[nodiscard]] bool teaches(const std::string& user, const Action& call) const;
  static void keep_weak(Hit& hit);
  void activate(Day day, const std::vector<const Action*>& actions);
  void mark(const Hit& hit);
  void dedup(const std::vector<Hit>& hits);

  int activation_days_, training_days_;
  Day ranges_day_;
  bool kubernetes_;
  std::deque<Action> judged_twice_;
  std::map<FactName, std::set<Day>> facts_;
  std::map<std::pair<std::string, std::string>, std::set<Day>> quarantine_;
  std::map<std::string, Day> activated_;
  std::map<std::string, std::vector<Standing>> standing_;  // by analytic, account and identity
  std::map<AlertName, bool> alerts_;
};

}  // namespace straykey
