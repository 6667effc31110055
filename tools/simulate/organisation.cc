#include "tools/simulate/organisation.h"

#include <fmt/format.h>

#include <array>

#include "core/base/invariant.h"
#include "tools/simulate/address_plan.h"
#include "tools/simulate/agents.h"
#include "tools/simulate/record_writer.h"

namespace straykey {
namespace {

using enum WorkloadKind;
using enum Egress;

struct CastRow {
  WorkloadKind kind;
  std::string_view account, region, name;
  Egress egress;
  std::string_view agent;
  std::string_view cli_agent = "";
  std::uint32_t asn = 0;
  bool named_by_aws = false;
  bool issued_late = false;
};

// Who exists, in the small form of the organisation and in every larger one.
constexpr std::array kCast{
    CastRow{lambda, kProduction, "us-east-1", "orders-api", aws_public, agent::kLambdaPython, "", 0, true},
    CastRow{lambda, kProduction, "us-east-1", "invoice-render", aws_public, agent::kLambdaNode, "", 0, false, true},
    CastRow{lambda, kProduction, "us-east-1", "thumbnailer", endpoint, agent::kLambdaPython},
    CastRow{lambda, kProduction, "eu-west-1", "price-feed", nat, agent::kLambdaPython, "", 0, true},
    CastRow{lambda, kProduction, "eu-west-1", "asset-publish", ipv6, agent::kLambdaNode, "", 0, true},
    CastRow{lambda, kDevelopment, "us-east-1", "nightly-report", nat, agent::kLambdaPython, "", 0, true},
    CastRow{lambda, kShared, "eu-west-1", "partner-sync", external, agent::kLambdaPython, "", asn::kPartner, true},
    CastRow{lambda, kShared, "eu-west-1", "ledger-export", endpoint, agent::kLambdaPython},
    CastRow{lambda, kShared, "eu-west-1", "loyalty-points", aws_public, agent::kLambdaNode, "", 0, true},
    CastRow{lambda, kShared, "eu-west-1", "receipts-archive", endpoint, agent::kLambdaPython, "", 0, true},
    CastRow{lambda, kShared, "eu-west-1", "catalog-cache", endpoint, agent::kLambdaNode, "", 0, true},
    CastRow{ecs, kProduction, "us-east-1", "checkout", nat, agent::kFargateJava},
    CastRow{ecs, kProduction, "eu-west-1", "search-indexer", nat, agent::kEcsOnEc2Python},
    CastRow{ecs, kShared, "eu-west-1", "media-worker", nat, agent::kFargateJava, agent::kS5cmd},
    CastRow{ecs, kShared, "eu-west-1", "catalog-import", endpoint, agent::kFargateJava},
    CastRow{ecs, kDevelopment, "us-east-1", "edge-agent", external, agent::kGo, "", asn::kBuildHosting},
    CastRow{eks_irsa, kProduction, "us-east-1", "cart", nat, agent::kGo},
    CastRow{eks_irsa, kProduction, "us-east-1", "pricing", nat, agent::kGo},
    CastRow{eks_pod_identity, kShared, "eu-west-1", "recommender", nat, agent::kGo},
    CastRow{eks_pod_identity, kShared, "eu-west-1", "fraud-score", endpoint, agent::kGo, "", 0, false, true},
    CastRow{ec2, kProduction, "us-east-1", "web-fleet", nat, agent::kEc2Agent},
    CastRow{ec2, kShared, "eu-west-1", "batch-fleet", aws_public, agent::kEc2Agent, "", 0, true},
    CastRow{codebuild, kDevelopment, "us-east-1", "site-build", aws_public, agent::kGo, agent::kBuildCli},
    CastRow{glue, kShared, "eu-west-1", "warehouse-load", aws_public, agent::kGluePython},
};

std::uint32_t key_minutes(WorkloadKind kind) {
  switch (kind) {
    case lambda:
      return 120;  // an execution environment rarely lives longer
    case eks_irsa:
      return 180;
    case codebuild:
      return 240;
    case glue:
      return 480;
    case ecs:
    case eks_pod_identity:
    case ec2:
      return 360;
  }
  return 60;
}

Workload workload_of(const CastRow& row, const OrganisationSize& size, std::uint64_t number) {
  Workload workload{.kind = row.kind,
                    .account = std::string(row.account),
                    .region = std::string(row.region),
                    .name = std::string(row.name),
                    .role = fmt::format("{}-role", row.name),
                    .egress = row.egress,
                    .asn = row.asn,
                    .agent = row.agent,
                    .cli_agent = row.cli_agent,
                    .named_by_aws = row.named_by_aws,
                    .issued_late = row.issued_late,
                    .key_minutes = key_minutes(row.kind),
                    .id = mix(size.seed, 0x776f726b, number),
                    .calls_a_day = size.calls_a_day};
  workload.role_id = "AROA" + base32_text(workload.id, 10) + "EXAMPLE";
  if (row.kind == ec2) workload.instances = 2;
  if (size.calls_a_day > 100) workload.instances += static_cast<std::uint32_t>(workload.id % 3);
  return workload;
}

// Ordinary workloads, made after the cast's pattern. They use no command line and no external network, and no story
// names them.
void add_ordinary(Organisation& organisation, const OrganisationSize& size) {
  constexpr std::array kPattern{0, 1, 2, 4, 8, 11, 12, 16, 18, 20, 21, 23};
  constexpr std::array<std::string_view, 4> kRegionNames{"us-east-1", "us-west-2", "eu-west-1", "eu-central-1"};
  for (std::uint32_t i = 0; i < size.extra_workloads; ++i) {
    const std::string account = fmt::format("{:012}", 300'000'000'000 + i / 40);
    if (i % 40 == 0) organisation.accounts.push_back(account);
    const std::string name = fmt::format("svc-{:05}", i);
    CastRow row = kCast[static_cast<std::size_t>(kPattern[i % kPattern.size()])];
    row.account = account;
    row.name = name;
    row.region = kRegionNames[mix(i) % kRegionNames.size()];
    organisation.workloads.push_back(workload_of(row, size, 1'000 + i));
  }
}

void add_people(Organisation& organisation, const OrganisationSize& size) {
  struct Row {
    std::string_view name, account, region, permission_set;  // empty permission set: an IAM user
    std::vector<std::uint32_t> networks;
    bool uses_console;
    std::string_view agent;
  };
  const Row rows[] = {
      {"alice", kProduction, "us-east-1", "AdministratorAccess", {asn::kOffice, asn::kHome}, true, agent::kMacCli},
      {"bob", kDevelopment, "us-east-1", "PowerUserAccess", {asn::kVpn, asn::kOffice}, true, agent::kLinuxCli},
      {"carol", kShared, "eu-west-1", "ReadOnlyAccess", {asn::kOffice}, true, agent::kMacCli},
      {"ci-deployer", kProduction, "us-east-1", "", {asn::kBuildHosting}, false, agent::kTerraform},
      {"backup-operator", kShared, "eu-west-1", "", {asn::kHome}, false, agent::kLinuxCli},
  };
  for (const Row& row : rows) {
    Person person{.name = std::string(row.name),
                  .account = std::string(row.account),
                  .region = std::string(row.region),
                  .single_sign_on = !row.permission_set.empty(),
                  .networks = row.networks,
                  .uses_console = row.uses_console,
                  .agent = row.agent,
                  .id = mix(size.seed, 0x706572736f6e, organisation.people.size())};
    if (person.single_sign_on) {
      person.role = fmt::format("AWSReservedSSO_{}_{}", row.permission_set, hex_text(person.id, 16));
      person.role_id = "AROA" + base32_text(person.id, 10) + "EXAMPLE";
    } else {
      person.key = "AKIA" + base32_text(person.id, 9) + "EXAMPLE";
    }
    organisation.people.push_back(std::move(person));
  }
}

// A function deployed in the third week, and one in an account that was opened 13 days before the end.
void add_newcomers(Organisation& organisation, const OrganisationSize& size) {
  CastRow row = kCast[0];
  row.name = "gift-cards";
  row.account = kProduction;
  organisation.workloads.push_back(workload_of(row, size, 500));
  organisation.workloads.back().first_day = size.days - 20;
  row.name = "pilot-api";
  row.account = organisation.young_account;
  organisation.workloads.push_back(workload_of(row, size, 501));
  organisation.workloads.back().first_day = size.days - 13;
}

}  // namespace

const Workload& Organisation::workload(std::string_view name) const {
  for (std::size_t i = 0; i < cast_size; ++i)
    if (workloads[i].name == name) return workloads[i];
  INVARIANT(!"a workload of the cast");
  return workloads.front();
}

const Person& Organisation::person(std::string_view name) const {
  for (const Person& candidate : people)
    if (candidate.name == name) return candidate;
  INVARIANT(!"a person of the organisation");
  return people.front();
}

Organisation build_organisation(const OrganisationSize& size) {
  INVARIANT(size.extra_workloads <= kExtraWorkloadsMax);
  Organisation organisation;
  organisation.accounts = {std::string(kProduction), std::string(kShared), std::string(kDevelopment)};
  organisation.young_account = "222233334444";
  for (std::uint64_t i = 0; i < kCast.size(); ++i) organisation.workloads.push_back(workload_of(kCast[i], size, i));
  add_newcomers(organisation, size);
  organisation.cast_size = organisation.workloads.size();
  add_ordinary(organisation, size);
  add_people(organisation, size);
  organisation.integrations.push_back({.account = std::string(kProduction),
                                       .region = "us-east-1",
                                       .role = "MonitoringIntegration",
                                       .role_id = "AROA" + base32_text(size.seed, 10) + "EXAMPLE",
                                       .vendor_account = "123456789012",
                                       .asn = asn::kSaas,
                                       .id = mix(size.seed, 0x73616173)});
  return organisation;
}

}  // namespace straykey
