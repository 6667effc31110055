// The stories of a world that need more than a key and a place: keys whose names lie, sessions of the console, servers
// that call in the caller's name, clusters that are not EKS's. Each has its harmless twin.
#include <fmt/format.h>

#include <array>
#include <utility>

#include "tests/simulation/world.h"

namespace straykey {
namespace {

constexpr std::string_view kTaskShape = "0123456789abcdef0123456789abcdef";
constexpr std::string_view kTaskName = "fedcba9876543210fedcba9876543210";

const Agent kSdk{"Boto3/1.34.0 md/Botocore#1.34.0 ua/2.0 os/linux lang/python#3.12.1", "boto3", false, "linux", ""};
const Agent kAsksServer{"mcp-proxy/1.0 os/linux", "mcp", true, "linux", ""};
const Agent kServer{"aws-mcp.amazonaws.com", "mcp", true, "", ""};

}  // namespace

const Workload kLent{Kind::ecs, "lent", kAccounts[0], {kTaskName}};
const Workload kSlow{Kind::ecs, "slow", kAccounts[0], {kTaskName}};
const Workload kMasked{Kind::ecs, "masked", kAccounts[0], {kTaskName}};
const Workload kClusterPods{Kind::cluster, "web", kAccounts[0], {"web-session"}};
const Workload kConsoleUser{Kind::person, "admin", kAccounts[0], {"ana"}};

// Whether calls with the key tell whose its session is, and nothing but these: until one of them comes, a name that
// looks like a workload's would teach what weakly proven tokens teach.
bool World::has_told_session(const Key& key) const {
  const bool tells = key.tells == Tells::in_scope_of || key.tells == Tells::instance_id ||
                     (by_session_ && key.tells == Tells::by_issue);
  return tells && key.depth == 0 && key.session != kTaskShape && !key.session.starts_with("AWSCodeBuild-");
}

// Of keys whose issuing events come late it is certain what was taught before only if days come in their order.
void World::tell_stories(Day day) {
  if (random_.chance(0.3)) {
    const Key key{.name = fmt::format("ASIACONSOLE{}", actions.size()), .session = "ana", .tells = Tells::by_session};
    Action& call = add(day, kConsoleUser, somewhere_outside(), kSdk, key);
    call.way = Action::Way::console;
    today_.push_back(&call);
  }
  if (order == Order::any) return;
  lend(day, kLent, Tells::shape_of_a_person);
  lend(day, kSlow, Tells::shape_then_issue);
  lend_masked(day);
}

// One key is a task's on some days and a person's on others, which lie so far apart that each of its issuing events
// speaks for one of them. It has chances of its own, so that the other stories of a seed do not depend on it.
void World::lend_masked(Day day) {
  if (day < masked_until_) return;
  constexpr std::array kWays{Tells::by_issue, Tells::shape_then_issue, Tells::shape_of_a_person};
  masked_until_ = day + 5;
  std::swap(random_, masked_random_);
  lend(day, kMasked, kWays[random_.below(kWays.size())], "ASIAMASKED");
  std::swap(random_, masked_random_);
}

const Whereabouts& World::somewhere_outside() {
  return kPlaces[kInside + random_.below(kPlaces.size() - kInside)];
}

// The service assumes the role on some days. A key with a task's name is used before the event that issued it comes,
// which says that it was the service's, or a person's. Afterwards a key that is certainly the service's may be used in
// the same place, and its alert must not be taken for the one that was contradicted.
void World::lend(Day day, const Workload& who, Tells tells, const std::string& masked) {
  if (random_.chance(0.5)) {
    const Key plain{.name = fmt::format("ASIAPLAIN{}", actions.size()), .session = "by-hand", .tells = Tells::by_issue};
    Action& issue = add(day, who, kPlaces[0], kSdk, plain);
    issue.what = Action::What::issue;
    today_.push_back(&issue);
  }
  if (!random_.chance(0.4)) return;
  // A key that only its event proves has a name that says nothing.
  const Key key{.name = masked.empty() ? fmt::format("ASIALENT{}", actions.size()) : masked,
                .session = tells == Tells::by_issue ? "by-hand" : std::string(kTaskName),
                .tells = tells};
  const Whereabouts& place = somewhere_outside();
  const Agent& tool = kTools[random_.below(kTools.size())];
  for (int calls = random_.between(1, 3); calls > 0; --calls) today_.push_back(&add(day, who, place, tool, key));
  Action& issue = add(day, who, kPlaces[0], kSdk, key);
  issue.what = Action::What::issue;
  late_.push_back(&issue);
  if (!random_.chance(0.5)) return;
  const Key certain{
      .name = fmt::format("ASIACERTAIN{}", actions.size()), .session = "by-hand", .tells = Tells::in_scope_of};
  after_.push_back(&add(day, who, place, tool, certain));
}

// A pod exchanges its token and calls from where it runs, or from where a thief sits.
void World::run_cluster(Day day) {
  const Key key{.name = fmt::format("ASIAWEB{}", actions.size()), .session = "web-session", .tells = Tells::by_issue};
  const Whereabouts& home = kPlaces[kInside];
  Action& exchange = add(day, kClusterPods, home, kSdk, key);
  exchange.what = Action::What::exchange;
  today_.push_back(&exchange);
  for (int calls = random_.between(1, 3); calls > 0; --calls) {
    const bool stolen = random_.chance(0.3);
    const Whereabouts& place = stolen ? somewhere_outside() : home;
    today_.push_back(&add(day, kClusterPods, place, stolen ? random_.pick(kTools) : kSdk, key));
  }
}

void World::sit_at_console(Day day, const Workload& who, const Whereabouts& place, const Key& key) {
  Action& sign_in = add(day, who, place, kSdk, key);
  sign_in.way = Action::Way::sign_in;
  today_.push_back(&sign_in);
  if (!by_session_) return;
  Key session = key;
  session.name = fmt::format("ASIACONSOLE{}", actions.size());
  session.tells = Tells::by_session;
  for (int calls = random_.between(1, 2); calls > 0; --calls) {
    Action& call = add(day, who, place, kSdk, session);
    call.way = Action::Way::console;
    today_.push_back(&call);
  }
}

void World::ask_server(Day day, const Workload& who, const Whereabouts& place, const Key& key) {
  Action& asks = add(day, who, place, kAsksServer, key);
  asks.way = Action::Way::mcp;
  today_.push_back(&asks);
  if (!by_session_) return;
  Key of_server = key;
  of_server.name = fmt::format("ASIASERVER{}", actions.size());
  of_server.tells = Tells::by_session;
  Action& call = add(day, who, kPlaces[0], kServer, of_server);
  call.way = Action::Way::through_mcp;
  today_.push_back(&call);
}

}  // namespace straykey
