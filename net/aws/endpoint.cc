#include "net/aws/endpoint.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "net/client/url.h"

namespace straykey {
namespace {

// The partitions of AWS: how their Regions begin, and their domains with IPv4 alone and with both.
struct Partition {
  std::string_view begin, domain, dual_stack_domain;
};
constexpr std::array<Partition, 8> kPartitions{{
    {"cn-", "amazonaws.com.cn", "api.amazonwebservices.com.cn"},
    {"us-gov-", "amazonaws.com", "api.aws"},
    {"eusc-", "amazonaws.eu", "api.amazonwebservices.eu"},
    {"us-iso-", "c2s.ic.gov", "api.aws.ic.gov"},
    {"us-isob-", "sc2s.sgov.gov", "api.aws.scloud"},
    {"eu-isoe-", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk"},
    {"us-isof-", "csp.hci.ic.gov", "api.aws.hci.ic.gov"},
    {"", "amazonaws.com", "api.aws"},
}};

const Partition& partition_of(std::string_view region) noexcept {
  return *std::find_if(kPartitions.begin(), kPartitions.end(),
                       [region](const Partition& partition) { return region.starts_with(partition.begin); });
}

bool is_in(std::string_view text, std::size_t least, std::size_t most, std::string_view others) noexcept {
  return text.size() >= least && text.size() <= most && std::all_of(text.begin(), text.end(), [&](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || others.find(c) != std::string_view::npos;
         });
}

constexpr std::string_view kUpper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

std::string usual_endpoint(std::string_view service, const AwsPlace& place) {
  if (!place.endpoint.empty()) return place.endpoint;
  const Partition& partition = partition_of(place.region);
  // In us-gov Regions the plain names of these services are validated by FIPS, and there are no others.
  const bool fips_name = place.fips && !(place.region.starts_with("us-gov-") && !place.dual_stack);
  return fmt::format("https://{}{}.{}.{}", service, fips_name ? "-fips" : "", place.region,
                     place.dual_stack ? partition.dual_stack_domain : partition.domain);
}

}  // namespace

std::string_view aws_domain(std::string_view region) noexcept {
  return partition_of(region).domain;
}

bool is_aws_region(std::string_view text) noexcept {
  return is_in(text, 1, 32, "-") && text.front() != '-' && text.back() != '-';
}

std::string s3_endpoint(const AwsPlace& place) {
  if (!place.endpoint.empty()) return place.endpoint;
  return fmt::format("https://s3{}{}.{}.{}", place.fips ? "-fips" : "", place.dual_stack ? ".dualstack" : "",
                     place.region, aws_domain(place.region));
}

std::string sqs_endpoint(const AwsPlace& place) {
  return usual_endpoint("sqs", place);
}

std::string sts_endpoint(const AwsPlace& place) {
  return usual_endpoint("sts", place);
}

BucketAddress bucket_address(const AwsPlace& place, std::string_view bucket) {
  const std::string endpoint = s3_endpoint(place);
  const bool by_path = !place.endpoint.empty() || !is_in(bucket, 3, 63, "-");
  if (by_path) return {endpoint, fmt::format("/{}/", bucket)};
  const std::size_t host = endpoint.find("//") + 2;
  return {fmt::format("{}{}.{}", endpoint.substr(0, host), bucket, endpoint.substr(host)), "/"};
}

bool is_bucket_name(std::string_view text) noexcept {
  return is_in(text, 3, 255, std::string("-._").append(kUpper)) && text.front() != '.' && text.front() != '-';
}

Result<QueueName> parse_queue_url(std::string_view text) {
  const auto url = parse_url(text);
  if (!url) return url.error();
  const std::string& target = url.value().target;
  const std::size_t slash = target.rfind('/');
  QueueName queue;
  queue.name = target.substr(slash + 1);
  std::string names = std::string("-_.").append(kUpper);
  if (!is_in(queue.name, 1, 85, names)) return Error{"its path must end with the name of a queue"};
  const std::size_t before = slash == 0 ? 0 : target.rfind('/', slash - 1) + 1;
  const std::string account = target.substr(before, slash - before);
  if (account.size() == 12 && is_in(account, 12, 12, "") &&
      account.find_first_not_of("0123456789") == std::string::npos)
    queue.account = account;
  // sqs.REGION.DOMAIN, sqs-fips.REGION.DOMAIN, and the old REGION.queue.amazonaws.com.
  const std::string& host = url.value().host;
  const auto between = [&](std::string_view begin, std::string_view end) {
    if (!host.starts_with(begin) || !host.ends_with(end) || host.size() <= begin.size() + end.size()) return false;
    const std::string region = host.substr(begin.size(), host.size() - begin.size() - end.size());
    if (is_aws_region(region)) queue.region = region;
    return !queue.region.empty();
  };
  for (const Partition& partition : kPartitions) {
    const std::string domain = "." + std::string(partition.domain);
    const std::string dual = "." + std::string(partition.dual_stack_domain);
    for (const std::string_view service : {"sqs.", "sqs-fips."})
      if (between(service, domain) || between(service, dual)) return queue;
    if (between("", ".queue" + domain)) return queue;
  }
  if (host == "queue.amazonaws.com") queue.region = "us-east-1";
  return queue;
}

}  // namespace straykey
