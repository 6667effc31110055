#pragma once
// Reads the accounts of an organisation, as `aws organizations list-accounts` prints them, and writes them as a part of
// the configuration.
//
// Shape:  one page or several, one after the other: {"Accounts":[{"Id":"111122223333","Name":"..."}],"NextToken":"..."}
// Thread: any (functions of their arguments).
// Bounds: kListingBytesMax of text, kListedAccountsMax accounts.
// Errors: a sentence that says what is wrong with the listing.
#include <cstddef>
#include <map>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace straykey {

inline constexpr std::size_t kListingBytesMax = std::size_t{64} << 20;
inline constexpr std::size_t kListedAccountsMax = 9'000;  // what fits into a file of the configuration, names included

struct AccountListing {
  std::map<std::string, std::string> names;  // by id
  std::size_t pages = 0;
  bool cut = false;  // the last page names another one
};
[[nodiscard]] Result<AccountListing> read_account_listing(std::string_view text);

// What every such file begins with, so that it is known for one that may be written anew.
inline constexpr std::string_view kAccountsFileHead = "# Written by `straykey accounts import`";
[[nodiscard]] std::string accounts_config(const AccountListing& listing);

}  // namespace straykey
