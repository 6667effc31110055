// `straykey accounts import`: the organisation's accounts become a part of the configuration.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>

#include "core/base/terminal_text.h"
#include "storage/replace_file.h"
#include "tools/commands/commands.h"
#include "tools/installation/account_listing.h"

namespace straykey {
namespace {

struct Options {
  std::vector<std::string> listings;
  std::string out;
};

Result<std::string> text_of(std::istream& stream, const std::string& name) {
  std::string text(kListingBytesMax + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(stream.gcount()));
  if (stream.bad() || (!stream.eof() && text.size() <= kListingBytesMax)) return Error{name + ": it cannot be read"};
  return text;
}

// All of them, one after the other; without any, what comes over stdin.
Result<std::string> text_of(const std::vector<std::string>& paths) {
  if (paths.empty()) return text_of(std::cin, "stdin");
  std::string all;
  for (const std::string& path : paths) {
    std::ifstream file(path, std::ios::binary);
    auto text = path == "-" ? text_of(std::cin, "stdin") : text_of(file, path);
    if (!text) return text.error();
    all += text.value() + "\n";
  }
  return all;
}

// A file that somebody wrote by hand is not replaced.
Status may_replace(const std::string& path) {
  std::error_code error;
  const auto status = std::filesystem::symlink_status(path, error);
  if (!std::filesystem::exists(status)) return {};
  if (!std::filesystem::is_regular_file(status))
    return Error{path + ": this is a link, or no plain file, and is left as it is: name the file itself"};
  std::ifstream file(path, std::ios::binary);
  std::string head(kAccountsFileHead.size(), '\0');
  file.read(head.data(), static_cast<std::streamsize>(head.size()));
  if (head == kAccountsFileHead) return {};
  return Error{path + ": this file was not written by `straykey accounts import`, and is left as it is"};
}

int run(const Options& options) {
  const auto text = text_of(options.listings);
  if (!text) return fail(text.error().message);
  const auto listing = read_account_listing(text.value());
  if (!listing) return fail(listing.error().message);
  const std::string config = accounts_config(listing.value());
  if (options.out.empty()) {
    std::fputs(config.c_str(), stdout);
  } else {
    if (const Status may = may_replace(options.out); !may) return fail(may.error().message);
    std::error_code error;
    const auto before = std::filesystem::status(options.out, error);
    // A new one is no secret, and the server may run as another user.
    const auto mode = std::filesystem::exists(before) ? before.permissions() : std::filesystem::perms(0644);
    if (const Status written = replace_file(options.out, config); !written) return fail(written.error().message);
    std::filesystem::permissions(options.out, mode, error);
    fmt::print("{}: {} accounts; a running server takes them with SIGHUP\n", terminal_text(options.out),
               listing.value().names.size());
  }
  if (listing.value().cut) return fail("the last page names another one (NextToken): add the pages that are missing");
  return kExitWell;
}

}  // namespace

RunCommand add_accounts_command(CLI::App& app) {
  CLI::App* command = app.add_subcommand("accounts", "Your organisation's own accounts");
  command->require_subcommand(1);
  CLI::App* import = command->add_subcommand(
      "import", "Make them known (networks.accounts) from what `aws organizations list-accounts` prints");
  auto options = std::make_shared<Options>();
  import->add_option("LISTING", options->listings, "Files of it, each with one page or more; stdin without any");
  import
      ->add_option("--out", options->out,
                   "The file to write, such as conf.d/accounts.toml beside the configuration; stdout without it")
      ->type_name("FILE");
  import->footer(
      "Accounts that are suspended count as yours, too. Emails are not written. Exit code 1: the listing is no such\n"
      "output, or its last page names another one.");
  return [import, options] { return import->parsed() ? run(*options) : -1; };
}

}  // namespace straykey
