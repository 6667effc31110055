// Any bytes as a record and as a body. The short way must give what RecordParser gives, or leave it to it.
#include <cstdio>
#include <string_view>

#include "core/base/invariant.h"
#include "tests/fuzz/targets.h"
#include "tests/support/two_readings.h"

namespace straykey {

void fuzz_record(std::string_view input) {
  static TwoReadings readings;
  auto difference = readings.differ_on_record(input);
  if (!difference) difference = readings.differ_on_body(input, ContentEncoding::identity);
  if (difference) std::fprintf(stderr, "%s\n", difference->c_str());
  INVARIANT(!difference);
}

}  // namespace straykey
