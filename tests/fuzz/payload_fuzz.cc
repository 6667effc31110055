// Any bytes as a body. A first byte below 4 picks the encoding; sanitizers and the checks below are the oracle.
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>

#include "core/base/invariant.h"
#include "core/event/cloudtrail.h"
#include "core/event/payload.h"
#include "tests/fuzz/targets.h"

namespace straykey {

void fuzz_payload(std::string_view input) {
  static PayloadReader reader(PayloadLimits{.inflated_bytes_max = 1 << 20, .records_max = 10'000});
  if (input.empty()) return;
  constexpr ContentEncoding kEncodings[] = {ContentEncoding::identity, ContentEncoding::gzip, ContentEncoding::deflate,
                                            ContentEncoding::zstd};
  ContentEncoding encoding = ContentEncoding::identity;
  if (static_cast<unsigned char>(input[0]) < std::size(kEncodings)) {
    encoding = kEncodings[static_cast<unsigned char>(input[0])];
    input.remove_prefix(1);
  }
  const std::string body = std::string(input) + std::string(kJsonPadding, '"');
  TextArena arena;
  std::uint32_t next_index = 0;
  std::size_t touched = 0;  // every view is read to its end
  const auto touch = [&](std::string_view text) {
    for (const char c : text) touched += static_cast<unsigned char>(c);
  };
  const PayloadReader::Sink sink{[&](std::uint32_t index, Event&& event) {
                                   INVARIANT(index == next_index++);
                                   INVARIANT(!event.event_name.empty() && event.record.size() <= kRecordBytesMax);
                                   touch(event.record);
                                   touch(event.user_agent_text);
                                   touch(event.user_agent.exec_env);
                                   touch(event.access_key);
                                 },
                                 [&](std::uint32_t index, RejectReason, std::string_view record) {
                                   INVARIANT(index == next_index++);
                                   touch(record);
                                 }};
  const auto error = reader.read(std::string_view(body).substr(0, input.size()), encoding, 1'780'000'000, arena, sink);
  INVARIANT(!error || !name_of(*error).empty());
  [[maybe_unused]] static volatile std::size_t kept;
  kept = touched;
}

}  // namespace straykey
