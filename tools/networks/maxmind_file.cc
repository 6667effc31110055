// Networks by number from a MaxMind database: a walk through its tree.
#include "tools/networks/maxmind_file.h"

#include <maxminddb.h>
#include <simdjson.h>

#include <array>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/location/network_map.h"
#include "tools/networks/as_number.h"
#include "tools/networks/file_content.h"

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

using FieldPath = std::array<const char*, 3>;  // ended by nullptr
constexpr FieldPath kNumberPaths[] = {{"autonomous_system_number"}, {"asn"}, {"traits", "autonomous_system_number"}};
constexpr FieldPath kNamePaths[] = {
    {"autonomous_system_organization"}, {"as_name"}, {"name"}, {"traits", "autonomous_system_organization"}};

class TreeWalk {
 public:
  TreeWalk(const MMDB_s& database, const std::string& name, AsnRangeList& list)
      : database_(database), name_(name), list_(list) {}

  Status run();

 private:
  struct Step {  // a record of the tree that is still to be followed
    Prefix prefix;
    std::uint8_t type = MMDB_RECORD_TYPE_SEARCH_NODE;
    std::uint64_t value = 0;
    MMDB_entry_s entry{};
  };

  Status enter(const Step& step);
  bool leads_to_v4_again(const Step& step) noexcept;
  Status add(const Prefix& prefix, MMDB_entry_s entry);
  Result<System> system_of(MMDB_entry_s entry) const;
  Result<std::optional<MMDB_entry_data_s>> field_of(MMDB_entry_s entry, const FieldPath& path) const;
  [[nodiscard]] Error error(std::string_view what) const { return {name_ + ": " + std::string(what)}; }

  const MMDB_s& database_;
  const std::string& name_;
  AsnRangeList& list_;
  std::vector<Step> open_;
  std::uint64_t nodes_entered_ = 0;
  bool v4_taken_ = false;                            // IPv4-mapped addresses may lead to the IPv4 tree once more
  std::unordered_map<std::uint32_t, System> known_;  // by the place of the record: many prefixes share one
};

std::optional<std::string_view> text_of(const MMDB_entry_data_s& field) noexcept {
  if (field.type != MMDB_DATA_TYPE_UTF8_STRING) return std::nullopt;
  return std::string_view(field.utf8_string, field.data_size);
}

// The AS number in a field, 0 if it says that there is none; nothing if it is no such number.
std::optional<std::uint32_t> number_of(const MMDB_entry_data_s& field) noexcept {
  std::uint64_t number = 0;
  switch (field.type) {
    case MMDB_DATA_TYPE_UINT16:
      number = field.uint16;
      break;
    case MMDB_DATA_TYPE_UINT32:
      number = field.uint32;
      break;
    case MMDB_DATA_TYPE_UINT64:
      number = field.uint64;
      break;
    case MMDB_DATA_TYPE_INT32:
      if (field.int32 < 0) return std::nullopt;
      number = static_cast<std::uint64_t>(field.int32);
      break;
    case MMDB_DATA_TYPE_UTF8_STRING: {
      const auto parsed = parse_as_number(*text_of(field));
      if (!parsed) return std::nullopt;
      return parsed->number.value_or(0);
    }
    default:
      return std::nullopt;
  }
  if (number > std::numeric_limits<std::uint32_t>::max()) return std::nullopt;
  return static_cast<std::uint32_t>(number);
}

std::string shown(const MMDB_entry_data_s& field) {
  const auto text = text_of(field);
  return text ? quoted_text(*text) : "a value of type " + std::to_string(field.type);
}

// One half of the addresses below a node.
Prefix half_of(const Prefix& prefix, bool upper) noexcept {
  Prefix half{prefix.first, static_cast<std::uint8_t>(prefix.length + 1)};
  if (upper) {
    auto& byte = half.first.bytes[prefix.length / 8];
    byte = static_cast<std::uint8_t>(byte | 0x80 >> prefix.length % 8);
  }
  return half;
}

// The lower half of a node is followed to its end before the upper one, so that the networks ascend.
Status TreeWalk::run() {
  Step root;
  if (database_.metadata.ip_version == 4) root.prefix = {IpAddress::from_v4(0), kV4Depth};
  open_.push_back(root);
  while (!open_.empty()) {
    Step step = open_.back();
    open_.pop_back();
    if (step.prefix == Prefix{IpAddress{}, kV4Depth}) step.prefix.first = IpAddress::from_v4(0);
    Status status;
    if (step.type == MMDB_RECORD_TYPE_DATA) {
      status = add(step.prefix, step.entry);
    } else if (step.type == MMDB_RECORD_TYPE_SEARCH_NODE) {
      status = enter(step);
    } else if (step.type != MMDB_RECORD_TYPE_EMPTY) {
      status = error("expected a record that points into the file, found one that does not");
    }
    if (!status) return status;
  }
  return {};
}

bool TreeWalk::leads_to_v4_again(const Step& step) noexcept {
  const bool is_v4_tree = database_.metadata.ip_version == 6 && database_.ipv4_start_node.netmask == kV4Depth &&
                          step.value == database_.ipv4_start_node.node_value;
  if (!is_v4_tree) return false;
  const bool is_alias = step.prefix.first != IpAddress::from_v4(0);
  return is_alias || std::exchange(v4_taken_, true);
}

Status TreeWalk::enter(const Step& step) {
  if (leads_to_v4_again(step)) return {};
  if (++nodes_entered_ > database_.metadata.node_count) return error("expected a tree, found one that loops");
  if (step.prefix.length == kDepthMax) return error("expected a tree of 128 levels, found a deeper one");
  MMDB_search_node_s node{};
  const int status = MMDB_read_node(&database_, static_cast<std::uint32_t>(step.value), &node);
  if (status != MMDB_SUCCESS) return error("expected a sound tree, found: " + std::string(MMDB_strerror(status)));
  open_.push_back({half_of(step.prefix, true), node.right_record_type, node.right_record, node.right_record_entry});
  open_.push_back({half_of(step.prefix, false), node.left_record_type, node.left_record, node.left_record_entry});
  return {};
}

Status TreeWalk::add(const Prefix& prefix, MMDB_entry_s entry) {
  auto found = known_.find(entry.offset);
  if (found == known_.end()) {
    auto system = system_of(entry);
    if (!system) return system.error();
    found = known_.emplace(entry.offset, std::move(system).value()).first;
  }
  if (found->second.asn == 0) return {};
  if (!list_.add({prefix.first, prefix.last(), found->second.asn, found->second.name}))
    return error("expected at most 4,000,000 networks, found more");
  return {};
}

Result<std::optional<MMDB_entry_data_s>> TreeWalk::field_of(MMDB_entry_s entry, const FieldPath& path) const {
  MMDB_entry_data_s field{};
  const int status = MMDB_aget_value(&entry, &field, path.data());
  if (status == MMDB_LOOKUP_PATH_DOES_NOT_MATCH_DATA_ERROR) return std::optional<MMDB_entry_data_s>();
  if (status != MMDB_SUCCESS) return error("expected a sound record, found: " + std::string(MMDB_strerror(status)));
  return field.has_data ? std::optional(field) : std::nullopt;
}

Result<System> TreeWalk::system_of(MMDB_entry_s entry) const {
  System system;
  for (const FieldPath& path : kNumberPaths) {
    const auto field = field_of(entry, path);
    if (!field) return field.error();
    if (!field.value()) continue;
    const auto number = number_of(*field.value());
    if (!number) {
      return error("expected the AS number in " + std::string(path[0]) +
                   " as a 32-bit number or as text such as \"AS64511\", found " + shown(*field.value()));
    }
    if (*number == 0) continue;
    system.asn = *number;
    break;
  }
  if (system.asn == 0) return system;
  for (const FieldPath& path : kNamePaths) {
    const auto field = field_of(entry, path);
    if (!field) return field.error();
    if (!field.value()) continue;
    const auto name = text_of(*field.value());
    if (!name || name->size() > kAsNameBytesMax || !simdjson::validate_utf8(name->data(), name->size()))
      return error("expected the name in " + std::string(path[0]) + " as UTF-8 of at most 256 bytes");
    system.name = *name;
    break;
  }
  return system;
}

}  // namespace

Status read_maxmind_asns(const MaxmindFile& file, AsnRangeList& list) {
  MMDB_s database{};
  if (const int status = MMDB_open(file.path.c_str(), MMDB_MODE_MMAP, &database); status != MMDB_SUCCESS) {
    return no_asn_file(
        file.name, std::string("bytes that are neither text nor a MaxMind database (") + MMDB_strerror(status) + ")");
  }
  const std::unique_ptr<MMDB_s, Close> closed_at_end(&database);
  if (Status status = TreeWalk(database, file.name, list).run(); !status) return status;
  if (list.names_a_system()) return {};
  return no_asn_file(file.name,
                     "the MaxMind database " + quoted_text(database.metadata.database_type) + " without any");
}

}  // namespace straykey
