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

enum class Kind : std::uint8_t { lambda, ecs, eks, ec2, codebuild, person };

struct Workload {
  Kind kind;
  std::string_view role;
  std::string_view account;
  std::vector<std::string_view> sessions;
};

// How the event tells, or does not tell, whose token it is.
enum class Tells : std::uint8_t {
  in_scope_of,   // AWS says so in the event itself
  instance_id,   // the session's name is an instance's
  by_issue,      // only the issuing event tells, which may come late
  session_shape  // the session's name looks like it, and the role must have been assumed by the service on earlier days
};

struct Action {
  enum class What : std::uint8_t {
    call,
    issue,
    exchange
  };  // exchange: a pod's AssumeRoleWithWebIdentity, both at once
  What what = What::call;
  Tells tells = Tells::in_scope_of;
  Day day = 0;
  Seconds time = 0;
  bool from_future = false;
  const Workload* who = nullptr;
  const Whereabouts* place = nullptr;
  const Agent* tool = nullptr;
  std::string session, key, id;
};

struct Phase {
  std::vector<const Action*> actions;
  bool ends_day = true;  // the reference model judges the day when this phase is acknowledged
  Day day = 0;
};

class World {
 public:
  enum class Order : std::uint8_t { by_day, any };  // any: events of all days come in any order

  explicit World(std::uint64_t seed);
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  Order order = Order::by_day;
  int activation_days = 0;
  int training_days = 30;
  Day ranges_day = 0;  // of the file with AWS's ranges: a month later its silence proves less
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
  };
  void plan_days();
  void fill_day(Day day, Day before);
  void work(const Workload& who, Day day, Day before);
  Key& key_for(const Workload& who, Day day, Day before);
  void steal(Day day);
  Action& add(Day day, const Workload& who, const Whereabouts& place, const Agent& tool, const Key& key);

  Random random_;
  std::vector<Day> days_;
  std::vector<std::vector<Key>> keys_;      // by workload
  std::vector<const Whereabouts*> habits_;  // by workload: where it calls from on most days, or inside
  std::vector<const Agent*> tools_;         // by workload
  double theft_ = 0, quiet_ = 0, late_issue_ = 0;
  std::vector<const Action*> today_, late_;
};

}  // namespace straykey
