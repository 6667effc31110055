#pragma once
// Organisation: the accounts, workloads and people whose trail is simulated.
//
// Shape:  it is values, made once at start-up from a seed: a fixed cast, whose members the stories name, and for large
//         trails as many more ordinary workloads as asked for. The first three accounts hold the cast.
// Bounds: at most kExtraWorkloadsMax ordinary workloads, 40 to an account.
// Thread: any (immutable once built).
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace straykey {

enum class WorkloadKind : std::uint8_t { lambda, ecs, eks_irsa, eks_pod_identity, ec2, codebuild, glue };

// How the workload's calls usually leave: what sourceIPAddress shows.
enum class Egress : std::uint8_t {
  aws_public,  // an address of AWS that changes with the hour
  nat,         // one elastic address for ever
  endpoint,    // a private address through the account's own VPC endpoint
  ipv6,        // AWS's IPv6 addresses
  external,    // an external network, every day
};

struct Workload {
  WorkloadKind kind = WorkloadKind::lambda;
  std::string account = {}, region = {};
  std::string name = {};                // function, service, pod or fleet
  std::string role = {}, role_id = {};  // role_id: AROA...
  Egress egress = Egress::aws_public;
  std::uint32_t asn = 0;            // for Egress::external
  std::string_view agent = {};      // of an ordinary call
  std::string_view cli_agent = {};  // of a third of its calls and at least one a day; empty: never uses a command line
  bool named_by_aws = false;        // its records carry inScopeOf, and there is no issuing event in the trail
  bool issued_late = false;         // its issuing events come later in the day, in another file
  std::uint32_t key_minutes = 60;   // a new access key this often. Divides a day
  std::uint32_t instances = 1;
  unsigned first_day = 0;  // day index on which it was deployed
  std::uint64_t id = 0;    // what its keys, tasks and addresses are derived from
  double calls_a_day = 0;
};

struct Person {
  std::string name = {}, account = {}, region = {};
  bool single_sign_on = true;                // else an IAM user
  std::string role = {}, role_id = {};       // of a single sign-on session
  std::string key = {};                      // of an IAM user
  std::vector<std::uint32_t> networks = {};  // each used every day
  bool uses_console = false;
  std::string_view agent = {};
  std::uint64_t id = 0;
};

// A role that a vendor's account assumes, always from the vendor's network.
struct Integration {
  std::string account = {}, region = {}, role = {}, role_id = {}, vendor_account = {};
  std::uint32_t asn = 0;
  std::uint64_t id = 0;
};

struct Organisation {
  std::vector<std::string> accounts;
  std::vector<Workload> workloads;  // the cast first
  std::vector<Person> people;
  std::vector<Integration> integrations;
  std::string young_account;  // opened 13 days before the end; not in `accounts`
  std::size_t cast_size = 0;

  // REQUIRES: a member of the cast.
  [[nodiscard]] const Workload& workload(std::string_view name) const;
  [[nodiscard]] const Person& person(std::string_view name) const;
};

inline constexpr std::string_view kProduction = "111122223333", kShared = "444455556666", kDevelopment = "777788889999";
inline constexpr std::uint32_t kExtraWorkloadsMax = 20'000;

struct OrganisationSize {
  std::uint64_t seed = 0;
  unsigned days = 45;
  std::uint32_t extra_workloads = 0;
  double calls_a_day = 20;  // of one workload
};
// REQUIRES: extra_workloads <= kExtraWorkloadsMax.
[[nodiscard]] Organisation build_organisation(const OrganisationSize& size);

}  // namespace straykey
