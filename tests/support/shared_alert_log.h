#pragma once
// SharedAlertLog: the log of [standby] in memory, with as many nodes at it as a test likes. The test says who is
// elected, and when a node dies.
//
// Shape:  SharedAlertLog is the log, SharedAlertLog::Client a node's end of it.
// Order:  as a log with fencing: after a node's fence() whoever fenced before cannot append.
// Errors: NodeDied is thrown where a client was told to die, in the middle of whatever its node does.
// Thread: one.
#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/engine/alert_log.h"

namespace straykey {

struct NodeDied {};

class SharedAlertLog {
 public:
  std::vector<LogEntry> entries;  // their positions grow, with gaps as in a topic
  Seconds now = 1'000'000;
  std::set<int> standing;
  bool reachable = true;

  [[nodiscard]] std::uint64_t end() const { return entries.empty() ? 0 : entries.back().next; }
  // As compaction does: of each row only its last value stays.
  void compact() {
    std::set<std::pair<Table, std::string>> later;
    for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry) {
      auto& rows = entry->transaction.rows;
      std::erase_if(rows, [&](const LogTransaction::Row& row) { return later.contains({row.table, row.key}); });
      for (const auto& row : rows) later.insert({row.table, row.key});
    }
    std::erase_if(entries, [](const LogEntry& entry) { return entry.transaction.empty(); });
  }
  // As when tombstones leave: erased rows are not told any more.
  void forget_erased() {
    compact();
    for (LogEntry& entry : entries)
      std::erase_if(entry.transaction.rows, [](const LogTransaction::Row& row) { return !row.value; });
    std::erase_if(entries, [](const LogEntry& entry) { return entry.transaction.empty(); });
  }
  void make_anew() {
    entries.clear();
    ++generation_;
  }

  class Client final : public AlertLog {
   public:
    Client(SharedAlertLog& log, int node) : log_(log), node_(node) {}

    enum class Death { none, before_append, after_append } death = Death::none;  // at the next append()
    bool believes_elected = false;

    void stand(bool stands) override {
      if (stands) log_.standing.insert(node_);
      if (!stands) log_.standing.erase(node_);
    }
    bool elected() override { return believes_elected; }
    bool anybody_stands() override { return !log_.standing.empty(); }
    Status fence() override {
      if (!log_.reachable) return Error{"no broker answers"};
      epoch_ = ++log_.epoch_;
      return {};
    }
    Result<std::uint64_t> append(Hash128 log, const LogTransaction& transaction) override {
      if (death == Death::before_append) throw NodeDied{};
      if (!log_.reachable) return Error{"no broker answers"};
      if (epoch_ != log_.epoch_) return Error{"another node fenced this one out"};
      const std::uint64_t size = transaction.rows.size() + 2;
      log_.entries.push_back({log, log_.end() + size, transaction});
      if (death == Death::after_append) throw NodeDied{};
      return log_.end();
    }
    Result<Read> read(std::uint64_t from) override {
      if (!log_.reachable) return Error{"no broker answers"};
      if (from > log_.end()) return Read{{}, true};
      Read read;
      for (const LogEntry& entry : log_.entries)
        if (entry.next > from && read.entries.size() < kEntriesAtOnce) read.entries.push_back(entry);
      return read;
    }
    std::uint64_t behind(std::uint64_t position) override { return log_.end() - std::min(position, log_.end()); }
    Seconds now() override { return log_.now; }

   private:
    static constexpr std::size_t kEntriesAtOnce = 3;
    SharedAlertLog& log_;
    int node_;
    int epoch_ = -1;
  };

 private:
  friend class Client;
  int epoch_ = 0, generation_ = 0;
};

}  // namespace straykey
