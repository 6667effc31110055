// Networks by number from a MaxMind database: a walk through its tree.
#include "tools/networks/maxmind_file.h"

#include <maxminddb.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>
#include <utility>

#include "tools/networks/address_files.h"

namespace straykey {
namespace {

constexpr std::uint8_t kV4Depth = 96;
constexpr std::uint8_t kDepthMax = 128;

struct Close {
  void operator()(MMDB_s* database) const { MMDB_close(database); }
};

// What a record says; asn 0 if it says nothing of a network.
struct System {
  std::uint32_t asn = 0;
  std::string name;
};

class TreeWalk {
 public:
  TreeWalk(const MMDB_s& database, const std::string& path) : database_(database), path_(path) {}

  Result<std::vector<AsnRange>> run();

 private:
  struct Step {
    std::uint32_t node = 0;
    Prefix prefix;  // the addresses below the node
  };

  Status follow(const Prefix& prefix, std::uint8_t type, std::uint64_t value, MMDB_entry_s entry);
  Status take(const Prefix& prefix, MMDB_entry_s entry);
  Result<System> system_of(MMDB_entry_s entry) const;
  [[nodiscard]] Error error(std::string_view what) const { return {path_ + ": " + std::string(what)}; }

  const MMDB_s& database_;
  const std::string& path_;
  std::vector<Step> open_;
  bool v4_taken_ = false;                            // IPv4-mapped addresses may lead to the IPv4 tree once more
  std::unordered_map<std::uint32_t, System> known_;  // by the place of the record: many prefixes share one
  std::vector<AsnRange> ranges_;
};

// One half of the addresses below a node.
Prefix half_of(const Prefix& prefix, bool upper) noexcept {
  Prefix half{prefix.first, static_cast<std::uint8_t>(prefix.length + 1)};
  if (upper) {
    auto& byte = half.first.bytes[prefix.length / 8];
    byte = static_cast<std::uint8_t>(byte | 0x80 >> prefix.length % 8);
  }
  return half;
}

Result<std::vector<AsnRange>> TreeWalk::run() {
  const bool v4_only = database_.metadata.ip_version == 4;
  open_.push_back({0, v4_only ? Prefix{IpAddress::from_v4(0), kV4Depth} : Prefix{}});
  std::uint64_t steps = 0;
  while (!open_.empty()) {
    const Step step = open_.back();
    open_.pop_back();
    if (++steps > database_.metadata.node_count) return error("expected a tree, found one that loops");
    if (step.prefix.length == kDepthMax) return error("expected a tree of 128 levels, found a deeper one");
    MMDB_search_node_s node{};
    if (const int status = MMDB_read_node(&database_, step.node, &node); status != MMDB_SUCCESS) {
      return error(MMDB_strerror(status));
    }
    Status status =
        follow(half_of(step.prefix, false), node.left_record_type, node.left_record, node.left_record_entry);
    if (status) {
      status = follow(half_of(step.prefix, true), node.right_record_type, node.right_record, node.right_record_entry);
    }
    if (!status) return status.error();
  }
  if (ranges_.empty()) return error("expected an ASN database, found no autonomous_system_number in it");
  return std::move(ranges_);
}

Status TreeWalk::follow(const Prefix& prefix, std::uint8_t type, std::uint64_t value, MMDB_entry_s entry) {
  Prefix below = prefix;
  if (below == Prefix{IpAddress{}, kV4Depth}) below.first = IpAddress::from_v4(0);
  switch (type) {
    case MMDB_RECORD_TYPE_EMPTY:
      return {};
    case MMDB_RECORD_TYPE_DATA:
      return take(below, entry);
    case MMDB_RECORD_TYPE_SEARCH_NODE: {
      const bool is_v4_tree = database_.metadata.ip_version == 6 && database_.ipv4_start_node.netmask == kV4Depth &&
                              value == database_.ipv4_start_node.node_value;
      const bool is_alias = below.first != IpAddress::from_v4(0);
      if (is_v4_tree && (is_alias || std::exchange(v4_taken_, true))) return {};
      open_.push_back({static_cast<std::uint32_t>(value), below});
      return {};
    }
    default:
      return error("expected a record that points into the file, found one that does not");
  }
}

Status TreeWalk::take(const Prefix& prefix, MMDB_entry_s entry) {
  auto found = known_.find(entry.offset);
  if (found == known_.end()) {
    auto system = system_of(entry);
    if (!system) return system.error();
    found = known_.emplace(entry.offset, std::move(system).value()).first;
  }
  if (found->second.asn != 0) {
    ranges_.push_back({prefix.first, prefix.last(), found->second.asn, found->second.name});
  }
  return {};
}

Result<System> TreeWalk::system_of(MMDB_entry_s entry) const {
  System system;
  MMDB_entry_data_s field{};
  const auto get = [&](const char* key) {
    const std::array<const char*, 2> path = {key, nullptr};
    const int status = MMDB_aget_value(&entry, &field, path.data());
    const bool absent =
        status == MMDB_LOOKUP_PATH_DOES_NOT_MATCH_DATA_ERROR || (status == MMDB_SUCCESS && !field.has_data);
    return absent ? std::optional<int>() : std::optional<int>(status);
  };
  if (const auto status = get("autonomous_system_number")) {
    if (*status != MMDB_SUCCESS) return error(MMDB_strerror(*status));
    if (field.type != MMDB_DATA_TYPE_UINT32) return error("expected autonomous_system_number as a 32-bit number");
    system.asn = field.uint32;
  }
  if (const auto status = get("autonomous_system_organization")) {
    if (*status != MMDB_SUCCESS) return error(MMDB_strerror(*status));
    const bool text = field.type == MMDB_DATA_TYPE_UTF8_STRING && field.data_size <= kAsNameBytesMax &&
                      simdjson::validate_utf8(field.utf8_string, field.data_size);
    if (!text) return error("expected autonomous_system_organization as UTF-8 of at most 256 bytes");
    system.name.assign(field.utf8_string, field.data_size);
  }
  return system;
}

}  // namespace

Result<std::vector<AsnRange>> read_maxmind_asns(const std::string& path) {
  MMDB_s database{};
  if (const int status = MMDB_open(path.c_str(), MMDB_MODE_MMAP, &database); status != MMDB_SUCCESS) {
    return Error{"cannot read " + path + ": expected a MaxMind database: " + MMDB_strerror(status)};
  }
  const std::unique_ptr<MMDB_s, Close> closed_at_end(&database);
  return TreeWalk(database, path).run();
}

}  // namespace straykey
