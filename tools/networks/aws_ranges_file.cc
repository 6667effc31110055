#include "tools/networks/aws_ranges_file.h"

#include <fmt/format.h>
#include <unistd.h>

#include "storage/replace_file.h"
#include "tools/networks/address_files.h"

namespace straykey {
namespace {

// AWS adds ranges and seldom gives any back: a file that lost more than a fifth is rather a broken one.
constexpr std::size_t kShrinkDivisor = 5;

}  // namespace

Result<AwsRangesUpdate> update_aws_ranges(const FetchSettings& settings, const std::string& file) {
  auto text = fetch_https(settings);
  if (!text) return Error{"AWS's address ranges were not fetched; the old ones stay: " + text.error().message};
  const auto fetched = parse_aws_ranges(text.value(), "the fetched file");
  if (!fetched) return Error{"what was fetched is not taken; the old ranges stay: " + fetched.error().message};
  AwsRangesUpdate update;
  update.prefixes = fetched.value().prefixes.size();
  update.created = fetched.value().created;
  if (access(file.c_str(), F_OK) == 0) {
    const auto old = read_aws_ranges(file);
    if (old) {
      update.prefixes_before = old.value().prefixes.size();
      if (old.value().created == update.created) return update;
      if (old.value().created > update.created)
        return Error{fmt::format("the fetched ranges of {} are older than those at hand of {}; the old ones stay",
                                 format_time(update.created), format_time(old.value().created))};
      if (update.prefixes + update.prefixes_before / kShrinkDivisor < update.prefixes_before)
        return Error{fmt::format(
            "the fetched ranges hold {} prefixes, those at hand {}; the old ones stay. Remove {} to take the new ones",
            update.prefixes, update.prefixes_before, file)};
    }
  }
  if (const Status status = replace_file(file, text.value()); !status.ok())
    return Error{file + ": " + status.error().message};
  update.changed = true;
  return update;
}

}  // namespace straykey
