#include "tools/replay/replay.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/resource.h>

#include <algorithm>
#include <fstream>
#include <memory>
#include <mutex>
#include <thread>

#include "tools/replay/theft_plan.h"
#include "tools/simulate/simulate.h"
#include "tools/terminal/clock.h"
#include "tools/terminal/progress.h"

namespace straykey {
namespace {

constexpr long kTickNanos = 50'000'000;
constexpr double kFillS = 2;  // how long the first requests may take to be built before the plan's clock starts
constexpr std::size_t kEventsAhead = 50'000;  // read before they are due, so that a new file makes nothing late
constexpr double kQuietS = 1.0;               // how long to wait after the last expected alert for one too many

double own_cpu_s() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// One tick; true if a signal asks to end.
bool signalled() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT}) sigaddset(&signals, signal);
  const timespec tick{0, kTickNanos};
  return sigtimedwait(&signals, nullptr, &tick) > 0;
}

std::size_t requests_ahead(const ReplaySettings& settings) {
  return std::max<std::size_t>(2 * settings.connections,
                               std::clamp<std::size_t>(kEventsAhead / settings.builder.batch, 8, 256));
}

class Run {
 public:
  explicit Run(const ReplaySettings& settings)
      : settings_(settings), queue_({requests_ahead(settings), settings.in_order}) {}

  Result<ReplayResult> run() {
    if (const Status status = prepare(); !status.ok()) return status.error();
    const double began_cpu_s = own_cpu_s();
    send_all();
    result_.own_cpu_s = own_cpu_s() - began_cpu_s;
    settle();
    if (inbox_) {
      inbox_->stop();
      result_.inbox = inbox_->counts();
      if (compares()) result_.alerts = compare();
    }
    return std::move(result_);
  }

 private:
  Status prepare() {
    if (const Status status = reader_.open(settings_.paths); !status.ok()) return status;
    if (settings_.kafka)
      if (const Status status = KafkaSender::look_at_topic(*settings_.kafka); !status.ok()) return status;
    RewriteSettings rewrite = settings_.rewrite;
    if (settings_.shift_to) {
      auto last = reader_.last_day();
      if (!last) return last.error();
      rewrite.shift_days = static_cast<std::int64_t>(*settings_.shift_to) - static_cast<std::int64_t>(*last);
    }
    rewriter_ = RecordRewriter(rewrite);
    if (!settings_.expect.empty()) {
      auto expected = read_expected_alerts(settings_.expect, rewriter_, settings_.builder.copies);
      if (!expected) return expected.error();
      expected_ = std::move(*expected);
    }
    if (settings_.thefts)
      if (const Status status = prepare_thefts(*settings_.thefts); !status.ok()) return status;
    if (settings_.metrics) {
      auto counters = read_server_counters(*settings_.metrics);
      if (!counters) return counters.error();
      before_ = *counters;
    }
    if (settings_.inbox) {
      inbox_ = std::make_unique<WebhookInbox>(*settings_.inbox);
      if (const Status status = inbox_->start(); !status.ok()) return status;
    }
    result_.answers = settings_.http    ? ReplayResult::Answers::counts
                      : settings_.kafka ? ReplayResult::Answers::receipt
                                        : ReplayResult::Answers::nothing;
    result_.open_loop = settings_.builder.pacing.open_loop();
    result_.fault_shares = settings_.builder.faults;
    result_.max_p99_ms = settings_.max_p99_ms;
    result_.min_rate = settings_.min_rate;
    return {};
  }

  // Reads the trail once beforehand, to see what a thief could take.
  Status prepare_thefts(const TheftOrder& order) {
    RecordReader reader;
    if (const Status status = reader.open(settings_.paths); !status.ok()) return status;
    TokenSurvey survey(order.detection, *order.networks, settings_.rewrite.seed);
    Progress progress("looking for tokens", 0);
    std::uint64_t records = 0;
    const Status status = reader.read([&](const ReadRecord& record) {
      survey.add(record.text);
      if (++records % 10'000 == 0) progress.show(0, with_commas(records) + " records");
      return true;
    });
    if (!status.ok()) return status;
    auto thefts = plan_thefts(survey, {order.count, settings_.rewrite.seed, rewriter_.shift_days()});
    if (!thefts) return thefts.error();
    thefts_ = std::move(*thefts);
    for (const Theft& theft : thefts_) ++result_.thefts[std::string(theft.way)];
    return expect_thefts(order.write_labels);
  }

  Status expect_thefts(const std::string& write_labels) {
    std::string lines;
    for (const Theft& theft : thefts_) {
      for (const TheftLabel& label : theft.labels) {
        for (std::uint32_t copy = 0; copy < settings_.builder.copies; ++copy) {
          std::string line = label_json(label);
          rewriter_.rename(line, copy);
          expected_.push_back(expected_alert(line, 0).value());
          lines += line + "\n";
        }
      }
    }
    if (write_labels.empty()) return {};
    std::ofstream out(write_labels, std::ios::binary | std::ios::trunc);
    out << lines << std::flush;
    if (!out) return Error{write_labels + ": cannot be written"};
    return {};
  }

  // A record of the trail, and the thefts that go behind it.
  bool add(RequestBuilder& builder, const ReadRecord& record) {
    if (!builder.add(record)) return false;
    for (; next_theft_ < thefts_.size() && thefts_[next_theft_].behind == records_read_; ++next_theft_)
      for (const std::string& text : thefts_[next_theft_].records)
        if (!builder.add({text, event_time_in(text)})) return false;
    ++records_read_;
    return true;
  }

  // Whether it is known which alerts must come.
  [[nodiscard]] bool compares() const { return !settings_.expect.empty() || settings_.thefts; }
  [[nodiscard]] AlertComparison compare() const {
    return compare_alerts(expected_, inbox_->bodies(),
                          settings_.expect.empty() ? Compared::expected_pairs : Compared::all);
  }

  void read_all() {
    RequestBuilder builder(settings_.builder, rewriter_,
                           [this](OutgoingRequest&& request) { return queue_.put(std::move(request)); });
    const Status status = reader_.read([&](const ReadRecord& record) { return add(builder, record); });
    builder.finish();
    if (!status.ok()) result_.read_error = status.error().message;
    result_.faults = builder.faults();
    queue_.close();
  }

  template <class Sender, class SenderSettings>
  void send_with(const SenderSettings& sender_settings) {
    std::vector<std::unique_ptr<Sender>> senders;
    std::thread reader([this] { read_all(); });
    wait_for_reader();
    const double start_s = uptime();
    for (std::uint32_t i = 0; i < settings_.connections; ++i)
      senders.push_back(std::make_unique<Sender>(sender_settings, queue_, SenderClock{start_s}));
    std::uint32_t running = settings_.connections;
    std::mutex mutex;
    std::vector<std::thread> threads;
    for (const auto& sender : senders)
      threads.emplace_back([&running, &mutex, at = sender.get()] {
        at->run();
        const std::lock_guard lock(mutex);
        --running;
      });
    watch(start_s, [&running, &mutex] {
      const std::lock_guard lock(mutex);
      return running > 0;
    });
    for (std::thread& thread : threads) thread.join();
    result_.seconds = uptime() - start_s;
    if (settings_.paths != std::vector<std::string>{"-"}) result_.starved_s = queue_.starved_s();
    queue_.stop();  // the reader thread may stop
    reader.join();
    for (const auto& sender : senders) result_.tally.add(sender->tally());
  }

  void send_all() {
    if (settings_.http)
      send_with<HttpSender>(*settings_.http);
    else if (settings_.kafka)
      send_with<KafkaSender>(*settings_.kafka);
    else
      send_with<SyslogSender>(*settings_.syslog);
  }

  // The plan's clock starts when there is something to send, because reading the first file is not the server's
  // latency.
  void wait_for_reader() {
    if (result_.open_loop) (void)queue_.wait_until_filled(kFillS);
  }

  // Shows progress until nobody sends any more.
  template <class Running>
  void watch(double start_s, Running running) {
    Progress progress("sending", 0);
    double last_s = start_s, rate = 0;
    std::uint64_t last_answered = 0;
    while (running()) {
      if (signalled()) {
        result_.interrupted = true;
        queue_.stop();
      }
      const SendCounts counts = queue_.counts();
      const double now_s = uptime();
      if (now_s - last_s >= 1) {
        rate = static_cast<double>(counts.answered() - last_answered) / (now_s - last_s);
        last_answered = counts.answered();
        last_s = now_s;
      }
      progress.show(0, fmt::format("{} events/s, {} {}, {} rejected, {} refused, {} requests in flight",
                                   with_commas(static_cast<std::uint64_t>(rate)), with_commas(counts.accepted),
                                   settings_.syslog ? "written" : "acknowledged", with_commas(counts.rejected),
                                   with_commas(counts.refused), counts.taken - counts.finished));
    }
  }

  // Waits for alerts that are still missing, and until the server's counters are complete.
  void settle() {
    const double until_s = uptime() + settings_.settle_s;
    double newest_s = uptime();
    std::uint64_t seen = 0;
    Progress progress("settling", 0);
    bool counted = !settings_.metrics, all = !compares();
    while (!result_.interrupted && uptime() < until_s) {
      if (!counted) counted = read_counters();
      bool quiet = !inbox_;
      if (inbox_) {
        const std::uint64_t alerts = inbox_->counts().alerts;
        if (alerts != seen) {
          newest_s = uptime();
          all = !compares() || (alerts >= expected_.size() && compare().missing.empty());
        }
        seen = alerts;
        quiet = all && uptime() - newest_s >= kQuietS;
        progress.show(0, fmt::format("{} of {} alerts", alerts, expected_.size()));
      }
      if (counted && quiet) return;
      if (signalled()) result_.interrupted = true;
    }
  }

  // True once the server has counted what was sent.
  bool read_counters() {
    auto now = read_server_counters(*settings_.metrics);
    if (!now) return false;
    result_.server = ServerCounters{now->received - before_.received, now->rejected - before_.rejected,
                                    now->refused - before_.refused};
    const SendTally& tally = result_.tally;
    return result_.answers == ReplayResult::Answers::counts ||
           result_.server->received + result_.server->rejected >= tally.delivered_records();
  }

  const ReplaySettings& settings_;
  RequestQueue queue_;
  RecordReader reader_;
  RecordRewriter rewriter_{RewriteSettings{}};
  std::vector<std::string> expected_;
  std::vector<Theft> thefts_;
  std::uint64_t records_read_ = 0;
  std::size_t next_theft_ = 0;
  ServerCounters before_;
  std::unique_ptr<WebhookInbox> inbox_;
  ReplayResult result_;
};

}  // namespace

Result<ReplayResult> replay(const ReplaySettings& settings) {
  INVARIANT(settings.http.has_value() + settings.syslog.has_value() + settings.kafka.has_value() == 1);
  INVARIANT(settings.connections > 0);
  return Run(settings).run();
}

}  // namespace straykey
