#include "net/ingest/trail_object.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <utility>

#include "core/event/decoding.h"
#include "core/event/foreign_text.h"

namespace straykey {
namespace {

constexpr std::size_t kLookedAtBytes = 4096;

constexpr std::array<std::pair<std::string_view, std::string_view>, 8> kByName{{
    {"/CloudTrail-Digest/", "digest"},
    {"/Config/", "config"},
    {"_Config_", "config"},
    {"ConfigWritabilityCheckFile", "config"},
    {"/vpcflowlogs/", "flow_log"},
    {"_vpcflowlogs_", "flow_log"},
    {"/elasticloadbalancing/", "load_balancer"},
    {"_elasticloadbalancing_", "load_balancer"},
}};

bool digits_at(std::string_view text, std::size_t at, std::size_t count) noexcept {
  return at + count <= text.size() &&
         std::all_of(text.begin() + at, text.begin() + at + count, [](char c) { return c >= '0' && c <= '9'; });
}

// The first bytes of what gzip holds; as many as come without a fault.
std::string beginning_of_gzip(std::string_view bytes) {
  std::string text(kLookedAtBytes, '\0');
  z_stream stream{};
  if (inflateInit2(&stream, MAX_WBITS + 16) != Z_OK) return {};
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(std::min<std::size_t>(bytes.size(), 64 * 1024));
  stream.next_out = reinterpret_cast<Bytef*>(text.data());
  stream.avail_out = static_cast<uInt>(text.size());
  inflate(&stream, Z_SYNC_FLUSH);
  text.resize(text.size() - stream.avail_out);
  inflateEnd(&stream);
  return text;
}

}  // namespace

std::string_view skipped_by_name(std::string_view key) noexcept {
  if (key.ends_with('/')) return "folder";
  for (const auto& [part, label] : kByName)
    if (key.find(part) != std::string_view::npos) return label;
  return {};
}

std::string_view skipped_by_content(std::string_view bytes) {
  std::string inflated;
  if (has_gzip_magic(bytes)) {
    inflated = beginning_of_gzip(bytes);
    bytes = inflated;
  }
  const std::string_view foreign = foreign_text(bytes.substr(0, kLookedAtBytes));
  if (foreign.empty()) return {};
  if (foreign == "a CloudTrail digest") return "digest";
  return foreign == "a VPC flow log" ? "flow_log" : "config";
}

std::optional<Seconds> time_of_key(std::string_view key) noexcept {
  const std::string_view name = key.substr(key.rfind('/') + 1);
  for (std::size_t at = name.find('T'); at != std::string_view::npos; at = name.find('T', at + 1)) {
    if (at < 8 || !digits_at(name, at - 8, 8) || !digits_at(name, at + 1, 4)) continue;
    return parse_time(fmt::format("{}-{}-{}T{}:{}:00Z", name.substr(at - 8, 4), name.substr(at - 4, 2),
                                  name.substr(at - 2, 2), name.substr(at + 1, 2), name.substr(at + 3, 2)));
  }
  for (std::size_t at = key.find('/'); at != std::string_view::npos; at = key.find('/', at + 1)) {
    if (!digits_at(key, at + 1, 4) || !digits_at(key, at + 6, 2) || !digits_at(key, at + 9, 2)) continue;
    if (key[at + 5] != '/' || key[at + 8] != '/') continue;
    const auto day =
        parse_day(fmt::format("{}-{}-{}", key.substr(at + 1, 4), key.substr(at + 6, 2), key.substr(at + 9, 2)));
    if (day) return static_cast<Seconds>(*day) * kSecondsPerDay;
  }
  return std::nullopt;
}

}  // namespace straykey
