#pragma once
// SyslogFixture: io threads, an intake and something that stands for the pipeline; and records as syslog messages.
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "net/ingest/syslog_tcp.h"
#include "tests/support/temporary_directory.h"

namespace straykey {

// Stands for the pipeline.
class FakePipeline {
 public:
  enum class Mode : std::uint8_t { commit, fail, overloaded, stopped, hold };

  SubmitResult submit(std::unique_ptr<Request>& request);
  void set(Mode mode);
  // Ends what it holds.
  void release(RequestOutcome outcome);

  // Waits; false after 10 s.
  [[nodiscard]] bool stored(std::size_t events);
  [[nodiscard]] bool refused(std::size_t requests);
  [[nodiscard]] bool holds(std::size_t requests);
  // The eventIDs stored, in their order.
  [[nodiscard]] std::vector<std::string> ids();
  [[nodiscard]] std::size_t requests();

 private:
  void finish(Request& request, RequestOutcome outcome);

  std::mutex mutex_;
  std::condition_variable changed_;
  Mode mode_ = Mode::commit;
  std::vector<std::unique_ptr<Request>> held_;
  std::vector<std::string> ids_;
  std::size_t refused_ = 0, requests_ = 0;
};

struct SyslogFixture {
  explicit SyslogFixture(SyslogIntakeSettings settings = {}, std::size_t bytes_in_flight_max = 64u << 20);
  ~SyslogFixture();

  // A listener that takes loopback; `settings` says the rest.
  std::unique_ptr<SyslogTcp> listen(SyslogListenerSettings settings = {});
  [[nodiscard]] SyslogDependencies dependencies() { return {*intake, budget, metrics, log}; }
  // Of one line of the metrics page; 0 without it.
  [[nodiscard]] std::uint64_t counted(const std::string& metric_line) const;
  // Waits until it is `value`; false after 10 s.
  [[nodiscard]] bool counts_to(const std::string& metric_line, std::uint64_t value) const;

  // Fast enough for tests to wait for, slow enough for a busy machine.
  static SyslogTimeouts short_timeouts();

  TemporaryDirectory directory;
  Log log;
  Metrics metrics;
  FakePipeline pipeline;
  std::vector<std::string> reject_sources;
  std::mutex reject_mutex;
  std::shared_ptr<ByteBudget> budget;
  std::unique_ptr<IoRuntime> runtime;
  std::unique_ptr<Intake> reader;
  std::unique_ptr<SyslogIntake> intake;
};

[[nodiscard]] std::string record_json(const std::string& id);
[[nodiscard]] std::string message_of(const std::string& id);  // RFC 5424, without framing
[[nodiscard]] std::string counted_message(const std::string& id);

}  // namespace straykey
