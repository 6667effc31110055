#include "tools/config/s3_settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "net/client/url.h"
#include "tools/config/config_reader.h"
#include "tools/config/setting_kinds.h"

namespace straykey {
namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;
constexpr std::uint64_t kGiB = std::uint64_t{1} << 30;
using S3 = S3SourceSettings;

std::vector<Setting> rows() {
  constexpr RowMaker<EntryOf<S3>> row{{&Config::s3_sources}};
  return {
      row("name", of(&S3::name), TextKind{},
          {.words = "A-Z a-z 0-9 . _ -, up to 64; metrics and rejects go by it",
           .example = "\"trail\"",
           .required = true}),
      row("queue_url", of(&S3::queue_url), TextKind{},
          {.words = "of the queue that hears of new objects, from S3, SNS or EventBridge",
           .example = "\"https://sqs.eu-central-1.amazonaws.com/111122223333/straykey\"",
           .required = true}),
      row("region", of(&S3::place, &AwsPlace::region), TextKind{},
          {.words = "where queue_url does not say it", .default_words = "that of queue_url"}),
      row("prefix", of(&S3::prefix), TextKind{},
          {.words = "only objects whose keys begin so; others are counted and left", .default_words = "all"}),
      row("credentials_file", of(&S3::credentials, &CredentialSettings::file), PathKind{},
          {.words = "in the form of ~/.aws/credentials",
           .default_words = "as the SDKs: environment, web identity, container, instance"}),
      row("profile", of(&S3::credentials, &CredentialSettings::profile), TextKind{},
          {.words = "of that file", .default_words = "\"default\""}),
      row("role_arn", of(&S3::credentials, &CredentialSettings::role), TextKind{},
          {.words = "assumed with those credentials", .default_words = "none"}),
      row("external_id", of(&S3::credentials, &CredentialSettings::external_id), TextKind{},
          {.words = "that the role's trust policy asks for", .default_words = "none"}),
      row("endpoint", of(&S3::place, &AwsPlace::endpoint), TextKind{},
          {.words = "of S3, for a store of one's own or a VPC endpoint; buckets are then named in the path",
           .default_words = "AWS's"}),
      row("ca_file", of(&S3::ca_file), PathKind{},
          {.words = "PEM: who signed the certificates of queue and endpoint", .default_words = "the system's"}),
      row("fips", of(&S3::place, &AwsPlace::fips), SwitchKind{}, {.words = "S3 and STS by their FIPS names"}),
      row("dual_stack", of(&S3::place, &AwsPlace::dual_stack), SwitchKind{},
          {.words = "S3 and STS by names with IPv6 addresses"}),
      row("concurrency", of(&S3::concurrency), NumberKind{1, 64}, {.words = "objects at one time"}),
      row("object_bytes_max", of(&S3::object_bytes_max), SizeKind{kMiB, 4 * kGiB},
          {.words = "an object as it is stored; a larger one stays in the queue"}),
      row("inflated_bytes_max", of(&S3::limits, &Intake::Limits::inflated_bytes_max), SizeKind{kMiB, 16 * kGiB},
          {.words = "the same when unpacked"}),
      row("bytes_in_flight_max", of(&S3::bytes_in_flight_max), SizeKind{16 * kMiB, 1024 * kGiB},
          {.words = "memory of all objects of this source until they are stored"}),
      row("visibility_s", of(&S3::visibility_s), NumberKind{10, 43'200},
          {.words = "how long SQS hides a message from others; renewed while it is being worked on"}),
  };
}

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
  });
}

// What is wrong with one entry, by the key of its setting.
struct Finder {
  const S3& source;
  const std::string path;
  std::vector<SettingError>& errors;

  void add(std::string_view key, const std::string& message) {
    errors.push_back({path + "." + std::string(key), fmt::format("s3_source {}: {}", in_quotes(source.name), message)});
  }
  void check_queue() {
    auto queue = parse_queue_url(source.queue_url);
    if (!queue) return add("queue_url", "queue_url is refused: " + queue.error().message);
    if (source.place.region.empty() && queue->region.empty())
      add("region", "queue_url does not say the Region, so region is needed");
    if (!source.place.region.empty() && !is_aws_region(source.place.region))
      add("region", in_quotes(source.place.region) + " is no Region, such as eu-central-1");
    if (!queue->region.empty() && !source.place.region.empty() && queue->region != source.place.region)
      add("region", "region is another one than that of queue_url, which is " + queue->region);
  }
  void check_endpoint() {
    if (source.place.endpoint.empty()) return;
    auto url = parse_url(source.place.endpoint);
    if (!url) return add("endpoint", "endpoint is refused: " + url.error().message);
    if (url->target != "/" || source.place.endpoint.ends_with('/'))
      add("endpoint", "endpoint ends with its host or port, without a path");
    if (source.place.fips || source.place.dual_stack)
      add("endpoint", "endpoint is used as it is: fips and dual_stack choose among AWS's own names");
  }
  void check_credentials() {
    const CredentialSettings& credentials = source.credentials;
    if (!credentials.file.empty()) {
      const Status file = check_file("credentials file", credentials.file, true);
      if (!file) add("credentials_file", file.error().message);
    }
    if (!credentials.role.empty() &&
        !(credentials.role.starts_with("arn:aws") && credentials.role.find(":iam::") != std::string::npos))
      add("role_arn", in_quotes(credentials.role) + " is no ARN of a role");
    if (!credentials.external_id.empty() && credentials.role.empty())
      add("external_id", "external_id is for role_arn, which is not set");
    if (!source.ca_file.empty())
      if (const Status file = check_file("certificate authority file", source.ca_file, false); !file)
        add("ca_file", file.error().message);
  }
  void check_limits() {
    if (source.object_bytes_max > source.bytes_in_flight_max)
      add("bytes_in_flight_max", "bytes_in_flight_max is less than object_bytes_max");
    if (source.limits.inflated_bytes_max < source.object_bytes_max)
      add("inflated_bytes_max", "inflated_bytes_max is less than object_bytes_max");
  }
};

}  // namespace

SettingTable s3_source_table() {
  SettingTable table{
      .name = "s3_source",
      .about =
          "CloudTrail's objects out of S3, told by a queue of SQS; docs/s3.md says how to set both up, and the few "
          "permissions that are needed. One queue serves one straykey.",
      .rows = rows(),
      .repeated = true,
      .way_in = true,
      .is_option = true};
  table.count = [](const Config& config) { return config.s3_sources.size(); };
  table.append = [](Config& config) { config.s3_sources.emplace_back(); };
  for (Setting& setting : table.rows) setting.notes.effect = Effect::at_start;
  return table;
}

std::vector<SettingError> s3_source_errors(const Config& config) {
  std::vector<SettingError> errors;
  std::set<std::string> names, queues;
  for (const TokenConfig& token : config.tokens) names.insert(token.source.empty() ? token.name : token.source);
  for (std::size_t i = 0; i < config.s3_sources.size(); ++i) {
    const S3& source = config.s3_sources[i];
    Finder find{source, "s3_source." + std::to_string(i), errors};
    if (!is_name(source.name))
      find.add("name", "a source's name is 1 to 64 of A-Z a-z 0-9 . _ -");
    else if (!names.insert(source.name).second)
      find.add("name", "this name is used twice, by another source or a token");
    if (!source.queue_url.empty() && !queues.insert(source.queue_url).second)
      find.add("queue_url", "two sources have this queue");
    if (!source.queue_url.empty()) find.check_queue();
    find.check_endpoint();
    find.check_credentials();
    find.check_limits();
  }
  return errors;
}

}  // namespace straykey
