#pragma once
// Simulation: runs one seed. It has a world, a site, an adversary that chooses what happens next and what fails, and
// the checks.
//
// Shape:  for each phase of the world it takes steps under faults until a budget is used up, then calm steps until
//         everything is acknowledged. At the end everything drains. The reference model says what is right.
// Thread: one. The same seed always does the same.
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/simulation/checks.h"
#include "tests/simulation/coverage.h"
#include "tests/simulation/world.h"

namespace straykey {

class Simulation {
 public:
  Simulation(std::uint64_t seed, Coverage& coverage, bool trace);
  ~Simulation();

  // What was violated; empty if nothing was.
  [[nodiscard]] std::string run();
  [[nodiscard]] std::uint64_t steps() const noexcept { return steps_; }
  [[nodiscard]] std::size_t alerts() { return checks_.read().alerts.size(); }
  [[nodiscard]] std::set<std::string> variations();

 private:
  // How likely each fault is in this seed. Each is off in some seeds and frequent in others.
  struct Swarm {
    explicit Swarm(Random& random);
    double crash, clean_stop, map_full, disk_error, nearly_full, commit_failed, unknown;
    double clock_jump, freeze, duplicate, truncate, abandon, lose_reply, delay, webhook_down, reload;
    std::size_t request_max, items_max, messages_max;
    bool small_queues, small_tables, long_uptime, merger_lags;
    std::size_t judged_at_once;
  };
  [[nodiscard]] static Site::Settings site_settings(const World& world, const Swarm& swarm, std::uint64_t seed);
  [[nodiscard]] static Endpoints::Rates endpoint_rates(Random& random);

  void run_all();
  void run_phase(const Phase& phase);
  void pass_day(const Phase& phase, Day next);
  void catch_up();
  void drain();
  void step();
  void send();
  void arrive(std::vector<const Action*> actions, bool heard);
  void promise(const Action& action);
  void tell_sessions();
  void learn_what_is_proven();
  [[nodiscard]] bool is_issued(const Action& call) const;
  [[nodiscard]] bool is_proven(const Action& call) const;
  void work(std::uint32_t shard);
  void merge();
  void merge_all();
  void strike();
  void strike_store();
  void mend(bool everything);
  void tick();
  void crash();
  void restart();
  void check_after_restart();
  void check_when_backlog_is_judged();
  void guarded(const std::function<void()>& act);
  void say(const std::string& what);

  std::uint64_t seed_;
  Coverage& coverage_;
  bool trace_;
  Random random_;
  World world_;
  Swarm swarm_;
  Faults faults_;
  Endpoints endpoints_;
  Site site_;
  Checks checks_;
  Reference reference_;

  bool exact_ = true;  // the reference model can tell the alerts exactly
  bool calm_ = false;
  std::uint64_t steps_ = 0;
  std::vector<const Action*> open_;   // of this phase, not acknowledged
  std::vector<const Action*> acked_;  // of all phases
  std::set<const Action*> acknowledged_;
  std::set<std::pair<std::string, Day>> issued_;  // keys whose issue is acknowledged, and on which day it was
  std::set<std::pair<std::string, Day>> told_;    // sessions of proven calls that are acknowledged
  std::map<std::string, const Action*> handed_;   // by key: the call of AssumeRole that issued it, if acknowledged
  std::vector<const Action*> waiting_;            // calls that were acknowledged before they were proven
  std::vector<const Action*> day_;                // of the phases of this day
  std::deque<std::vector<const Action*>> on_the_way_;
  Reference taught_;  // by what is acknowledged
  // What called for alerts when the process started, as long as it still judges what the one before left.
  std::optional<Reference> owed_;
  Day today_ = 0;
  bool frozen_ = false;
};

}  // namespace straykey
