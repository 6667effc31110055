// `straykey init`: the first files of an installation, and what to do with them.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>

#include "core/location/ip_address.h"
#include "net/io/self_signed_certificate.h"
#include "tools/commands/commands.h"
#include "tools/config/config_text.h"
#include "tools/installation/first_files.h"
#include "tools/terminal/clock.h"

namespace straykey {
namespace {

struct Options {
  InstallationOrder order;
  std::vector<std::string> names;
  bool system = false;
};

// What the Debian package has made, and where its unit looks.
void use_system_places(InstallationOrder& order) {
  order.directory = "/etc/straykey";
  order.data_dir = "/var/lib/straykey";
  order.group = "straykey";
  order.start = "systemctl restart straykey";
  order.keep = true;
}

bool is_host_name(const std::string& text) {
  if (parse_ip(text)) return true;
  return !text.empty() && text.size() <= 253 && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '.' || c == '-' || c == '*';
  });
}

int run(Options options) {
  for (const std::string& listen : {options.order.https, options.order.admin}) {
    const auto address = parse_listen_address(listen);
    if (!address || !address->on())
      return fail(listen + ": not an address and a port such as 127.0.0.1:8443", kExitUsage);
  }
  if (!parse_listen_address(options.order.admin)->loopback())
    return fail(
        options.order.admin +
            ": the page beyond loopback needs TLS and the names of its hosts. Leave --admin on loopback and reach "
            "it through an SSH tunnel or a proxy, or set admin.certificate, admin.key and admin.allowed_hosts in "
            "straykey.toml afterwards, and then admin.listen",
        kExitUsage);
  if (options.system) use_system_places(options.order);
  options.order.names = host_names();
  for (const std::string& name : options.names) {
    if (!is_host_name(name)) return fail(name + ": not a host name and not an address", kExitUsage);
    auto& all = options.order.names;
    if (std::find(all.begin(), all.end(), name) == all.end()) all.push_back(name);
  }
  options.order.now = wall_clock();
  const auto written = write_first_files(options.order);
  if (!written) return fail(written.error().message);
  std::fputs(next_steps(written.value(), options.order).c_str(), stdout);
  return kExitWell;
}

}  // namespace

RunCommand add_init_command(CLI::App& app) {
  CLI::App* command =
      app.add_subcommand("init", "Write a configuration, tokens and a self-signed certificate; overwrites nothing");
  auto options = std::make_shared<Options>();
  options->order.directory = ".";
  CLI::Option* const dir =
      command->add_option("--dir", options->order.directory, "Where to write them; this directory without it")
          ->type_name("DIR");
  CLI::Option* const data_dir =
      command->add_option("--data-dir", options->order.data_dir, "The store of the server; relative to --dir")
          ->type_name("DIR")
          ->capture_default_str();
  command
      ->add_flag("--system", options->system,
                 "For the service of the Debian package: what is missing in /etc/straykey, readable by its group")
      ->excludes(dir)
      ->excludes(data_dir);
  command->add_option("--listen", options->order.https, "Where events come in, over HTTPS")
      ->type_name("ADDRESS:PORT")
      ->capture_default_str();
  command->add_option("--admin", options->order.admin, "Where the page and its API are; keep it on loopback")
      ->type_name("ADDRESS:PORT")
      ->capture_default_str();
  command
      ->add_option("--name", options->names,
                   "A name or address by which senders call this machine, besides those that it knows; may be given "
                   "again")
      ->type_name("NAME")
      ->allow_extra_args(false);
  command->add_option("--days", options->order.days, "How long the certificate is good")
      ->type_name("N")
      ->check(CLI::Range(1, 3'650))
      ->capture_default_str();
  return [command, options] { return command->parsed() ? run(*options) : -1; };
}

}  // namespace straykey
