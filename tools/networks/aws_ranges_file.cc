#include "tools/networks/aws_ranges_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "tools/networks/address_files.h"

namespace straykey {
namespace {

// AWS adds ranges and seldom gives any back: a file that lost more than a fifth is rather a broken one.
constexpr std::size_t kShrinkDivisor = 5;

Status write_all(int file, const std::string& text) {
  std::size_t written = 0;
  while (written < text.size()) {
    const ssize_t count = write(file, text.data() + written, text.size() - written);
    if (count < 0 && errno != EINTR) return Error{std::strerror(errno)};
    if (count > 0) written += static_cast<std::size_t>(count);
  }
  if (fsync(file) != 0) return Error{std::strerror(errno)};
  return {};
}

Status replace_file(const std::string& path, const std::string& text) {
  const std::string temporary = path + ".new";
  const int file = open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (file < 0) return Error{fmt::format("{}: {}", temporary, std::strerror(errno))};
  const Status written = write_all(file, text);
  close(file);
  if (!written.ok()) return Error{fmt::format("{}: {}", temporary, written.error().message)};
  if (rename(temporary.c_str(), path.c_str()) != 0) return Error{fmt::format("{}: {}", path, std::strerror(errno))};
  return {};
}

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
  if (const Status status = replace_file(file, text.value()); !status.ok()) return status.error();
  update.changed = true;
  return update;
}

}  // namespace straykey
