#include "tests/support/two_readings.h"

#include "tests/support/event_text.h"

namespace straykey {
namespace {

constexpr Seconds kNow = 1'790'000'000;
constexpr PayloadLimits kLimits{.inflated_bytes_max = 64 << 20, .records_max = 100'000};

PayloadLimits without_short_way() {
  PayloadLimits limits = kLimits;
  limits.short_way = false;
  return limits;
}

// Quotes stand behind the text, so that a reader which goes too far finds something that it misreads.
std::string padded(std::string_view text) {
  return std::string(text) + std::string(kJsonPadding, '"');
}

}  // namespace

TwoReadings::TwoReadings() : with_(kLimits), without_(without_short_way()) {}

std::optional<std::string> TwoReadings::differ_on_record(std::string_view record) {
  const std::string text = padded(record);
  const std::string_view given = std::string_view(text).substr(0, record.size());
  if (!given.starts_with('{')) return std::nullopt;
  TextArena arena;
  Event event;
  walk_.forget();
  ++asked_;
  const std::size_t bytes = walk_.read(given, arena, kNow, event);
  if (bytes == 0) return std::nullopt;
  ++taken_;
  const auto parsed = parser_.parse(given.substr(0, bytes), arena, kNow);
  if (const RejectReason* reason = std::get_if<RejectReason>(&parsed))
    return "the walk takes what the parser refuses as " + std::string(name_of(*reason)) + ": " + std::string(record);
  const std::string one = event_text(event), other = event_text(std::get<Event>(parsed));
  if (one == other) return std::nullopt;
  return "the walk reads\n" + one + "\nthe parser reads\n" + other;
}

std::string TwoReadings::read(PayloadReader& reader, std::string_view body, ContentEncoding encoding) {
  const std::string text = padded(body);
  TextArena arena;
  std::string out;
  const PayloadReader::Sink sink{
      [&](std::uint32_t index, Event&& event) { out += std::to_string(index) + ": " + event_text(event) + "\n"; },
      [&](std::uint32_t index, RejectReason reason, std::string_view record) {
        out += std::to_string(index) + "! " + std::string(name_of(reason)) + ' ' + std::string(record) + "\n";
      }};
  const auto error = reader.read(std::string_view(text).substr(0, body.size()), encoding, kNow, arena, sink);
  if (error) out += name_of(*error);
  return out;
}

std::optional<std::string> TwoReadings::differ_on_body(std::string_view body, ContentEncoding encoding) {
  const std::string with = read(with_, body, encoding), without = read(without_, body, encoding);
  if (with == without) return std::nullopt;
  return "with the short way\n" + with + "\nwithout\n" + without;
}

}  // namespace straykey
