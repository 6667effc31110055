// libFuzzer: any bytes as a body. The first byte picks the encoding; sanitizers and the checks below are the oracle.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/invariant.h"
#include "core/event/cloudtrail.h"
#include "core/event/payload.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace straykey;
  static PayloadReader reader(PayloadLimits{.inflated_bytes_max = 1 << 20, .records_max = 10'000});
  if (size == 0) return 0;
  constexpr ContentEncoding kEncodings[] = {ContentEncoding::identity, ContentEncoding::gzip, ContentEncoding::deflate};
  const std::string body =
      std::string(reinterpret_cast<const char*>(bytes + 1), size - 1) + std::string(kJsonPadding, '"');
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
  const auto error =
      reader.read(std::string_view(body).substr(0, size - 1), kEncodings[bytes[0] % 3], 1'780'000'000, arena, sink);
  INVARIANT(!error || !name_of(*error).empty());
  [[maybe_unused]] static volatile std::size_t kept;
  kept = touched;
  return 0;
}
