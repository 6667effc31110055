#include "tests/simulation/simulation.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

namespace straykey {
namespace {

constexpr int kPhaseSteps = 120;            // under faults
constexpr int kCalmSteps = 6'000;           // enough to drain everything; if more are needed, something is stuck
constexpr std::size_t kInFlightMax = 24;    // requests; a sender has so many connections
constexpr std::uint64_t kCrashWithin = 60;  // store operations

std::string told(const Action& action) {
  constexpr std::string_view kTells[] = {"", "instance", "by issue", "by shape", "late", "a person's", "by session"};
  return fmt::format("[{} {} {} {} {} {} {}{}]", action.id,
                     action.what == Action::What::call    ? "call"
                     : action.what == Action::What::issue ? "issue"
                                                          : "exchange",
                     action.key, action.session, action.place->address, action.tool->family,
                     kTells[static_cast<std::size_t>(action.tells)], action.from_future ? " future" : "");
}

std::string session_of(const Action& call) {
  return fmt::format("{} {} {} {}", call.who->account, call.who->role, call.depth, call.session);
}

}  // namespace

Simulation::Swarm::Swarm(Random& random) {
  const auto rate = [&](double most) { return random.chance(0.4) ? 0.0 : most * random.unit() * random.unit(); };
  crash = rate(0.05);
  clean_stop = rate(0.02);
  map_full = rate(0.02);
  disk_error = rate(0.02);
  nearly_full = random.chance(0.15) ? rate(0.05) : 0;
  commit_failed = rate(0.3);
  unknown = rate(0.05);
  clock_jump = rate(0.1);
  freeze = rate(0.05);
  duplicate = rate(0.8);
  truncate = rate(0.3);
  abandon = rate(0.3);
  lose_reply = rate(0.4);
  delay = rate(0.6);
  webhook_down = rate(0.05);
  reload = rate(0.02);
  request_max = 1 + random.below(12);
  items_max = 1 + random.below(8);
  messages_max = 1 + random.below(8);
  small_queues = random.chance(0.2);
  small_tables = random.chance(0.3);
  long_uptime = random.chance(0.5);
  merger_lags = random.chance(0.3);
  judged_at_once = random.chance(0.6) ? 1 + random.below(4) : 500;
}

Site::Settings Simulation::site_settings(const World& world, const Swarm& swarm, std::uint64_t seed) {
  Site::Settings settings;
  settings.hash_key = {seed, 42};
  settings.detection.activation_days = world.activation_days;
  settings.detection.training_days = world.training_days;
  settings.detection.kubernetes = world.kubernetes;
  if (swarm.small_queues) settings.queued_bytes_max = 12'000;
  if (swarm.small_tables) {
    settings.signatures_max = 3;
    settings.keys_max = 2;
  }
  settings.candidates_at_once = swarm.judged_at_once;
  return settings;
}

Endpoints::Rates Simulation::endpoint_rates(Random& random) {
  const auto rate = [&](double most) { return random.chance(0.4) ? 0.0 : most * random.unit(); };
  return {rate(0.6), rate(0.3), rate(0.5), rate(0.1)};
}

Simulation::Simulation(std::uint64_t seed, Coverage& coverage, bool trace)
    : seed_(seed),
      coverage_(coverage),
      trace_(trace),
      random_(seed),
      world_(seed),
      swarm_(random_),
      faults_(random_.next(), coverage),
      endpoints_(random_.next(), {"siem", "pager"}, endpoint_rates(random_), coverage),
      site_(site_settings(world_, swarm_, seed), world_.networks(), faults_, endpoints_),
      checks_(site_),
      reference_({world_.activation_days, world_.training_days, world_.ranges_day, world_.kubernetes}),
      taught_(reference_) {
  if (world_.activation_days != 0) swarm_.nearly_full = 0;  // rows that were erased early may delay the activation
  exact_ = world_.order == World::Order::by_day && swarm_.nearly_full == 0;
  faults_.commit_failed = swarm_.commit_failed;
  faults_.unknown = swarm_.unknown;
  for (const Action& action : world_.actions)
    if (action.tells == Tells::shape_of_a_person) checks_.allow_contradictions_by(action.key);
}

Simulation::~Simulation() = default;

void Simulation::say(const std::string& what) {
  if (trace_) std::fprintf(stderr, "%6llu  %s\n", static_cast<unsigned long long>(steps_), what.c_str());
}

std::string Simulation::run() {
  try {
    run_all();
  } catch (const Violation& violation) {
    return fmt::format("step {}: {}", steps_, violation.what);
  }
  return {};
}

void Simulation::run_all() {
  site_.wall = static_cast<Seconds>(world_.phases.front().day) * kSecondsPerDay + 60;
  restart();
  for (std::size_t i = 0; i < world_.phases.size(); ++i) {
    run_phase(world_.phases[i]);
    if (i + 1 < world_.phases.size()) pass_day(world_.phases[i], world_.phases[i + 1].day);
  }
  drain();
}

void Simulation::run_phase(const Phase& phase) {
  say(fmt::format("phase of day {} with {} actions", phase.day, phase.actions.size()));
  today_ = phase.day;
  open_ = phase.actions;
  day_.insert(day_.end(), phase.actions.begin(), phase.actions.end());
  int budget = kPhaseSteps + 4 * static_cast<int>(phase.actions.size());
  while (!open_.empty() && --budget > 0) step();
  mend(true);
  calm_ = faults_.calm = true;
  // Copies of a request that still wait for another shard finish, too. Their candidates are judged then.
  for (budget = kCalmSteps; !open_.empty() || (exact_ && site_.in_flight() > 0); step())
    if (--budget == 0) throw Violation{fmt::format("liveness: {} actions are never acknowledged", open_.size())};
  calm_ = faults_.calm = false;
  tell_sessions();
  if (!site_.broken()) checks_.established_facts_stay(today_);
  if (!phase.ends_day) return;
  if (world_.order == World::Order::by_day) reference_.judge_day(today_, day_);
  day_.clear();
}

// Moves the clocks on to the next phase. The run clock either follows the days, or the machine was off for most of
// them.
void Simulation::pass_day(const Phase& phase, Day next) {
  if (next == phase.day) return;
  if (next > phase.day + 2) catch_up();
  const double days = static_cast<double>(next - phase.day);
  site_.wall += static_cast<Seconds>(next - phase.day) * kSecondsPerDay;
  if (swarm_.long_uptime) {
    // Rows age a few hours at a time, as on a real machine.
    for (int i = 0; i < 6; ++i) {
      site_.uptime += days * 14'000;
      guarded([&] {
        if (!site_.running() || site_.broken()) return;
        if (site_.has_messages()) site_.merge_some(random_, swarm_.messages_max);
        check_when_backlog_is_judged();
        site_.age_rows();
        for (std::uint32_t shard = 0; shard < site_.shards(); ++shard) {
          site_.commit(shard);
          site_.flush_if_due(shard);
        }
      });
    }
  }
}

// The merger has judged what finished. Calls that are a month old are learned, and not judged any more.
void Simulation::catch_up() {
  mend(true);
  calm_ = faults_.calm = true;
  if (site_.broken()) crash();
  merge_all();
  calm_ = faults_.calm = false;
}

void Simulation::drain() {
  mend(true);
  calm_ = faults_.calm = true;
  endpoints_.calm();
  for (int budget = kCalmSteps;; step()) {
    bool idle = !site_.broken() && !site_.has_messages() && endpoints_.idle() && on_the_way_.empty();
    for (std::uint32_t shard = 0; shard < site_.shards(); ++shard)
      idle = idle && !site_.has_items(shard) && !site_.has_batch(shard);
    if (idle) break;
    if (--budget == 0) throw Violation{"liveness: something never drains"};
    if (const auto wake = endpoints_.wake_at(site_.moment()); wake && *wake > site_.moment().steady_ms) {
      const double wait = static_cast<double>(*wake - site_.moment().steady_ms) / 1'000 + 0.001;
      site_.uptime += wait;
      site_.wall += static_cast<Seconds>(wait);
    }
  }
  site_.uptime += 6;  // soft state is flushed, and a store that failed is tried again
  for (std::uint32_t shard = 0; shard < site_.shards(); ++shard) site_.flush_if_due(shard);
  merge_all();
  if (site_.queued_bytes() != 0) throw Violation{"P6: credits were not given back"};
  if (!site_.not_ready().empty()) throw Violation{"liveness: not ready at the end: " + site_.not_ready().front()};
  if (exact_) {
    checks_.alerts_match(reference_, true);
    checks_.facts_match(reference_, today_, true);
  } else {
    checks_.alerts_hold_in_any_order(world_.actions, taught_, swarm_.nearly_full > 0);
    if (swarm_.nearly_full == 0) checks_.facts_match(taught_, today_, true);
  }
  checks_.established_facts_stay(today_);
  checks_.all_delivered(endpoints_);
}

// A crash may come out of any step.
void Simulation::guarded(const std::function<void()>& act) {
  try {
    act();
  } catch (const Crash&) {
    say("crash");
    crash();
  }
}

void Simulation::step() {
  ++steps_;
  if (!site_.running() || (site_.broken() && (calm_ || random_.chance(0.3)))) {
    crash();
    return;
  }
  guarded([&] {
    if (!calm_) strike();
    if (!site_.running()) return;
    const std::size_t what = random_.below(16);
    const auto shard = static_cast<std::uint32_t>(random_.below(site_.shards()));
    if (what < 4) {
      send();
    } else if (what < 10) {
      work(shard);
    } else if (what < 13) {
      if (!swarm_.merger_lags || calm_ || random_.chance(0.2)) merge();
    } else if (what < 15) {
      faults_.step = Step::deliver;
      endpoints_.step(site_.moment(), [this](DeliveryOutcome outcome) { site_.report(std::move(outcome)); });
    } else {
      tick();
    }
  });
}

void Simulation::send() {
  if (site_.in_flight() >= kInFlightMax || (calm_ && open_.empty() && on_the_way_.empty())) return;
  if (!on_the_way_.empty() && (calm_ || random_.chance(0.3))) {
    coverage_.note(Fault::reordered, Step::admit);
    const std::size_t which = random_.below(on_the_way_.size());
    std::vector<const Action*> late = std::move(on_the_way_[which]);
    on_the_way_.erase(on_the_way_.begin() + static_cast<std::ptrdiff_t>(which));
    return arrive(std::move(late), false);
  }
  std::vector<const Action*> actions;
  const std::size_t count = 1 + random_.below(swarm_.request_max);
  for (std::size_t i = 0; i < count; ++i) {
    if (!acked_.empty() && !calm_ && random_.chance(swarm_.duplicate)) {
      coverage_.note(Fault::duplicate, Step::admit);
      actions.push_back(random_.pick(acked_));
    } else if (!open_.empty()) {
      actions.push_back(random_.pick(open_));
    }
  }
  if (actions.empty()) return;
  if (calm_) return arrive(std::move(actions), true);
  if (random_.chance(swarm_.truncate)) {
    coverage_.note(Fault::truncated, Step::admit);
    actions.resize(1 + random_.below(actions.size()));
    return arrive(std::move(actions), false);
  }
  if (random_.chance(swarm_.delay)) {  // it arrives when the sender does not wait any more
    if (on_the_way_.size() < 8) on_the_way_.push_back(actions);
    if (random_.chance(0.5)) return;
  }
  if (random_.chance(swarm_.abandon)) {
    coverage_.note(Fault::abandoned, Step::admit);
    return arrive(std::move(actions), false);
  }
  arrive(std::move(actions), true);
}

// `heard`: the sender waits for the reply, and gets it unless it is lost.
void Simulation::arrive(std::vector<const Action*> actions, bool heard) {
  auto request = std::make_unique<Request>();
  for (const Action* action : actions) World::write(*request, *action);
  const bool lost = !calm_ && random_.chance(swarm_.lose_reply);
  request->on_done = [this, actions, heard, lost](RequestOutcome outcome) {
    say(fmt::format("reply {} to{}", outcome == RequestOutcome::committed ? 200 : 503, actions.front()->id));
    if (outcome != RequestOutcome::committed) return;
    // Whether or not the sender gets the reply, what it says is promised.
    for (const Action* action : actions)
      if (acknowledged_.insert(action).second) promise(*action);
    if (heard && lost) coverage_.note(Fault::lost_reply, faults_.step);
    if (!heard || lost) return;
    for (const Action* action : actions) {
      const auto at = std::find(open_.begin(), open_.end(), action);
      if (at == open_.end()) continue;
      open_.erase(at);
      acked_.push_back(action);
    }
  };
  if (trace_) {
    std::string list;
    for (const Action* action : actions) list += ' ' + told(*action);
    say(fmt::format("request of{}{}{}", list, heard ? "" : ", nobody listens", lost ? ", reply lost" : ""));
  }
  const auto refused = site_.submit(std::move(request), random_.below(Site::kIntakes));
  if (refused == nullptr) return;
  coverage_.note(Fault::refused, Step::admit);
  if (!refused->batches.empty()) throw Violation{"P6: a refused request was routed"};
}

// Notes that what an acknowledged action taught is promised from now on.
void Simulation::promise(const Action& action) {
  const bool is_call = action.what == Action::What::call;
  if (!is_call) issued_.emplace(action.key, action.day);
  if (!action.issued_key.empty()) handed_[action.issued_key] = &action;
  const bool proven = !is_call || is_proven(action);
  taught_.learn(action, proven);
  if (!proven) waiting_.push_back(&action);
  learn_what_is_proven();
}

void Simulation::learn_what_is_proven() {
  const auto has_come = [this](const Action* earlier) {
    if (!is_proven(*earlier)) return false;
    taught_.learn(*earlier);
    return true;
  };
  std::erase_if(waiting_, has_come);
}

// A call with a proven key proves its session. The reply to a call does not wait until the session's shard knows what
// another request under way tells of it, so this is promised only when all requests are answered.
void Simulation::tell_sessions() {
  for (const Action* action : acked_)
    if (action->tells == Tells::in_scope_of || action->tells == Tells::instance_id || action->tells == Tells::by_issue)
      if (action->what == Action::What::call && !action->from_future && is_proven(*action))
        told_.emplace(session_of(*action), action->day);
  learn_what_is_proven();
}

// An issue speaks for two days before and after it: a masked key has another owner on others.
bool Simulation::is_issued(const Action& call) const {
  const auto near = issued_.lower_bound({call.key, call.day - 2});
  return near != issued_.end() && near->first == call.key && near->second <= call.day + 2;
}

// Whether what was acknowledged tells whose key the call was made with.
bool Simulation::is_proven(const Action& call) const {
  if (call.tells == Tells::by_session) return told_.contains({session_of(call), call.day});
  const bool by_issue = call.tells == Tells::by_issue || call.tells == Tells::shape_then_issue;
  if (call.depth == 0) return !by_issue || is_issued(call);
  const auto by = handed_.find(call.key);
  return by != handed_.end() && is_proven(*by->second);
}

void Simulation::work(std::uint32_t shard) {
  if (site_.has_items(shard)) {
    say(fmt::format("shard {} applies", shard));
    site_.apply_some(shard, random_, 1 + random_.below(swarm_.items_max));
  }
  if (!calm_ && random_.chance(0.4)) return;  // the batch waits for more
  say(fmt::format("shard {} commits", shard));
  site_.commit(shard);
  site_.flush_if_due(shard);
}

void Simulation::merge() {
  if (site_.has_messages()) say("merge");
  if (site_.has_messages()) site_.merge_some(random_, 1 + random_.below(swarm_.messages_max));
  check_when_backlog_is_judged();
  site_.age_rows();
  site_.refill();
}

void Simulation::merge_all() {
  for (int budget = kCalmSteps; site_.has_messages(); merge())
    if (--budget == 0) throw Violation{"liveness: the merger never commits"};
}

void Simulation::tick() {
  if (!frozen_) {
    const double seconds = 4 * random_.unit();
    site_.uptime += seconds;
    site_.wall += static_cast<Seconds>(seconds + 0.5);
  }
}

void Simulation::strike() {
  if (random_.chance(swarm_.crash)) faults_.crash_in(1 + static_cast<int>(random_.below(kCrashWithin)));
  if (random_.chance(swarm_.clock_jump)) {
    coverage_.note(Fault::clock_jump, Step::idle);
    const int days = random_.between(-400, 400);
    site_.wall = std::max<Seconds>(1'400'000'000, site_.wall + days * kSecondsPerDay);
  }
  if (random_.chance(swarm_.freeze)) {
    coverage_.note(Fault::clock_freeze, Step::idle);
    frozen_ = !frozen_;
  }
  if (random_.chance(swarm_.webhook_down)) endpoints_.set_down(random_.chance(0.5) ? "siem" : "pager", true);
  if (random_.chance(0.02)) endpoints_.set_down(random_.chance(0.5) ? "siem" : "pager", false);
  if (random_.chance(swarm_.reload)) {
    coverage_.note(Fault::networks_reloaded, Step::idle);
    site_.reload_networks();
  }
  strike_store();
  if (random_.chance(0.05)) mend(false);
  if (random_.chance(swarm_.clean_stop)) {
    coverage_.note(Fault::clean_stop, Step::idle);
    say("stop");
    site_.stop();
    restart();
  }
}

void Simulation::strike_store() {
  const std::size_t which = random_.below(site_.partitions() + 1);
  const bool alerts = which == site_.partitions();
  if (random_.chance(swarm_.map_full)) (alerts ? site_.alerts().full : site_.partition(which).full) = true;
  if (random_.chance(swarm_.disk_error))
    (alerts ? site_.alerts().unreadable : site_.partition(which).unreadable) = true;
  if (!alerts && random_.chance(swarm_.nearly_full)) {
    coverage_.note(Fault::nearly_full, Step::idle);
    site_.partition(which).set_fullness(0.9);
  }
}

void Simulation::mend(bool everything) {
  for (std::size_t i = 0; i < site_.partitions(); ++i) {
    if (!everything && random_.chance(0.5)) continue;
    site_.partition(i).full = site_.partition(i).unreadable = false;
    site_.partition(i).set_fullness(0.1);
  }
  if (everything || random_.chance(0.5)) site_.alerts().full = site_.alerts().unreadable = false;
  if (everything) frozen_ = false;
}

void Simulation::crash() {
  if (site_.broken()) coverage_.note(Fault::crash, Step::idle);
  site_.die();
  restart();
}

void Simulation::restart() {
  for (int tries = 0; !site_.running(); ++tries) {
    if (tries == 20) mend(true);
    if (tries > 40) throw Violation{"liveness: it does not start"};
    std::uint32_t shards =
        site_.shards() == 0 ? 1 + static_cast<std::uint32_t>(random_.below(Site::kShardsMax)) : site_.shards();
    if (site_.shards() != 0 && random_.chance(0.15)) {
      shards = 1 + static_cast<std::uint32_t>(random_.below(Site::kShardsMax));
      if (shards != site_.shards()) coverage_.note(Fault::shards_changed, Step::start);
    }
    if (!calm_ && random_.chance(10 * swarm_.crash))
      faults_.crash_in(1 + static_cast<int>(random_.below(kCrashWithin)));
    try {
      if (site_.start(shards)) break;
    } catch (const Crash&) {
      site_.die();
    }
    if (tries > 2) mend(false);
  }
  say(fmt::format("started with {} shards", site_.shards()));
  check_after_restart();
}

// Checks that what was acknowledged has survived, and that every alert which it calls for is raised before anything
// else is judged.
void Simulation::check_after_restart() {
  if (site_.backlog_waits()) coverage_.note(Fault::backlog, Step::start);
  owed_ = reference_;
  check_when_backlog_is_judged();
  if (swarm_.nearly_full == 0) checks_.facts_match(taught_, today_, false);
  checks_.established_facts_stay(today_);
}

void Simulation::check_when_backlog_is_judged() {
  if (!owed_ || site_.backlog_waits()) return;
  if (exact_) checks_.alerts_match(*owed_, false);
  owed_.reset();
}

std::set<std::string> Simulation::variations() {
  std::set<std::string> out;
  for (const auto& [name, id] : checks_.read().alerts) out.insert(name.variation);
  return out;
}

}  // namespace straykey
