#pragma once
// ReplayResult: what a run saw, what does not agree in it, and the reports about it.
//
// Shape:  of records sent, each is accepted, rejected (with a reason), refused (4xx), given up or too large to send.
// Thread: any (a value).
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tools/replay/reconciliation.h"
#include "tools/replay/request_builder.h"
#include "tools/replay/send_tally.h"
#include "tools/replay/server_counters.h"
#include "tools/replay/webhook_inbox.h"

namespace straykey {

struct ReplayResult {
  bool interrupted = false;
  bool acknowledged = true;  // the way in answers (HTTP)
  std::string read_error;    // why reading the input ended early
  SendTally tally;
  FaultCounts faults;
  FaultSettings fault_shares;
  bool simulated_input = false;                 // every record of the input is good
  std::map<std::string, std::uint64_t> thefts;  // put into the trail, by way
  double seconds = 0;                           // from the first request to the last answer
  double own_cpu_s = 0;
  double starved_s = 0;  // nothing was under way because no request was built; the standard input has its own pace
  bool open_loop = false;
  std::optional<AlertComparison> alerts;
  std::optional<InboxCounts> inbox;
  std::optional<ServerCounters> server;  // what its counters grew by
  double max_p99_ms = 0, min_rate = 0;

  // Records a second that were answered (written, where nothing answers).
  [[nodiscard]] double rate() const noexcept;
  // Whether it measures the server and not the generator. With a plan: at most a tenth of the requests was late through
  // the generator's fault. Without: nothing was under way in at most a tenth of the time; in half of it where nothing
  // answers, as sockets hold megabytes that the server still has to read.
  [[nodiscard]] bool valid() const noexcept;
  // Own CPU time, a record.
  [[nodiscard]] double own_cpu_us() const noexcept;
  // What does not agree, each in a sentence; a threshold that was missed too. Empty: all is well.
  [[nodiscard]] std::vector<std::string> disagreements() const;
};

// For people, several lines; the last one says whether all agrees.
[[nodiscard]] std::string report_text(const ReplayResult& result);
// For machines, one JSON object.
[[nodiscard]] std::string report_json(const ReplayResult& result);

}  // namespace straykey
