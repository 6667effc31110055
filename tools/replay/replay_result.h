#pragma once
// ReplayResult: what a run saw, which numbers do not agree, and the reports about it.
//
// Shape:  each record sent was accepted, rejected (with a reason), refused (4xx), given up or too large to send.
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
  // What the way in answers of a request.
  enum class Answers : std::uint8_t {
    counts,   // HTTP: how many records were taken and how many rejected
    receipt,  // Kafka: the brokers have it
    nothing,  // syslog
  };

  bool interrupted = false;
  Answers answers = Answers::counts;
  std::string read_error;  // why reading the input ended early
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

  // How many records a second were answered. If the way in does not answer: how many were written.
  [[nodiscard]] double rate() const noexcept;
  // Whether the run measured the server and not the generator. With a plan, the generator may have delayed at most a
  // tenth of the requests. Without one, there may have been no request under way for at most a tenth of the time; or
  // for half of it, if the way in does not answer, because then sockets hold megabytes that the server still has to
  // read.
  [[nodiscard]] bool valid() const noexcept;
  // The generator's own CPU time for each record.
  [[nodiscard]] double own_cpu_us() const noexcept;
  // What does not agree, in a sentence each, and thresholds that were missed. Empty if all is well.
  [[nodiscard]] std::vector<std::string> disagreements() const;
};

// The report for people. It has several lines, and the last one says whether everything agrees.
[[nodiscard]] std::string report_text(const ReplayResult& result);
// The report for machines, as one JSON object.
[[nodiscard]] std::string report_json(const ReplayResult& result);

}  // namespace straykey
