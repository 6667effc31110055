#pragma once
// StoryTeller: writes the calls of the stories into the trail, and keeps the alerts they must raise.
//
// Thread: one owner.
#include <string>
#include <vector>

#include "tools/simulate/stories.h"
#include "tools/simulate/trail_writer.h"

namespace straykey {

// One alert that a detector must raise for the trail.
struct TheftLabel {
  std::string variation = {};
  std::string account = {};
  std::string identity =
      {};  // account/role/function for Lambda, account/role#service for build and data jobs, account/role for others
  std::string role = {};
  std::string workload = {};  // the function, service, pod or fleet
  std::string network = {};   // "AS64496" or "vpce:<owner account>"; empty unless remote_service_token
  std::string tool = {};      // empty unless serverless_cli
  Day day = 0;
  std::string key = {};  // of the first call that day
  std::string story = {};
};

class StoryTeller {
 public:
  // Both outlive it. `first_day` is the trail's first, `days` its length. REQUIRES: days >= kPlanDays.
  StoryTeller(const Organisation& organisation, TrailWriter& trail, Day first_day, unsigned days);

  // Tells what happens within [start, start + length).
  void tell(Seconds start, Seconds length);

  // The labels, in the order of the days. They are complete when the whole trail was told.
  [[nodiscard]] std::vector<TheftLabel> labels() const;
  // {"story":...,"kind":"theft"|"harmless","days":[...],"text":...} lines.
  [[nodiscard]] std::string stories_jsonl() const;

 private:
  struct Planned {
    const Story* story;
    const StoryCall* call;
    Seconds time;
  };
  struct Origin {
    std::string source_ip = {}, network = {}, vpc_endpoint = {}, vpc_endpoint_account = {};
  };

  [[nodiscard]] Day day_of_plan(const Story& story, unsigned plan_day) const noexcept;
  [[nodiscard]] std::size_t workload_index(std::string_view name) const;
  [[nodiscard]] Origin origin_of(const StoryCall& call, const Token* token) const;

  void tell(const Planned& planned);
  void tell_workload(const Planned& planned);
  void tell_exchange(const Planned& planned);
  void tell_person(const Planned& planned);
  void tell_stranger(const Planned& planned);
  void tell_managed_node(const Planned& planned);
  void write_calls(const Planned& planned, const Token& token, const Workload& workload, const Origin& origin);
  void expect(const Planned& planned, const Token& token, const Workload& workload, const Origin& origin);

  const Organisation& organisation_;
  TrailWriter& trail_;
  Day first_day_;
  unsigned days_;
  std::vector<Planned> plan_;  // by time
  std::size_t told_ = 0;
  std::vector<TheftLabel> labels_;
};

}  // namespace straykey
