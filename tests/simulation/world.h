#pragma once
// World: a small organisation and what it does on some days, thefts included. Everything is made from the seed.
//
// Shape:  an Action says in plain words what happened (for the reference model) and can be written as the Event that
//         CloudTrail would bring (for the product). A Phase is what senders bring before the next phase begins.
// Thread: one.
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/engine/request.h"
#include "core/location/network_map.h"
#include "tests/simulation/random.h"

namespace straykey {

inline constexpr std::string_view kAccounts[] = {"111122223333", "444455556666"};

struct Agent {
  std::string_view agent;  // as sent
  std::string_view family;
  bool cli = false;
  std::string_view platform;
  std::string_view exec_env;
  bool attack = false;
  std::string_view letter = {};  // where it says that it found its credentials, if that is evidence
};

// Where a call comes from. Places of one network share its forms.
struct Whereabouts {
  std::string_view address;
  std::vector<std::string> forms;  // the network's names, the one that is shown first; empty: inside AWS
  bool known_by_prefix_only = false;

  [[nodiscard]] bool external() const noexcept { return !forms.empty(); }
};

// cluster: pods of a cluster that is not EKS's, which only their own issuer knows.
enum class Kind : std::uint8_t { lambda, ecs, eks, ec2, codebuild, cluster, person };

struct Workload {
  Kind kind;
  std::string_view role;
  std::string_view account;
  std::vector<std::string_view> sessions;
};

// How the event tells, or does not tell, whose token it is.
enum class Tells : std::uint8_t {
  in_scope_of,  // AWS says so in the event itself
  instance_id,  // the session's name is an instance's
  by_issue,     // only the issuing event tells, which may come late
  // The session's name looks like it, and the role must have been assumed by the service on earlier days. Nothing more
  // ever comes; or the service's issuing event comes late, when all its calls are acknowledged; or one that says that a
  // person was given the key, and chose the name.
  session_shape,
  shape_then_issue,
  shape_of_a_person,
  by_session  // another call of the same session on the same day
};

struct Action {
  enum class What : std::uint8_t {
    call,
    issue,
    exchange
  };  // exchange: a pod's AssumeRoleWithWebIdentity, both at once
  What what = What::call;
  enum class Way : std::uint8_t {
    key,
    sign_in,     // turns the key into a session of the console
    console,     // made in that session, with a key that no event issued
    mcp,         // asks an MCP server of AWS
    through_mcp  // made by the server in the caller's name, with a key that no event issued
  };
  Way way = Way::key;
  Tells tells = Tells::in_scope_of;
  Day day = 0;
  Seconds time = 0;
  bool from_future = false;
  const Workload* who = nullptr;
  const Whereabouts* place = nullptr;
  const Agent* tool = nullptr;
  std::string session, key, id;
  int depth = 0;           // how often AssumeRole was called since the workload was given its key
  std::string issued_key;  // the call is AssumeRole, and this key of the next depth is issued by it
};

struct Phase {
  std::vector<const Action*> actions;
  bool ends_day = true;  // the reference model judges the day when this phase is acknowledged
  Day day = 0;
};

extern const std::vector<Agent> kTools;
extern const std::vector<Whereabouts> kPlaces;
inline constexpr std::size_t kInside = 2;  // the first two places are inside AWS
// Those of the stories, apart from the workloads that thieves visit. Of kLent a person takes keys under a task's name,
// kSlow has tasks whose issuing events come late, kMasked has one key for all its tasks and people, as in masked logs,
// and kConsoleUser is a role that people switch to.
extern const Workload kLent, kSlow, kMasked, kClusterPods, kConsoleUser;

class World {
 public:
  enum class Order : std::uint8_t { by_day, any };  // any: events of all days come in any order

  // Worlds of even seeds have calls that only another call of their session proves.
  explicit World(std::uint64_t seed);
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  Order order = Order::by_day;
  int activation_days = 0;
  int training_days = 30;
  bool kubernetes = false;  // whether the family is judged
  Day ranges_day = 0;       // of the file with AWS's ranges: a month later its silence proves less
  std::deque<Action> actions;
  std::vector<Phase> phases;

  // The event of `action`, its texts kept by `request`.
  static void write(Request& request, const Action& action);
  [[nodiscard]] std::shared_ptr<const NetworkMap> networks() const;

 private:
  struct Key {
    std::string name, session;
    Tells tells = Tells::in_scope_of;
    Day issued = 0;
    bool known = false;  // its issuing event is among the actions already
    int depth = 0;
  };
  void plan_days();
  void fill_day(Day day, Day before);
  void work(const Workload& who, Day day, Day before);
  Key& key_for(const Workload& who, Day day, Day before);
  void hand_on(const Workload& who, Day day, const Key& key);
  void steal(Day day);
  void tell_stories(Day day);
  void lend(Day day, const Workload& who, Tells tells, const std::string& masked = {});
  void lend_masked(Day day);
  void run_cluster(Day day);
  [[nodiscard]] const Whereabouts& somewhere_outside();
  void sit_at_console(Day day, const Workload& who, const Whereabouts& place, const Key& key);
  void ask_server(Day day, const Workload& who, const Whereabouts& place, const Key& key);
  [[nodiscard]] bool has_told_session(const Key& key) const;
  Action& add(Day day, const Workload& who, const Whereabouts& place, const Agent& tool, const Key& key);

  Random random_, masked_random_;
  Day masked_until_ = 0;  // no other use of the masked key may be near
  bool by_session_;
  std::vector<Day> days_;
  std::vector<std::vector<Key>> keys_;      // by workload
  std::vector<std::vector<Key>> children_;  // by workload: what its keys were given by AssumeRole today
  std::vector<const Whereabouts*> habits_;  // by workload: where it calls from on most days, or inside
  std::vector<const Agent*> tools_;         // by workload
  double theft_ = 0, quiet_ = 0, late_issue_ = 0;
  std::vector<const Action*> today_, late_, after_;  // each when those before are acknowledged
};

}  // namespace straykey
