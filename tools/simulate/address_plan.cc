#include "tools/simulate/address_plan.h"

#include <fmt/format.h>

#include <array>

#include "core/base/invariant.h"

namespace straykey {
namespace {

constexpr std::uint32_t v4(std::uint32_t a, std::uint32_t b, std::uint32_t c, std::uint32_t d) {
  return a << 24 | b << 16 | c << 8 | d;
}

std::string v4_text(std::uint32_t address) {
  return fmt::format("{}.{}.{}.{}", address >> 24, address >> 16 & 255, address >> 8 & 255, address & 255);
}

struct ExternalPrefix {
  std::uint32_t asn;
  std::string_view name;
  std::uint32_t first;  // IPv4; 0 when the prefix is IPv6
  std::uint32_t size;
  std::string_view v6 = "";  // the first three groups of a /48
};

constexpr std::array kExternal{
    ExternalPrefix{asn::kHostingOne, "Example Hosting One", v4(203, 0, 113, 0), 64},
    ExternalPrefix{asn::kHostingTwo, "Example Hosting Two", v4(198, 19, 16, 0), 4096},
    ExternalPrefix{asn::kVpn, "Example VPN Exits", v4(198, 19, 32, 0), 4096},
    ExternalPrefix{asn::kOffice, "Example Office Fibre", v4(198, 51, 100, 0), 64},
    ExternalPrefix{asn::kHome, "Example Home Broadband", v4(198, 51, 100, 64), 64},
    ExternalPrefix{asn::kHome, "Example Home Broadband", v4(198, 19, 48, 0), 4096},
    ExternalPrefix{asn::kPartner, "Example Partner Exchange", v4(198, 51, 100, 128), 64},
    ExternalPrefix{asn::kPartner, "Example Partner Exchange", v4(198, 19, 64, 0), 4096},
    ExternalPrefix{asn::kDatacentre, "Example Datacentre", v4(203, 0, 113, 192), 32},
    ExternalPrefix{asn::kBuildHosting, "Example Build Hosting", v4(198, 19, 80, 0), 4096},
    ExternalPrefix{asn::kSaas, "Example Monitoring SaaS", v4(198, 19, 96, 0), 4096},
    ExternalPrefix{asn::kHotel, "Example Hotel Wi-Fi", v4(198, 19, 112, 0), 4096},
    ExternalPrefix{asn::kHostingThree, "Example Hosting Three", v4(203, 0, 113, 64), 64},
    ExternalPrefix{asn::kHostingSix, "Example Hosting Six", 0, 0, "2001:db8:f700"},
};
constexpr std::uint32_t kHosters = 16;

ExternalPrefix hoster(std::uint32_t number) {
  return {asn::kHoster + number, "Example Small Hoster", v4(198, 19, 128 + number, 0), 256};
}

struct Region {
  std::string_view name;
  std::uint32_t first;  // a /19 of 198.18.0.0/16
  std::string_view v6;  // a /40 of 2001:db8:a000::/36, written as its first three groups
};
constexpr std::array kRegions{
    Region{"us-east-1", v4(198, 18, 0, 0), "2001:db8:a000"},
    Region{"us-west-2", v4(198, 18, 32, 0), "2001:db8:a100"},
    Region{"eu-west-1", v4(198, 18, 64, 0), "2001:db8:a200"},
    Region{"eu-central-1", v4(198, 18, 96, 0), "2001:db8:a300"},
};
constexpr std::uint32_t kRegionSize = 8192;

const Region& region_named(std::string_view name) {
  for (const Region& region : kRegions)
    if (region.name == name) return region;
  INVARIANT(!"a simulated region");
  return kRegions.front();
}

// Neither the first nor the last address, because no host has those.
std::uint32_t host_in(std::uint32_t size, std::uint64_t host) {
  return static_cast<std::uint32_t>(1 + host % (size - 2));
}

void append_range(std::string& out, std::string_view key, std::string_view prefix, std::string_view region) {
  for (const std::string_view service : {"AMAZON", "EC2"}) {
    if (out.back() == '}') out += ',';
    out += fmt::format("\n    {{\n      \"{}\": \"{}\",\n      \"region\": \"{}\",\n      \"service\": \"{}\",\n", key,
                       prefix, region, service);
    out += fmt::format("      \"network_border_group\": \"{}\"\n    }}", region);
  }
}

}  // namespace

std::string external_address(std::uint32_t asn, unsigned prefix_index, std::uint64_t host) {
  if (asn >= asn::kHoster) {
    INVARIANT(asn < asn::kHoster + kHosters && prefix_index == 0);
    return v4_text(hoster(asn - asn::kHoster).first + host_in(256, host));
  }
  for (const ExternalPrefix& prefix : kExternal) {
    if (prefix.asn != asn || prefix_index-- != 0) continue;
    if (!prefix.v6.empty()) return fmt::format("{}::{:x}", prefix.v6, host_in(65'536, host));
    return v4_text(prefix.first + host_in(prefix.size, host));
  }
  INVARIANT(!"a network of the address plan");
  return {};
}

std::string aws_address(std::string_view region, std::uint64_t host) {
  return v4_text(region_named(region).first + host_in(kRegionSize, host));
}

std::string aws_address_v6(std::string_view region, std::uint64_t host) {
  return fmt::format("{}::{:x}", region_named(region).v6, host_in(65'536, host));
}

std::string aws_address_by_asn_only(std::uint64_t host) {
  return v4_text(v4(192, 0, 2, 128) + host_in(128, host));
}

std::string hosting_asn_list() {
  std::string out;
  const auto add = [&](const ExternalPrefix& prefix) {
    out += fmt::format("{}\"AS{}\"", out.empty() ? "" : ", ", prefix.asn);
  };
  for (const ExternalPrefix& prefix : kExternal)
    if (prefix.name.starts_with("Example Hosting")) add(prefix);
  for (std::uint32_t number = 0; number < kHosters; ++number) add(hoster(number));
  return out;
}

std::string ip_ranges_json(Seconds created) {
  const std::string time = format_time(created);  // 2026-11-22T03:04:05Z
  std::string out =
      fmt::format("{{\n  \"syncToken\": \"{}\",\n  \"createDate\": \"{}-{}-{}-{}\",\n  \"prefixes\": [", created,
                  time.substr(0, 10), time.substr(11, 2), time.substr(14, 2), time.substr(17, 2));
  for (const Region& region : kRegions) append_range(out, "ip_prefix", v4_text(region.first) + "/19", region.name);
  append_range(out, "ip_prefix", "198.18.128.0/17", "GLOBAL");
  append_range(out, "ip_prefix", "192.0.2.0/25", "us-east-1");
  out += "\n  ],\n  \"ipv6_prefixes\": [";
  for (const Region& region : kRegions) {
    append_range(out, "ipv6_prefix", fmt::format("{}::/40", region.v6), region.name);
  }
  out += "\n  ]\n}\n";
  return out;
}

std::string asn_csv() {
  std::string out;
  const auto add = [&](const ExternalPrefix& prefix) {
    if (prefix.v6.empty()) {
      out += fmt::format("{},{},{},{}\n", v4_text(prefix.first), v4_text(prefix.first + prefix.size - 1), prefix.asn,
                         prefix.name);
    } else {
      out += fmt::format("{0}::,{0}:ffff:ffff:ffff:ffff:ffff,{1},{2}\n", prefix.v6, prefix.asn, prefix.name);
    }
  };
  for (const ExternalPrefix& prefix : kExternal) add(prefix);
  for (std::uint32_t number = 0; number < kHosters; ++number) add(hoster(number));
  out += "192.0.2.128,192.0.2.255,16509,Amazon by its ASN only\n";
  return out;
}

}  // namespace straykey
