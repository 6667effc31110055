// Files that an operator gives: address ranges, networks by number, a configuration. How the text is cut makes no
// difference, and what was read has the shape that its header promises.
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/invariant.h"
#include "tests/fuzz/targets.h"
#include "tools/config/config.h"
#include "tools/config/config_show.h"
#include "tools/networks/address_files.h"
#include "tools/networks/asn_rows.h"
#include "tools/networks/maxmind_file.h"

namespace straykey {
namespace {

// A file of memory that lives as long as this.
class MemoryFile {
 public:
  explicit MemoryFile(std::string_view bytes) : descriptor_(memfd_create("fuzz", MFD_CLOEXEC)) {
    INVARIANT(write(descriptor_, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
  }
  ~MemoryFile() { close(descriptor_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  [[nodiscard]] std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

 private:
  int descriptor_;
};

void check(const std::vector<AsnRange>& ranges) {
  for (const AsnRange& range : ranges) {
    INVARIANT(range.first <= range.last && range.first.is_v4() == range.last.is_v4());
    INVARIANT(range.name.size() <= kAsNameBytesMax);
  }
}

bool reads_rows(std::string_view text, std::size_t piece, std::vector<AsnRange>& ranges) {
  AsnRangeList list(false);
  AsnRows rows("fuzz", list);
  while (!text.empty()) {
    const std::size_t size = std::min(piece, text.size());
    if (!rows.add(text.substr(0, size)).ok()) return false;
    text.remove_prefix(size);
  }
  if (!rows.finish().ok()) return false;
  ranges = list.release();
  return true;
}

bool equal(const AsnRange& a, const AsnRange& b) {
  return a.first == b.first && a.last == b.last && a.asn == b.asn && a.name == b.name;
}

}  // namespace

void fuzz_ranges(std::string_view input) {
  if (const auto ranges = parse_aws_ranges(input, "fuzz")) {
    const std::vector<Prefix>& prefixes = ranges.value().prefixes;
    INVARIANT(!prefixes.empty() && std::is_sorted(prefixes.begin(), prefixes.end()));
    INVARIANT(std::adjacent_find(prefixes.begin(), prefixes.end()) == prefixes.end());
  }
  (void)parse_prefixes(input, "fuzz");
}

void fuzz_asn(std::string_view input) {
  if (input.empty()) return;
  const std::size_t piece = static_cast<unsigned char>(input[0]) % 32 + 1u;
  const std::string_view text = input.substr(1);
  if (const auto ranges = parse_asn_rows(text, "fuzz")) check(ranges.value());
  std::vector<AsnRange> whole, in_pieces;
  const bool whole_is_read = reads_rows(text, text.size() + 1, whole);
  INVARIANT(whole_is_read == reads_rows(text, piece, in_pieces));
  INVARIANT(std::equal(whole.begin(), whole.end(), in_pieces.begin(), in_pieces.end(), equal));
}

void fuzz_mmdb(std::string_view input) {
  const MemoryFile file(input);
  AsnRangeList list(true);
  if (read_maxmind_asns({file.path(), "fuzz"}, list).ok()) check(list.release());
  if (const auto ranges = read_asns(file.path())) check(ranges.value());
}

// Every error has its place and sentence, and what can be read can be shown.
void fuzz_config(std::string_view input) {
  const ConfigResult read = parse_config(input, "/fuzz/straykey.toml");
  for (const ConfigError& error : read.errors) INVARIANT(!error.text().empty());
  if (read.ok()) INVARIANT(!show_config(read.config).empty());
}

}  // namespace straykey
