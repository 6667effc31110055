// `straykey scan`: options and output.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <memory>

#include "core/base/terminal_text.h"
#include "tools/commands/commands.h"
#include "tools/config/config_settings.h"
#include "tools/config/config_validate.h"
#include "tools/networks/address_files.h"
#include "tools/scan/s3_trail.h"
#include "tools/scan/scan.h"
#include "tools/store/open_directory.h"
#include "tools/terminal/clock.h"

namespace straykey {
namespace {

struct Options {
  std::vector<std::string> paths;
  std::string config, aws_ranges, backfill;
  std::vector<std::string> asn;
  int activation_days = -1;
  std::vector<std::string> trusted, untrusted;
  std::size_t explain_rejects = 0;
  bool allow_empty = false;
};

Status add_prefixes(const std::vector<std::string>& texts, const char* option, std::vector<Prefix>& to) {
  for (const std::string& text : texts) {
    const auto prefix = parse_prefix(text);
    if (!prefix) return Error{fmt::format("{} {}: not an address or a prefix such as 192.0.2.0/24", option, text)};
    to.push_back(*prefix);
  }
  return {};
}

// What the configuration says (if one is given), with the options laid over it.
Status prepare(const Options& options, DetectionSettings& detection, NetworkInputs& networks) {
  if (options.activation_days >= 0) detection.activation_days = options.activation_days;
  if (!options.aws_ranges.empty()) {
    auto ranges = read_aws_ranges(options.aws_ranges);
    if (!ranges) return ranges.error();
    networks.aws_ranges = std::move(ranges->prefixes);
    networks.aws_ranges_created = ranges->created;
    networks.aws_regions = std::move(ranges->regions);
  }
  if (!options.asn.empty()) networks.asns.clear();
  for (const std::string& file : options.asn) {
    auto asns = read_asns(file);
    if (!asns) return asns.error();
    networks.asns.insert(networks.asns.end(), std::make_move_iterator(asns->begin()),
                         std::make_move_iterator(asns->end()));
  }
  if (const Status status = add_prefixes(options.trusted, "--trusted", networks.trusted); !status.ok()) return status;
  return add_prefixes(options.untrusted, "--untrusted", networks.untrusted);
}

// Says how it went; the answer is the exit code.
int conclude(const Options& options, const ScanSummary& summary, const NetworkMap& networks, double seconds) {
  std::fputs(summary_text(summary, seconds).c_str(), stderr);
  if (networks.uses_builtin_aws_ranges())
    fmt::print(stderr,
               "  note: AWS's address ranges are those that were compiled in, of {}; strong verdicts that rest on them "
               "are kept at the weak tier for events more than 30 days after that. Give --aws-ranges ip-ranges.json.\n",
               format_time(*networks.aws_ranges_created()));
  const std::string failure = failure_of(summary, options.allow_empty);
  return failure.empty() ? kExitWell : fail(failure);
}

// Silence would leave a server without the baseline that its operator believes it has.
void warn_of_other_directory(const std::string& backfill, const std::string& data_dir) {
  std::error_code error;
  // Of a path whose first part does not exist yet, weakly_canonical alone leaves a relative one relative.
  const auto real = [&](const std::string& path) {
    return std::filesystem::weakly_canonical(std::filesystem::absolute(path, error), error);
  };
  if (real(backfill + "/") == real(data_dir + "/")) return;
  fmt::print(stderr,
             "  note: --backfill writes into {}, and the configuration's data_dir is {}: a server with this "
             "configuration does not see what is written\n",
             terminal_text(backfill), terminal_text(data_dir));
}

// Where the objects are: as the configuration's first [[s3_source]] says, or the environment as the AWS CLI reads it.
S3Trail::Settings s3_settings(const Config* config) {
  const auto set = [](const char* first, const char* second) {
    const char* value = std::getenv(first);
    if (value == nullptr || *value == '\0') value = std::getenv(second);
    return std::string(value == nullptr ? "" : value);
  };
  S3Trail::Settings settings;
  if (config != nullptr && !config->s3_sources.empty()) {
    const S3SourceSettings& source = config->s3_sources.front();
    settings.place = source.place;
    settings.credentials = source.credentials;
    settings.ca_file = source.ca_file;
    const auto queue = parse_queue_url(source.queue_url);
    if (settings.place.region.empty() && queue.ok()) settings.place.region = queue.value().region;
    return settings;
  }
  settings.place.region = set("AWS_REGION", "AWS_DEFAULT_REGION");
  if (settings.place.region.empty()) settings.place.region = "us-east-1";  // S3 says there where a bucket is
  settings.place.endpoint = set("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL");
  settings.ca_file = set("AWS_CA_BUNDLE", "AWS_CA_BUNDLE");
  return settings;
}

// The credentials file of the person who calls is one of the places.
const char* environment_with_home(const char* name) {
  const char* const value = std::getenv(name);
  if (value != nullptr || std::string_view(name) != "AWS_SHARED_CREDENTIALS_FILE") return value;
  const char* const home = std::getenv("HOME");
  if (home == nullptr) return nullptr;
  static const std::string file = std::string(home) + "/.aws/credentials";
  std::error_code error;
  return std::filesystem::exists(file, error) ? file.c_str() : nullptr;
}

Result<std::unique_ptr<S3Trail>> open_s3(const Options& options, const Config* config) {
  const auto is_remote = [](const std::string& path) { return path.starts_with(kS3Scheme); };
  if (std::none_of(options.paths.begin(), options.paths.end(), is_remote)) return std::unique_ptr<S3Trail>();
  return S3Trail::open(s3_settings(config), {environment_with_home, wall_clock, nullptr});
}

// Writes into the directory of a stopped server; creates it where there is none.
int run_backfill(const Options& options, const ScanSettings& settings, const NetworkMap& networks,
                 std::vector<WebhookRoute> routes) {
  auto data = open_or_create(options.backfill);
  if (!data) return fail(data.error().message);
  BackfillTarget target;
  target.hash_key = (*data)->hash_key();
  target.shards = static_cast<std::uint32_t>((*data)->partitions().size());
  for (const auto& partition : (*data)->partitions()) target.stores.partitions.push_back(partition.get());
  target.stores.alerts = &(*data)->alerts();
  target.routes = std::move(routes);
  const double began = uptime();
  const auto summary = backfill(settings, networks, std::move(target));
  if (!summary) return fail(summary.error().message);
  if (summary.value().blocks_done_before > 0)
    fmt::print(stderr, "straykey scan: {} blocks of 30 days were done before\n", summary.value().blocks_done_before);
  return conclude(options, summary.value(), networks, uptime() - began);
}

int run(const Options& options) {
  DetectionSettings detection;
  NetworkInputs inputs;
  std::vector<WebhookRoute> routes;
  ConfigResult config;
  if (!options.config.empty()) {
    config = read_config(options.config);
    for (const ConfigError& error : config.errors) fail(error.text());
    if (!config.ok()) return kExitConfig;
    const std::vector<ConfigError> of_known = known_errors(config.config);
    for (const ConfigError& error : of_known) fail(error.text());
    if (!of_known.empty()) return kExitConfig;
    detection = config.config.detection;
    auto networks = load_networks(config.config);
    if (!networks) return fail(networks.error().message, kExitConfig);
    inputs = std::move(*networks);
    routes = webhook_routes(config.config);
    if (!options.backfill.empty()) warn_of_other_directory(options.backfill, config.config.data_dir);
  }
  if (const Status status = prepare(options, detection, inputs); !status.ok()) return fail(status.error().message);
  const NetworkMap networks(std::move(inputs));
  const auto s3 = open_s3(options, options.config.empty() ? nullptr : &config.config);
  if (!s3) return fail(s3.error().message);

  ScanSettings settings{options.paths, detection, wall_clock(), options.explain_rejects, s3.value().get()};
  if (!options.backfill.empty()) return run_backfill(options, settings, networks, routes);
  const double began = uptime();
  const auto scanned = scan(settings, networks, [](std::string_view document) {
    const std::string shown = terminal_json(document);
    std::fwrite(shown.data(), 1, shown.size(), stdout);
    std::fputc('\n', stdout);
  });
  if (!scanned) return fail(scanned.error().message);
  const int code = conclude(options, scanned.value().summary, networks, uptime() - began);
  std::_Exit(end_output(code));  // what was learned goes with the process
}

}  // namespace

RunCommand add_scan_command(CLI::App& app) {
  CLI::App* command =
      app.add_subcommand("scan", "Judge CloudTrail files offline; writes one alert a line to the output");
  auto options = std::make_shared<Options>();
  command
      ->add_option("PATH", options->paths,
                   "Files and folders, or s3://bucket/prefix; what a file holds is told by its content, not by its "
                   "name, plain or gzip")
      ->required();
  command->add_option("--config", options->config, "Take detection and networks from this configuration")
      ->type_name("FILE");
  command
      ->add_option("--activation-days", options->activation_days,
                   "Days an account must be known before it raises alerts; 0 for forensic use")
      ->check(CLI::Range(0, 60))
      ->type_name("N");
  command->add_option("--aws-ranges", options->aws_ranges, "AWS's published ip-ranges.json")->type_name("FILE");
  command
      ->add_option("--asn", options->asn,
                   "Networks by AS number: IPinfo Lite, GeoLite2-ASN, DB-IP, IP2Location LITE or iptoasn.com, as MMDB, "
                   "CSV or TSV, plain or .gz; may be given again")
      ->type_name("FILE")
      ->allow_extra_args(false);
  command->add_option("--trusted", options->trusted, "A network of yours outside AWS; may be given again")
      ->type_name("CIDR")
      ->allow_extra_args(false);
  command
      ->add_option("--untrusted", options->untrusted,
                   "A network to treat as outside, even if private; may be given again")
      ->type_name("CIDR")
      ->allow_extra_args(false);
  command
      ->add_option("--backfill", options->backfill,
                   "Write baselines and alerts into this data directory of a stopped server instead; alerts whose 5 "
                   "days are not over "
                   "will be sent by the server, older ones are only stored. Give the server's --config too. May be "
                   "repeated without effect")
      ->type_name("DIR");
  command
      ->add_option("--explain-rejects", options->explain_rejects,
                   "Show file, place, value and what was expected for the first N rejected records")
      ->check(CLI::Range(0, 10'000))
      ->type_name("N");
  command->add_flag("--allow-empty", options->allow_empty, "Nothing to read is no failure");
  command->footer(
      "Exit code 0: events were taken and all files were read to their ends. 1: nothing was read, no event was taken,\n"
      "or a file is damaged, cut short or not to be read (it is named; what is whole of one that is cut short is "
      "judged).\n"
      "Example: straykey scan --activation-days 0 --aws-ranges ip-ranges.json ./cloudtrail > alerts.jsonl");
  return [command, options] { return command->parsed() ? run(*options) : -1; };
}

}  // namespace straykey
