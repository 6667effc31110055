#include "tools/installation/account_listing.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <utility>

#include "core/base/terminal_text.h"
#include "core/identity/principal.h"

namespace straykey {
namespace {

namespace json = boost::json;

constexpr std::size_t kNameBytesMax = 80;

Status take_page(const json::value& page, AccountListing& listing) {
  const json::object* const object = page.if_object();
  const json::value* const accounts = object == nullptr ? nullptr : object->if_contains("Accounts");
  if (accounts == nullptr || !accounts->is_array())
    return Error{"this is no output of `aws organizations list-accounts`: a page has a list \"Accounts\""};
  for (const json::value& one : accounts->as_array()) {
    const json::object* const account = one.if_object();
    const auto text = [&](std::string_view key) {
      const json::value* const value = account == nullptr ? nullptr : account->if_contains(key);
      return value != nullptr && value->is_string() ? std::string(value->as_string()) : std::string();
    };
    if (!is_account_id(text("Id"))) return Error{"an account has no \"Id\" of 12 digits"};
    listing.names[text("Id")] = text("Name");
    if (listing.names.size() > kListedAccountsMax)
      return Error{fmt::format("the listing has more than {} accounts", kListedAccountsMax)};
  }
  const json::value* const next = object->if_contains("NextToken");
  listing.cut = next != nullptr && next->is_string() && !next->as_string().empty();
  ++listing.pages;
  return {};
}

}  // namespace

Result<AccountListing> read_account_listing(std::string_view text) {
  if (text.size() > kListingBytesMax) return Error{"the listing is larger than 64 MiB"};
  AccountListing listing;
  while (true) {
    text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
    if (text.empty()) break;
    json::stream_parser parser;
    json::error_code error;
    const std::size_t size = parser.write_some(text.data(), text.size(), error);
    if (!error && !parser.done()) parser.finish(error);
    if (error) return Error{fmt::format("page {} is no JSON: {}", listing.pages + 1, error.message())};
    if (const Status taken = take_page(parser.release(), listing); !taken) return taken.error();
    text.remove_prefix(size);
  }
  if (listing.names.empty()) return Error{"the listing names no account"};
  return listing;
}

std::string accounts_config(const AccountListing& listing) {
  std::string out = fmt::format("{}; the next import writes it anew.\n\n[networks]\naccounts = [\n", kAccountsFileHead);
  for (const auto& [id, name] : listing.names)
    out += name.empty() ? fmt::format("  \"{}\",\n", id)
                        : fmt::format("  \"{}\",  # {}\n", id, terminal_text(name, kNameBytesMax));
  return out + "]\n";
}

}  // namespace straykey
