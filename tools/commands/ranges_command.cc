// `straykey ranges update|show`: AWS's address ranges.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>

#include "core/base/terminal_text.h"
#include "core/location/network_map.h"
#include "tools/commands/commands.h"
#include "tools/config/config_settings.h"
#include "tools/networks/address_files.h"
#include "tools/networks/aws_ranges_file.h"

namespace straykey {
namespace {

struct Options {
  std::string config, file, url, ca_file, address;
};

// The file given, or the one that the configuration names; "auto" is a file in the data directory. An Error: none.
Result<std::string> file_of(const Options& options, const Config& config) {
  if (!options.file.empty()) return options.file;
  const std::string& configured = config.networks.aws_ranges;
  if (configured == "builtin")
    return Error{options.config + ": networks.aws_ranges is \"builtin\", which is no file: name one with --file"};
  return configured == "auto" ? automatic_aws_ranges_file(config) : configured;
}

int update(const Options& options, const std::string& file, const Config& config) {
  FetchSettings settings;
  settings.url = options.url.empty() ? config.networks.aws_ranges_url : options.url;
  settings.ca_file = options.ca_file;
  const auto result = update_aws_ranges(settings, file);
  if (!result) return fail(result.error().message);
  const AwsRangesUpdate& done = result.value();
  fmt::print("{}: {} prefixes of {}{}\n", terminal_text(file), done.prefixes, format_time(done.created),
             done.changed ? "; a running server takes them with SIGHUP" : ", unchanged");
  return kExitWell;
}

// What the server would use: the file, or the ranges that are compiled in if none was named and none is there yet.
int show(const Options& options, const std::string& file) {
  NetworkInputs inputs;
  std::error_code failed;
  const bool compiled_in = options.file.empty() && !std::filesystem::exists(file, failed);
  if (!compiled_in) {
    auto ranges = read_aws_ranges(file);
    if (!ranges) return fail(ranges.error().message);
    inputs.aws_ranges = std::move(ranges->prefixes);
    inputs.aws_ranges_created = ranges->created;
    inputs.aws_regions = std::move(ranges->regions);
  }
  const NetworkMap map(std::move(inputs));
  fmt::print("{}: {} prefixes of {}\n", compiled_in ? "compiled in" : terminal_text(file), map.aws_range_count(),
             format_time(*map.aws_ranges_created()));
  if (options.address.empty()) return kExitWell;
  const auto address = parse_ip(options.address);
  if (!address) return fail(options.address + ": not an IP address", kExitUsage);
  fmt::print("{}: {}\n", address->text(), name_of(map.locate(*address).source_class));
  return kExitWell;
}

}  // namespace

RunCommand add_ranges_command(CLI::App& app) {
  CLI::App* command = app.add_subcommand("ranges", "Fetch and show AWS's published address ranges");
  auto options = std::make_shared<Options>();
  command->require_subcommand(1);
  command->fallthrough();
  command->add_option("--config", options->config, "Configuration that names the file, the URL and the data directory")
      ->type_name("FILE");
  command
      ->add_option("--file", options->file,
                   "The file, instead of the configured one, or of ip-ranges.json in the data directory")
      ->type_name("FILE");
  CLI::App* update_command =
      command->add_subcommand("update", "Fetch them over HTTPS; keeps the old file on any doubt");
  update_command->add_option("--url", options->url, "Where from, instead of the configured one")
      ->default_str(NetworksConfig{}.aws_ranges_url);
  update_command->add_option("--ca-file", options->ca_file, "Trust these authorities instead of the system's")
      ->type_name("FILE");
  CLI::App* show_command = command->add_subcommand("show", "How many and how old; where an address belongs");
  show_command->add_option("ADDRESS", options->address, "An IP address to look up");
  return [command, options, update_command] {
    if (!command->parsed()) return -1;
    ConfigResult config;
    if (!options->config.empty()) config = read_config(options->config);
    for (const ConfigError& error : config.errors) fail(error.text());
    if (!config.ok()) return kExitConfig;
    const auto file = file_of(*options, config.config);
    if (!file) return fail(file.error().message, kExitConfig);
    return update_command->parsed() ? update(*options, file.value(), config.config) : show(*options, file.value());
  };
}

}  // namespace straykey
