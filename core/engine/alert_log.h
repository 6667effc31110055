#pragma once
// AlertLog: where the node that judges writes every transaction of its AlertStore, for a second node to follow.
//
// Two nodes take the same events and learn from them. One of them, the judge, judges and delivers; the other one, the
// standby, copies what the judge wrote into a store of its own, and is ready to go on from there. The log lies between
// them. A transaction stands in the log before it stands in the judge's own store. So whatever anybody was told of
// stands in the log, and the log alone says what happened.
//
// Shape:  a row of transactions. A position is the number behind a transaction, and grows. Rows of Table::progress are
//         each node's own and never in the log: which candidates are judged is told by what they are (combination),
//         because each node numbers its candidates itself.
// Order:  only the node that fenced last can append. A log may forget a transaction's rows that later ones overwrite;
//         read from its beginning it still gives the rows that stand.
// Durable: after append() gave a position, the transaction survives whatever the log promises (net/kafka: acks=all).
// Errors: the world's. After a failed append() nobody knows whether the transaction stands in the log. The node then
//         fences again and reads to the end.
// Thread: the merger's.
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/hash.h"
#include "core/base/result.h"
#include "core/base/time.h"
#include "core/engine/store.h"

namespace straykey {

// Digests of what both nodes must agree on, by what it is: "detection settings".
using Agreement = std::map<std::string, std::string>;

struct LogTransaction {
  struct Row {
    Table table = Table::alerts;
    std::string key;
    std::optional<std::string> value;  // none: the row is erased

    bool operator==(const Row&) const = default;
  };
  // What every term begins with.
  struct Term {
    std::string node;       // the judge's name, for people
    std::uint64_t run = 0;  // random: tells one run of a node from another
    Agreement agreement;

    bool operator==(const Term&) const = default;
  };
  // The judge is about to make an attempt for this endpoint.
  struct Claim {
    std::string endpoint;
    Hash128 alert_id;

    bool operator==(const Claim&) const = default;
  };

  std::vector<Row> rows;
  std::vector<Hash128> judged = {};  // combinations of the candidates that were judged
  std::vector<Claim> claims = {};
  std::optional<Term> term = {};
  bool completes = false;  // from here on the log holds all that a new standby needs

  [[nodiscard]] bool empty() const noexcept {
    return rows.empty() && judged.empty() && claims.empty() && !term && !completes;
  }
  bool operator==(const LogTransaction&) const = default;
};

struct LogEntry {
  Hash128 log;  // which log it belongs to: random, and a digest of the installation's hash key; zero: a first term
  std::uint64_t next = 0;  // the position behind it
  LogTransaction transaction;
};

class AlertLog {
 public:
  virtual ~AlertLog() = default;

  // Whether this node stands for election. One that differs from the judge does not.
  virtual void stand(bool stands) = 0;
  // Whether this node is the elected one, as far as it knows. Cheap, and asked often.
  [[nodiscard]] virtual bool elected() = 0;
  // Whether any node stands for election, as far as it knows. Need not be cheap: asked every few seconds,
  // while this node does not stand.
  [[nodiscard]] virtual bool anybody_stands() = 0;
  // Shuts out whoever appended before. After it, nobody else adds anything to what read() gives.
  [[nodiscard]] virtual Status fence() = 0;
  // REQUIRES: fence() succeeded, and nothing failed since.
  [[nodiscard]] virtual Result<std::uint64_t> append(Hash128 log, const LogTransaction& transaction) = 0;

  struct Read {
    std::vector<LogEntry> entries;  // empty: there is nothing more at this moment
    bool out_of_range = false;      // the log ends before `from`: it was made anew
  };
  // The next transactions from a position on, some of them. Does not wait long.
  [[nodiscard]] virtual Result<Read> read(std::uint64_t from) = 0;
  // How many positions lie between this one and the end, as far as is known.
  [[nodiscard]] virtual std::uint64_t behind(std::uint64_t position) = 0;
  // The wall clock.
  [[nodiscard]] virtual Seconds now() = 0;
};

}  // namespace straykey
