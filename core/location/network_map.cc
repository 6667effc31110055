// NetworkMap: two prefix tables, one of classes and one of autonomous systems, and the order between them.
#include "core/location/network_map.h"

#include <algorithm>
#include <array>
#include <functional>
#include <limits>
#include <span>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "core/base/invariant.h"
#include "core/location/aws_builtin_ranges.h"
#include "core/location/prefix_table.h"

namespace straykey {
namespace {

// What the table of classes says of an address. If two apply, the higher counts.
enum Rank : std::uint32_t { kUnlisted = 0, kAws = 1, kPrivate = 2, kTrusted = 3, kNowhere = 4, kUntrusted = 5 };

constexpr std::string_view kPrivateRanges[] = {
    "10.0.0.0/8",     "172.16.0.0/12",
    "192.168.0.0/16",               // RFC 1918
    "100.64.0.0/10",                // RFC 6598, carrier-grade NAT; AWS uses it inside VPCs too
    "169.254.0.0/16", "fe80::/10",  // link-local
    "127.0.0.0/8",    "::1",        // loopback
    "fc00::/7",                     // RFC 4193, unique local
};

// Nobody calls from these: unspecified, multicast, and class E, which was never given to anybody (RFC 1112). Its last
// address is broadcast.
constexpr std::string_view kNowhereRanges[] = {"0.0.0.0", "::", "224.0.0.0/4", "ff00::/8", "240.0.0.0/4"};

// Amazon's autonomous systems in which AWS runs, and their regional siblings; ascending. By number, never by name: the
// registries also know organisations of Brazil's state of Amazonas (263639, 264344, 264509, 271047). Amazon's
// conference, warehouse and robotics networks (36263, 62785, 395343) are left out: nothing that AWS runs for a customer
// is in them.
constexpr std::array<std::uint32_t, 17> kAmazonAsns = {801,   7224,  8987,  9059,  10124, 14618,  16509,  17493, 19047,
                                                       21664, 38895, 39111, 40045, 58588, 135630, 399834, 399991};
static_assert(std::is_sorted(kAmazonAsns.begin(), kAmazonAsns.end()));

constexpr Day kRangesFreshDays = 30;

void append(std::vector<PrefixTable::Range>& ranges, const std::vector<Prefix>& prefixes, Rank rank) {
  for (const Prefix& prefix : prefixes) ranges.push_back({prefix.first, prefix.last(), rank});
}

std::vector<Prefix> prefixes_of(std::span<const std::string_view> texts) {
  std::vector<Prefix> prefixes;
  for (const std::string_view text : texts) {
    const auto prefix = parse_prefix(text);
    INVARIANT(prefix.has_value());
    prefixes.push_back(*prefix);
  }
  return prefixes;
}

std::uint64_t half_of(const IpAddress& address, std::size_t at) noexcept {
  std::uint64_t half = 0;
  for (std::size_t i = at; i < at + 8; ++i) half = half << 8 | address.bytes[i];
  return half;
}

// last - first, upper half and lower half.
using Width = std::pair<std::uint64_t, std::uint64_t>;
Width width_of(const AsnRange& range) noexcept {
  const std::uint64_t first_low = half_of(range.first, 8);
  const std::uint64_t last_low = half_of(range.last, 8);
  const std::uint64_t borrow = last_low < first_low ? 1 : 0;
  return {half_of(range.last, 0) - half_of(range.first, 0) - borrow, last_low - first_low};
}

// RFC 6052: the IPv4 address within 64:ff9b::/96; any other address as it is.
IpAddress without_nat64(const IpAddress& address) noexcept {
  constexpr std::array<std::uint8_t, 12> kNat64 = {0x00, 0x64, 0xff, 0x9b};
  if (!std::equal(kNat64.begin(), kNat64.end(), address.bytes.begin())) return address;
  IpAddress v4 = IpAddress::from_v4(0);
  std::copy(address.bytes.begin() + 12, address.bytes.end(), v4.bytes.begin() + 12);
  return v4;
}

SourceClass class_of(std::uint32_t rank, bool amazon_asn) noexcept {
  switch (rank) {
    case kTrusted:
      return SourceClass::own;
    case kPrivate:
      return SourceClass::private_range;
    case kNowhere:
      return SourceClass::service;
    case kAws:
      return SourceClass::aws;
    case kUntrusted:
      return SourceClass::external;
    default:
      return amazon_asn ? SourceClass::aws : SourceClass::external;
  }
}

}  // namespace

std::string_view name_of(SourceClass source_class) noexcept {
  switch (source_class) {
    case SourceClass::service:
      return "service";
    case SourceClass::private_range:
      return "private";
    case SourceClass::foreign_endpoint:
      return "foreign_endpoint";
    case SourceClass::aws:
      return "aws";
    case SourceClass::own:
      return "own";
    case SourceClass::external:
      return "external";
  }
  INVARIANT(false);
}

struct NetworkMap::Tables {
  struct System {
    std::uint32_t asn = 0;
    bool amazon = false;
    std::string name;
  };

  using SystemKey = std::pair<std::uint32_t, std::string_view>;
  struct SystemHash {
    std::size_t operator()(const SystemKey& key) const noexcept {
      return std::hash<std::string_view>()(key.second) ^ key.first;
    }
  };
  using SystemNumbers = std::unordered_map<SystemKey, std::uint32_t, SystemHash>;

  PrefixTable classes;          // Rank
  PrefixTable asns;             // index into systems, plus 1
  std::vector<System> systems;  // each (number, name) once
  bool builtin = false;
  std::optional<Seconds> created;
  std::set<std::string, std::less<>> regions;
  std::size_t aws_range_count = 0;
  std::size_t asn_range_count = 0;

  void build_classes(const NetworkInputs& inputs);
  void build_asns(std::vector<AsnRange> ranges);
  std::uint32_t number_of(const AsnRange& range, SystemNumbers& known);
};

void NetworkMap::Tables::build_classes(const NetworkInputs& inputs) {
  builtin = inputs.aws_ranges.empty();
  const AwsBuiltinRanges compiled = builtin ? aws_builtin_ranges() : AwsBuiltinRanges{};
  created = builtin ? compiled.created : inputs.aws_ranges_created;
  const std::vector<Prefix>& aws = builtin ? compiled.prefixes : inputs.aws_ranges;
  if (builtin)
    regions.insert(compiled.regions.begin(), compiled.regions.end());
  else
    regions = inputs.aws_regions;
  aws_range_count = aws.size();

  std::vector<PrefixTable::Range> ranges;  // the later counts
  append(ranges, aws, kAws);
  append(ranges, prefixes_of(kPrivateRanges), kPrivate);
  append(ranges, inputs.trusted, kTrusted);
  append(ranges, prefixes_of(kNowhereRanges), kNowhere);
  append(ranges, inputs.untrusted, kUntrusted);
  classes = PrefixTable(ranges);
}

// The place of a range's system in `systems`, plus 1; 0 if nobody is known there.
std::uint32_t NetworkMap::Tables::number_of(const AsnRange& range, SystemNumbers& known) {
  if (range.asn == 0) return 0;
  const auto number = static_cast<std::uint32_t>(systems.size() + 1);
  const auto [entry, is_new] = known.try_emplace({range.asn, range.name}, number);
  if (is_new) {
    const bool amazon = std::binary_search(kAmazonAsns.begin(), kAmazonAsns.end(), range.asn);
    systems.push_back({range.asn, amazon, range.name});
  }
  return entry->second;
}

void NetworkMap::Tables::build_asns(std::vector<AsnRange> ranges) {
  asn_range_count = ranges.size();
  // The sort keys lie together, apart from the ranges. With 700,000 ranges, building took more than twice as long when
  // the sort followed each range to its place in memory (3.0 s to 1.2 s, 2026-11-30).
  struct Ranked {
    Width width;
    IpAddress first;
    std::uint32_t at = 0, value = 0;
  };
  INVARIANT(ranges.size() < std::numeric_limits<std::uint32_t>::max());
  std::vector<Ranked> order;
  order.reserve(ranges.size());
  SystemNumbers known;  // views into `ranges`
  for (const AsnRange& range : ranges)
    order.push_back({width_of(range), range.first, static_cast<std::uint32_t>(order.size()), number_of(range, known)});
  // Widest first, so that the narrowest, which comes last, counts. The rest of the key makes the input's order
  // irrelevant.
  std::sort(order.begin(), order.end(), [&](const Ranked& x, const Ranked& y) {
    if (x.width != y.width) return y.width < x.width;
    if (x.first != y.first) return x.first < y.first;
    const AsnRange& a = ranges[x.at];
    const AsnRange& b = ranges[y.at];
    return std::tie(b.asn, b.name) < std::tie(a.asn, a.name);
  });
  std::vector<PrefixTable::Range> painted;
  painted.reserve(order.size());
  for (const Ranked& ranked : order) painted.push_back({ranked.first, ranges[ranked.at].last, ranked.value});
  asns = PrefixTable(painted);
}

NetworkMap::NetworkMap(NetworkInputs inputs) : tables_(std::make_unique<Tables>()) {
  tables_->build_classes(inputs);
  tables_->build_asns(std::move(inputs.asns));
}

NetworkMap::~NetworkMap() = default;

Place NetworkMap::locate(const IpAddress& address) const noexcept {
  const IpAddress judged = without_nat64(address);
  std::uint32_t rank = tables_->classes.find(judged);
  // A list may also name the NAT64 address itself.
  if (judged != address) rank = std::max(rank, tables_->classes.find(address));

  Place place;
  bool amazon_asn = false;
  if (const std::uint32_t system = tables_->asns.find(judged); system != 0) {
    const Tables::System& found = tables_->systems[system - 1];
    place.asn = found.asn;
    place.as_name = found.name;
    amazon_asn = found.amazon;
  }
  place.source_class = class_of(rank, amazon_asn);
  place.listed_untrusted = rank == kUntrusted;
  place.only_absent_from_aws = place.source_class == SourceClass::external && !place.listed_untrusted && place.asn == 0;
  return place;
}

Place NetworkMap::locate(std::string_view source_ip) const noexcept {
  const auto address = parse_ip(source_ip);
  return address ? locate(*address) : Place{};
}

bool NetworkMap::aws_ranges_known_on(Day day) const noexcept {
  if (!tables_->created) return false;
  return std::int64_t{day} <= std::int64_t{day_of(*tables_->created)} + kRangesFreshDays;
}

bool NetworkMap::aws_ranges_hold(std::string_view region) const noexcept {
  return region.empty() || tables_->regions.empty() || tables_->regions.contains(region);
}

bool NetworkMap::uses_builtin_aws_ranges() const noexcept {
  return tables_->builtin;
}
std::optional<Seconds> NetworkMap::aws_ranges_created() const noexcept {
  return tables_->created;
}
std::size_t NetworkMap::aws_range_count() const noexcept {
  return tables_->aws_range_count;
}
std::size_t NetworkMap::asn_range_count() const noexcept {
  return tables_->asn_range_count;
}

std::string prefix_network(const IpAddress& address) {
  const IpAddress judged = without_nat64(address);
  return prefix_of(judged, judged.is_v4() ? 96 + 24 : 48).text();
}

std::string asn_network(std::uint32_t asn) {
  return "AS" + std::to_string(asn);
}

}  // namespace straykey
