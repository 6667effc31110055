#pragma once
// OperatorChange: what an operator changes by hand, carried out by the threads that own the rows.
//
// Shape:  in_partition runs in every partition, in a transaction of each partition's own; when all of them have
//         committed, in_alerts runs in the merger's transaction. The engine knows no verb: which rows a change puts
//         and erases is written in core/operate.
// Order:  a worker first commits what was applied before. After the change it forgets all that it remembers of its
//         partition, so what comes next is looked up anew.
// Durable: on_done(done) is called after the last commit returned. A crash in between leaves some partitions changed
//          and others not, so every change must be safe to repeat.
// Thread: in_partition: the worker's, and the merger's for partitions that no worker has. in_alerts: the merger's.
//         on_done: one of these, once; it must not block.
// Errors: ChangeOutcome::Kind.
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include "core/engine/store.h"

namespace straykey {

// Why a change that could be understood was not carried out.
enum class ChangeRefusal : std::uint8_t {
  not_there,    // what it concerns does not exist
  wrong_value,  // an argument does not fit what it concerns
  needless,     // it is as asked for already
  elsewhere,    // another node must be asked
};

struct ChangeOutcome {
  enum class Kind : std::uint8_t {
    done,
    refused,  // as refused_as says; the merger's store is unchanged
    failed,   // it could not be stored. Asking again is safe.
    stopped,  // the server ends, or its store is damaged. It may be carried out in part; asking again is safe.
  };
  Kind kind = Kind::done;
  std::size_t rows = 0;  // put or erased, in all stores
  std::string sentence;  // why it is not done
  ChangeRefusal refused_as = ChangeRefusal::not_there;
};

class OperatorChange {
 public:
  struct InAlerts {
    std::size_t rows = 0;  // put or erased
    std::string refusal;   // not empty: nothing was put or erased, and this is why
    ChangeRefusal refused_as = ChangeRefusal::not_there;
  };

  // Returns how many rows it changed. Empty: the change concerns the merger's store alone.
  std::function<std::size_t(StoreWriter& partition)> in_partition;
  // `rows`: how many all partitions together changed.
  std::function<InAlerts(StoreWriter& alerts, std::size_t rows)> in_alerts;
  std::function<void(const ChangeOutcome& outcome)> on_done;

  // --- used by the engine ---
  std::atomic<std::uint32_t> shards_to_finish{0};
  std::atomic<std::size_t> rows{0};
  std::atomic<bool> any_failed{false};
  std::string failure;  // of the partition that failed first; read after the last shard has finished
  InAlerts in_merger;

  // Thread: any; before the shard counts itself as finished.
  void fail(const std::string& why) {
    if (!any_failed.exchange(true)) failure = why;
  }
};

}  // namespace straykey
