#pragma once
// RowCheck: what the rows of a store must be, one by one and together.
//
// Shape:  give it the merger's rows first, then each partition's. The rows of an environment come table by table in the
//         order of the names, as check_environment() gives them.
// Thread: one.
// Bounds: 16 bytes of memory for each stored alert. At most kFindingsShown findings are told as sentences; all are
//         counted.
// Errors: on_finding gets the end of a sentence that begins with the environment's path.
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/hash.h"
#include "core/engine/store.h"

namespace straykey {

class RowCheck {
 public:
  static constexpr std::size_t kFindingsShown = 100;

  RowCheck(HashKey hash_key, std::function<void(std::string)> on_finding)
      : hash_key_(hash_key), on_finding_(std::move(on_finding)) {}

  void alert_row(Table table, std::string_view key, std::string_view value);
  void partition_row(Table table, std::string_view key, std::string_view value);
  // After the last row of partition `number`.
  void end_partition(std::uint32_t number);

  [[nodiscard]] std::size_t findings() const noexcept { return findings_; }

 private:
  struct Partition {
    std::uint64_t next_sequence = 1;
    std::uint64_t proposed_max = 0;
    std::vector<std::uint64_t> candidates;  // not judged yet, or not erased yet
  };

  void find(std::string sentence);
  void unreadable(Table table);
  void check_fact(Table table, std::string_view key, std::string_view value);
  void check_alert_id(Table table, std::string_view id);
  void check_outbox(std::string_view key, std::string_view value);
  void check_progress(std::string_view key, std::string_view value);

  HashKey hash_key_;
  std::function<void(std::string)> on_finding_;
  std::size_t findings_ = 0;
  std::vector<Hash128> alerts_;                                // in the order of their keys
  std::map<std::uint64_t, std::uint64_t> judged_;              // by partition
  std::map<std::uint64_t, std::vector<std::uint64_t>> ahead_;  // judged past that mark, by partition
  Partition partition_;
};

}  // namespace straykey
