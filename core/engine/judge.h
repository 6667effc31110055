#pragma once
// Judge: gathers the evidence for one candidate from all partitions and asks the three analytics.
//
// Order:  only days before the event's day count, so the answer does not depend on the order inside a day.
// Thread: the merger's.
#include <string>
#include <vector>

#include "core/detect/candidate.h"
#include "core/detect/remote_service_token.h"
#include "core/detect/serverless_cli.h"
#include "core/detect/settings.h"
#include "core/engine/baseline_view.h"

namespace straykey {

struct NewEvidence;

// A pair counts as learned once it was seen on so many days of the window.
inline constexpr int kLearnedDays = 2;

// What follows the network in the subjects of a strong remote alert in which an attack tool is new. Such hits have
// alerts of their own.
inline constexpr std::string_view kAttackToolSubject = " attack tool";

// What one analytic says of a call, and which pairs that puts into quarantine: quarantined_pairs() in alert_pairs.h.
struct Judgement {
  Verdict verdict;
  SourceClass source_class = SourceClass::external;
  std::string network;  // shown
  // What the dedup key is made of: the network's forms, "presigned", the tool, or the variation. The first names the
  // alert. One role may belong to an ECS task, a pod and an instance at once, so the networks of ECS, EKS and
  // Kubernetes carry the family.
  std::vector<std::string> subjects;
  // Under what else the alert stands, to take in hits of other days; not looked under for the hit itself.
  std::vector<std::string> also_stands_as;
  std::vector<std::string> quarantined_networks;  // forms that (identity, network) and (network, role) hit
  bool quarantines_tool = false;                  // (identity, tool)
  std::vector<std::string> quarantined_runtimes;  // platforms and exec-envs of (identity, runtime)
  std::vector<std::string> quarantined_evidence;  // (identity, evidence)
  bool quarantines_child = false;                 // (parent role, role)
  bool quarantines_presigned = false;             // (identity, presigned)
};

// Says where a call came from that the remote analytic has nothing to say of, or that its place is hidden.
void place_inside(Judgement& judgement, const Candidate& call);

enum class Judged : std::uint8_t { judged, not_active, too_late, not_proven, unreadable };

class Judge {
 public:
  Judge(HashKey hash_key, const DetectionSettings& settings) : hash_key_(hash_key), settings_(settings) {}

  // `judged` without judgements means that no analytic has anything to say.
  struct Answer {
    Judged judged = Judged::judged;
    std::vector<Judgement> judgements;
    bool young = false;  // the account is not active, another one is
  };
  // What the merger knows beside the facts.
  struct Moment {
    std::optional<Day> active_since = {};  // the day from which the call's account is known to be active
    Day newest_day = 0;                    // the newest on which an account was seen when the call arrived
    // A strong remote judgement has an alert, so that an attack tool needs none beside it.
    bool remote_is_told = true;
  };
  [[nodiscard]] Answer judge(const Candidate& call, const BaselineView& view, const Moment& moment) const;

  // Whether the account was seen on enough days before `day`, and the first of them is long enough ago.
  [[nodiscard]] bool activates(std::string_view account, Day day, const BaselineView& view) const;

 private:
  [[nodiscard]] bool is_proven(const Candidate& call, const BaselineView& view) const;
  [[nodiscard]] bool is_ours(std::string_view account, Day day, const BaselineView& view) const;
  [[nodiscard]] bool endpoint_is_foreign(const Candidate& call, const BaselineView& view) const;
  [[nodiscard]] bool lends_itself(const std::string& role, Day day, const BaselineView& view) const;
  [[nodiscard]] int other_identities(const Candidate& call, const std::vector<std::string>& forms,
                                     const BaselineView& view) const;
  // What the identity was seen with; of a weakly proven token what such tokens taught, too.
  [[nodiscard]] Fact seen(const Candidate& call, FactKind kind, std::string_view value, const BaselineView& view) const;
  [[nodiscard]] bool learned_as_other(const Candidate& call, const BaselineView& view) const;
  [[nodiscard]] bool tool_learned(const Candidate& call, const BaselineView& view, int& days, bool& quarantined) const;
  [[nodiscard]] int runtime_days(const Candidate& call, std::string_view runtime, const BaselineView& view) const;
  [[nodiscard]] bool runtime_learned(const Candidate& call, std::string_view runtime, const BaselineView& view) const;
  [[nodiscard]] std::optional<ImpossibleRuntime> new_impossible_runtime(const Candidate& call,
                                                                        const BaselineView& view) const;
  struct Runner {
    const std::string& identity;
    std::string_view exec_env;
    bool weak = false;  // by what weakly proven tokens taught, too
  };
  [[nodiscard]] bool runs_on_own_instances(const Runner& runner, Day day, const BaselineView& view) const;
  void look_at_network(RemoteEvidence& evidence, const Candidate& call, const std::vector<std::string>& forms,
                       const BaselineView& view) const;
  void look_at_links(RemoteEvidence& evidence, const Candidate& call, const BaselineView& view) const;
  void count_users(ServerlessEvidence& evidence, const Candidate& call, const BaselineView& view) const;
  [[nodiscard]] std::optional<Judgement> remote(const Candidate& call, const BaselineView& view) const;
  [[nodiscard]] std::optional<Judgement> serverless(const Candidate& call, const BaselineView& view) const;
  [[nodiscard]] bool keeps_new_kinds(Day day, const BaselineView& view) const;
  [[nodiscard]] bool child_learned(const Candidate& call, const BaselineView& view) const;
  [[nodiscard]] std::vector<NewEvidence> unlearned_evidence(const Candidate& call, const BaselineView& view) const;
  // `others`: what the first two analytics say of the call.
  [[nodiscard]] std::optional<Judgement> misused(const Candidate& call, const std::vector<Judgement>& others,
                                                 const BaselineView& view, bool remote_is_told) const;

  HashKey hash_key_;
  const DetectionSettings& settings_;
};

}  // namespace straykey
