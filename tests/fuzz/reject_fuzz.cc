// Any bytes as a file of kept rejects. Whatever stands in it, the store opens, gives its whole entries with ascending
// numbers, takes one more, and has it after the next opening.
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>

#include "core/base/invariant.h"
#include "storage/reject_ring.h"
#include "tests/fuzz/targets.h"
#include "tests/support/temporary_directory.h"

namespace straykey {
namespace {

std::size_t count(RejectRing& ring, std::string_view last) {
  std::size_t found = 0;
  KeptReject newest;
  INVARIANT(ring.scan(0,
                      [&](const KeptReject& reject) {
                        INVARIANT(!reject_json(reject, true).empty());
                        INVARIANT(reject.number > newest.number);
                        newest = reject;
                        ++found;
                        return true;
                      })
                .ok());
  INVARIANT(last.empty() || newest.record == last);
  return found;
}

}  // namespace

void fuzz_rejects(std::string_view input) {
  static const TemporaryDirectory scratch;
  static const std::string directory = scratch.path() + "/rejects", file = directory + "/0000000000000001";
  (void)RejectRing::open({directory, 1 << 20});
  ::unlink(file.c_str());  // ext4 syncs a file that is cut and written anew
  std::ofstream(file, std::ios::binary) << input;
  std::size_t before = 0;
  {
    const auto ring = RejectRing::open({directory, 1 << 20});
    INVARIANT(ring.ok());
    before = count(*ring.value(), {});
    INVARIANT(ring.value()->append({0, 1, "bad_json", "fuzz", 3, "new"}).ok());
  }
  const auto again = RejectRing::open({directory, 1 << 20});
  INVARIANT(again.ok() && again.value()->torn() == 0);
  INVARIANT(count(*again.value(), "new") == before + 1);
}

}  // namespace straykey
