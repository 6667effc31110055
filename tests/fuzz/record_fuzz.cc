// libFuzzer: any bytes as a record and as a body. The short way must give what RecordParser gives, or leave it to it.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string_view>

#include "core/base/invariant.h"
#include "tests/support/two_readings.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace straykey;
  static TwoReadings readings;
  const std::string_view text(reinterpret_cast<const char*>(bytes), size);
  auto difference = readings.differ_on_record(text);
  if (!difference) difference = readings.differ_on_body(text, ContentEncoding::identity);
  if (difference) std::fprintf(stderr, "%s\n", difference->c_str());
  INVARIANT(!difference);
  return 0;
}
