#include "tools/simulate/trail_writer.h"

#include <algorithm>

#include "core/base/invariant.h"

namespace straykey {
namespace {

constexpr std::uint32_t kDuplicateOneIn = 1'000;
constexpr std::uint32_t kDeniedOneIn = 150;
constexpr std::uint32_t kForwardedOneIn = 40;
constexpr std::uint32_t kOtherRegionOneIn = 60;

}  // namespace

TrailWriter::TrailWriter(const Organisation& organisation, TrailFiles& files, std::uint64_t seed)
    : organisation_(organisation), files_(files), records_(seed), random_(mix(seed, 0x7472616666)) {
  for (const Workload& workload : organisation.workloads) {
    tokens_.emplace_back(workload.instances);
    home_streams_.push_back(files.stream(workload.account, workload.region));
  }
}

void TrailWriter::put(std::uint32_t stream, TrailFiles::Delivery delivery) {
  files_.add(stream, record_, delivery, slot_);
  ++events_;
  if (!random_.one_in(kDuplicateOneIn)) return;
  files_.add(stream, record_, TrailFiles::Delivery::on_time, slot_);
  ++events_;
  ++duplicates_;
}

void TrailWriter::write(const Record& record, std::string_view account, std::string_view region,
                        TrailFiles::Delivery delivery) {
  record_.clear();
  records_.append(record_, record);
  put(files_.stream(account, region), delivery);
}

std::string_view TrailWriter::request_of(const ApiCall& call) {
  if (call.request == "null") return call.request;
  fill_request(request_, call, random_.below(90'000) + 1);
  return request_;
}

void TrailWriter::fill(Record& record, const ApiCall& call) {
  record.service = call.service;
  record.name = call.name;
  record.read_only = call.read_only;
  record.is_data_event = call.is_data_event;
  record.request = request_of(call);
}

void TrailWriter::write_issuing_event(const IssuingEvent& event, const Workload& workload, Seconds time,
                                      TrailFiles::Delivery delivery) {
  write({.time = time,
         .user_identity = event.user_identity,
         .service = "sts",
         .name = event.name,
         .region = workload.region,
         .source_ip = event.source_ip,
         .user_agent = event.user_agent,
         .request = event.request,
         .response = event.response,
         .recipient = workload.account},
        workload.account, workload.region, delivery);
}

const Token& TrailWriter::token(std::size_t workload_index, std::uint32_t instance, Seconds time) {
  const Workload& workload = organisation_.workloads[workload_index];
  Token& token = tokens_[workload_index].at(instance);
  const Seconds lifetime = static_cast<Seconds>(workload.key_minutes) * 60;
  if (token.issued == 0 || time >= token.issued + lifetime || time < token.issued)
    token = token_at(workload, instance, time);
  if (!token.announced) {
    token.announced = true;
    const auto delivery = workload.issued_late ? TrailFiles::Delivery::late : TrailFiles::Delivery::on_time;
    write_issuing_event(issuing_event(workload, token), workload, std::max(token.issued, time - 2), delivery);
  }
  return token;
}

void TrailWriter::call_from_home(std::size_t workload_index, std::uint32_t instance, Seconds time, const ApiCall& call,
                                 std::string_view agent) {
  const Workload& workload = organisation_.workloads[workload_index];
  const Token& held = token(workload_index, instance, time);
  Record record{.time = time,
                .user_identity = held.user_identity,
                .region = workload.region,
                .source_ip = held.source_ip,
                .user_agent = agent.empty() ? workload.agent : agent,
                .recipient = workload.account,
                .vpc_endpoint = held.vpc_endpoint,
                .vpc_endpoint_account = workload.account};
  fill(record, call);
  if (random_.one_in(kDeniedOneIn)) record.error_code = random_.one_in(2) ? "AccessDenied" : "ThrottlingException";
  if (random_.one_in(kOtherRegionOneIn)) {  // a call to another region's API, from the same place
    record.region = workload.region == "us-east-1" ? "eu-west-1" : "us-east-1";
    write(record, workload.account, record.region);
    return;
  }
  record_.clear();
  records_.append(record_, record);
  put(home_streams_[workload_index], TrailFiles::Delivery::on_time);
  if (!random_.one_in(kForwardedOneIn)) return;
  const std::string forwarded = forwarded_identity(held, "secretsmanager.amazonaws.com");
  record.user_identity = forwarded;
  record.service = "kms";
  record.name = "GenerateDataKey";
  record.source_ip = record.user_agent = "secretsmanager.amazonaws.com";
  record.vpc_endpoint = "";
  record.request = R"({"keyId":"alias/aws/secretsmanager","keySpec":"AES_256"})";
  write(record, workload.account, record.region);
}

}  // namespace straykey
