#include "tools/simulate/background.h"

#include <fmt/format.h>

#include <array>

#include "tools/simulate/address_plan.h"
#include "tools/simulate/agents.h"

namespace straykey {
namespace {

// How busy each hour is; the mean is 1.
constexpr std::array<double, 24> kHourWeight{0.4, 0.4, 0.4, 0.4, 0.4, 0.5, 0.7, 1.0, 1.3, 1.5, 1.6, 1.6,
                                             1.5, 1.5, 1.6, 1.6, 1.5, 1.4, 1.3, 1.1, 0.9, 0.6, 0.4, 0.4};

constexpr std::string_view kScalingRole = "AWSServiceRoleForAutoScaling";

bool is_office_hour(unsigned slot) {
  return slot >= 30 && slot < 74;
}

}  // namespace

std::string person_identity(const Person& person, Seconds time, bool console) {
  if (!person.single_sign_on) return iam_user_identity(person.account, person.name, person.key);
  const Seconds issued = time - time % (8 * 3600);
  const std::string key = temporary_key(mix(person.id, issued, console ? 1 : 0));
  const std::string session = person.name + "@example.com";
  return role_session_identity({.account = person.account,
                                .role_path = "/aws-reserved/sso.amazonaws.com/",
                                .role = person.role,
                                .role_id = person.role_id,
                                .session = session,
                                .key = key,
                                .issued = issued});
}

void Background::write_slot(unsigned day_index, unsigned slot, Seconds start) {
  for (std::size_t i = 0; i < organisation_.workloads.size(); ++i) {
    if (day_index >= organisation_.workloads[i].first_day) workload_slot(i, slot, start);
  }
  for (const Person& person : organisation_.people) person_slot(person, slot, start);
  for (const Integration& integration : organisation_.integrations) integration_slot(integration, slot, start);
  for (const std::string& account : organisation_.accounts) account_slot(account, slot, start);
  if (slot % 24 == 9) cross_account_call(start + 100);
}

void Background::workload_slot(std::size_t index, unsigned slot, Seconds start) {
  const Workload& workload = organisation_.workloads[index];
  Random& random = trail_.random();
  const bool is_daily_call = workload.id % kSlotsPerDay == slot;
  const double wanted = workload.calls_a_day * kHourWeight[slot / 4] / kSlotsPerDay + random.unit();
  auto calls = static_cast<unsigned>(wanted);
  if (is_daily_call && calls == 0) calls = 1;
  for (unsigned i = 0; i < calls; ++i) {
    const Seconds time = start + random.below(static_cast<std::uint32_t>(kSlotSeconds));
    const bool by_cli = !workload.cli_agent.empty() && ((is_daily_call && i == 0) || random.one_in(3));
    const ApiCall& call = kWorkloadCalls[random.below(kWorkloadCalls.size())];
    trail_.call_from_home(index, random.below(workload.instances), time, call, by_cli ? workload.cli_agent : "");
  }
}

void Background::person_slot(const Person& person, unsigned slot, Seconds start) {
  Random& random = trail_.random();
  // Each network has its slot; the morning's first console call is a sign-in.
  for (std::size_t i = 0; i < person.networks.size(); ++i) {
    if (slot == 32 + (person.id + 11 * i) % 40) person_call(person, start + 30, person.networks[i], false);
  }
  if (!is_office_hour(slot)) return;
  if (random.one_in(4)) {
    const std::uint32_t asn = person.networks[random.below(static_cast<std::uint32_t>(person.networks.size()))];
    person_call(person, start + random.below(800), asn, person.uses_console && random.one_in(2));
  }
  if (!person.uses_console || slot != 34) return;
  trail_.write({.time = start + 5,
                .user_identity = person_identity(person, start, true),
                .service = "signin",
                .name = "ConsoleLogin",
                .region = person.region,
                .source_ip = external_address(person.networks[0], 0, person.id % 5),
                .user_agent = agent::kBrowser,
                .response = R"({"ConsoleLogin":"Success"})",
                .recipient = person.account,
                .type = "AwsConsoleSignIn",
                .read_only = false},
               person.account, person.region);
}

void Background::person_call(const Person& person, Seconds time, std::uint32_t asn, bool console) {
  const ApiCall& call = kPersonCalls[trail_.random().below(kPersonCalls.size())];
  const std::string identity = person_identity(person, time, console);
  const std::string source_ip = external_address(asn, 0, person.id % 5);
  trail_.write({.time = time,
                .user_identity = identity,
                .service = call.service,
                .name = call.name,
                .region = person.region,
                .source_ip = source_ip,
                .user_agent = console ? agent::kRdsConsole : person.agent,
                .request = trail_.request_of(call),
                .recipient = person.account,
                .console_session = console},
               person.account, person.region);
}

void Background::integration_slot(const Integration& integration, unsigned slot, Seconds start) {
  if (slot % 8 != 3) return;
  const SessionGrant grant{.account = integration.account,
                           .role_path = "/",
                           .role = integration.role,
                           .role_id = integration.role_id,
                           .session = "monitoring",
                           .issued = start};
  const std::string key = temporary_key(mix(integration.id, start));
  SessionGrant keyed = grant;
  keyed.key = key;
  const std::string source_ip = external_address(integration.asn, 0, start / kSlotSeconds % 4);
  IssuingEvent assumed = issuing_event_by_service("", keyed);
  assumed.user_identity =
      fmt::format(R"({{"type":"AWSAccount","principalId":"AROA{}EXAMPLE:collector","accountId":"{}"}})",
                  base32_text(integration.id, 10), integration.vendor_account);
  const std::string shared = uuid_text(mix(start, 1), mix(start, 2));
  trail_.write({.time = start,
                .user_identity = assumed.user_identity,
                .service = "sts",
                .name = "AssumeRole",
                .region = integration.region,
                .source_ip = source_ip,
                .user_agent = agent::kGo,
                .request = assumed.request,
                .response = assumed.response,
                .recipient = integration.account,
                .shared_event_id = shared},
               integration.account, integration.region);
  const std::string identity = role_session_identity(keyed);
  for (Seconds i = 1; i <= 3; ++i) {
    trail_.write({.time = start + i,
                  .user_identity = identity,
                  .service = "cloudwatch",
                  .name = "ListMetrics",
                  .region = integration.region,
                  .source_ip = source_ip,
                  .user_agent = agent::kGo,
                  .recipient = integration.account},
                 integration.account, integration.region);
  }
}

// AWS at work in an account: a service-linked role, and an event without a caller's type.
void Background::account_slot(std::string_view account, unsigned slot, Seconds start) {
  const std::string_view region = account == kShared ? "eu-west-1" : "us-east-1";
  if (slot % 16 == 5) {
    const std::string role_id = "AROA" + base32_text(mix(account.back()), 10) + "EXAMPLE";
    const SessionGrant grant{.account = account,
                             .role_path = "/aws-service-role/autoscaling.amazonaws.com/",
                             .role = kScalingRole,
                             .role_id = role_id,
                             .session = "AutoScaling",
                             .issued = start + 40};
    const std::string key = temporary_key(mix(start, account.back()));
    SessionGrant keyed = grant;
    keyed.key = key;
    const IssuingEvent event = issuing_event_by_service("autoscaling.amazonaws.com", keyed);
    trail_.write({.time = start + 40,
                  .user_identity = event.user_identity,
                  .service = "sts",
                  .name = "AssumeRole",
                  .region = region,
                  .source_ip = event.source_ip,
                  .user_agent = event.user_agent,
                  .request = event.request,
                  .response = event.response,
                  .recipient = account},
                 account, region);
    std::string identity = role_session_identity(grant);
    identity.pop_back();
    identity += R"(,"invokedBy":"autoscaling.amazonaws.com"})";
    trail_.write({.time = start + 41,
                  .user_identity = identity,
                  .service = "ec2",
                  .name = "DescribeInstanceStatus",
                  .region = region,
                  .source_ip = event.source_ip,
                  .user_agent = event.user_agent,
                  .recipient = account},
                 account, region);
  }
  if (slot % 32 == 20) {
    const std::string identity = fmt::format(R"({{"accountId":"{}","invokedBy":"ec2.amazonaws.com"}})", account);
    trail_.write({.time = start + 60,
                  .user_identity = identity,
                  .service = "ec2",
                  .name = "SharedSnapshotVolumeCreated",
                  .region = region,
                  .source_ip = "ec2.amazonaws.com",
                  .user_agent = "ec2.amazonaws.com",
                  .recipient = account,
                  .type = "AwsServiceEvent",
                  .read_only = false},
                 account, region);
  }
}

// The orders function decrypts with a key of the shared account. That gives a record in each of the two trails, with
// the same sharedEventID.
void Background::cross_account_call(Seconds time) {
  constexpr std::size_t kOrders = 0;
  const Workload& workload = organisation_.workloads[kOrders];
  const Token& token = trail_.token(kOrders, 0, time);
  const std::string shared = uuid_text(trail_.random().next(), trail_.random().next());
  Record record{.time = time,
                .user_identity = token.user_identity,
                .service = "kms",
                .name = "Decrypt",
                .region = workload.region,
                .source_ip = token.source_ip,
                .user_agent = workload.agent,
                .recipient = workload.account,
                .shared_event_id = shared};
  trail_.write(record, workload.account, workload.region);
  const std::string seen_by_owner = fmt::format(R"({{"type":"AWSAccount","principalId":"{}:{}","accountId":"{}"}})",
                                                workload.role_id, token.session, workload.account);
  record.user_identity = seen_by_owner;
  record.recipient = kShared;
  trail_.write(record, kShared, workload.region);
}

}  // namespace straykey
