#include "tools/scan.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "core/base/bytes.h"
#include "core/engine/memory_store.h"
#include "core/engine/sequence.h"
#include "core/event/payload.h"
#include "tools/alert_listing.h"
#include "tools/event_files.h"
#include "tools/progress.h"

namespace straykey {
namespace {

constexpr Day kBlockDays = 30;
constexpr std::size_t kFileInflatedMax = std::size_t{4} << 30;
constexpr HashKey kScanHashKey{0x7363616e, 1};  // nothing is stored, so nothing can be aimed at

struct Days {
  Day first = ~Day{0};
  Day last = 0;
  void add(Day day) {
    first = std::min(first, day);
    last = std::max(last, day);
  }
  [[nodiscard]] bool overlaps(Day from, Day to) const { return first <= to && last >= from; }
};

// One engine on memory, thrown away with its stores.
struct Engine {
  Engine(const DetectionSettings& detection, Metrics& metrics)
      : pipeline(
            kScanHashKey, 1, detection, {{&partition}, &alerts}, {}, [](Delivery) {}, metrics) {}
  MemoryBaselineStore partition;
  MemoryAlertStore alerts;
  InlinePipeline pipeline;
};

class Scan {
 public:
  Scan(const ScanSettings& settings, const NetworkMap& networks)
      : settings_(settings), networks_(networks), reader_({kFileInflatedMax, ~std::size_t{0}}) {}

  Result<ScanSummary> on_memory(const std::function<void(std::string_view)>& on_alert) {
    auto engine = std::make_unique<Engine>(settings_.detection, metrics_);
    if (const Status status = find_files(); !status.ok()) return status.error();
    if (const Status status = read_all(&engine->pipeline); !status.ok()) return status.error();
    if (too_long_) {
      engine = std::make_unique<Engine>(settings_.detection, metrics_);
      for (Day from = all_.first; from <= all_.last; from += kBlockDays)
        if (const Status status = work_block(engine->pipeline, from); !status.ok()) return status.error();
    } else if (const Status status = judge(engine->pipeline); !status.ok()) {
      return status.error();
    }
    const auto reader = engine->alerts.read();
    summary_.alerts = for_each_alert(*reader, [&](const ListedAlert& alert) { on_alert(alert.document); });
    return summary_;
  }

  Result<ScanSummary> into(BackfillTarget target) {
    AlertStore& alerts = *target.stores.alerts;
    InlinePipeline pipeline(
        target.hash_key, target.shards, settings_.detection, std::move(target.stores), std::move(target.routes),
        [](Delivery) {}, metrics_);
    pipeline.merger().send_from(day_of(settings_.now) + 1 - static_cast<Day>(settings_.detection.dedup_days));
    if (const Status status = find_files(); !status.ok()) return status.error();
    if (const Status status = read_all(nullptr); !status.ok()) return status.error();
    const std::string mark = "backfill " + fingerprint().hex();
    Day from = all_.first;
    {
      const auto reader = alerts.read();
      if (const auto done = reader->get(Table::progress, mark)) {
        const auto next = static_cast<Day>(decode_sequence(*done));
        if (next > from) summary_.blocks_done_before = (next - from + kBlockDays - 1) / kBlockDays;
        from = std::max(from, next);
      }
    }
    for (; summary_.events > 0 && from <= all_.last; from += kBlockDays) {
      if (const Status status = work_block(pipeline, from); !status.ok()) return status.error();
      const auto writer = alerts.write();
      writer->put(Table::progress, mark, encode_sequence(from + kBlockDays));
      if (writer->commit() != CommitOutcome::committed)
        return Error{"the backfill's progress could not be stored: " + std::string(writer->failure())};
    }
    const auto reader = alerts.read();
    summary_.alerts = for_each_alert(*reader, [](const ListedAlert&) {});
    return summary_;
  }

 private:
  Status find_files() {
    auto files = find_event_files(settings_.paths);
    if (!files) return files.error();
    files_ = std::move(*files);
    for (const EventFile& file : files_) summary_.bytes += file.bytes;
    summary_.files = files_.size();
    days_.resize(files_.size());
    return {};
  }

  // Which files these are: names and sizes.
  [[nodiscard]] Hash128 fingerprint() const {
    ByteWriter text;
    for (const EventFile& file : files_) text.string(file.path).fixed(file.bytes);
    return hash128(kFixedHashKey, text.view());
  }

  // Notes which days each file holds, and learns everything into `pipeline` on the way unless it is null. When the
  // trail turns out longer than can be judged at its end (too_long_), what was learned is of no use.
  Status read_all(InlinePipeline* pipeline) {
    Progress progress("reading", summary_.bytes);
    std::uint64_t done = 0;
    for (std::size_t i = 0; i < files_.size(); ++i) {
      const Status status = each_request(files_[i], true, [&](Request& request) {
        if (request.events.empty()) return true;
        for (const Event& event : request.events) days_[i].add(event.day());
        summary_.events += request.events.size();
        all_.add(days_[i].first);
        all_.add(days_[i].last);
        too_long_ = too_long_ || all_.last - all_.first > kJudgedLateDaysMax;
        return too_long_ || pipeline == nullptr || pipeline->learn(request, networks_) == RequestOutcome::committed;
      });
      if (!status.ok()) return status;
      done += files_[i].bytes;
      progress.show(done, with_commas(summary_.events) + " events");
    }
    if (summary_.events > 0) {
      summary_.first_day = all_.first;
      summary_.last_day = all_.last;
    }
    return {};
  }

  Status work_block(InlinePipeline& pipeline, Day from) {
    const Day to = from + kBlockDays - 1;
    Progress progress(fmt::format("judging {} to {}", format_day(from), format_day(to)), files_.size());
    for (std::size_t i = 0; i < files_.size(); ++i) {
      if (!days_[i].overlaps(from, to)) continue;
      const Status status = each_request(files_[i], false, [&](Request& request) {
        std::erase_if(request.events, [&](const Event& event) { return event.day() < from || event.day() > to; });
        return request.events.empty() || pipeline.learn(request, networks_) == RequestOutcome::committed;
      });
      if (!status.ok()) return status;
      progress.show(i + 1, "");
    }
    return judge(pipeline);
  }

  // Activity first, so that investigations know of it; counts of repeats afterwards, when the alerts exist.
  static Status judge(InlinePipeline& pipeline) {
    if (pipeline.flush() == CommitOutcome::committed && pipeline.judge_all() == CommitOutcome::committed &&
        pipeline.flush() == CommitOutcome::committed)
      return {};
    return Error{"what was learned could not be stored: " + pipeline.merger().failure()};
  }

  // Calls learn(request) for the events of each piece of a file. `first_reading`: count what is rejected.
  Status each_request(const EventFile& file, bool first_reading, const std::function<bool(Request&)>& learn) {
    bool learned = true;
    const Status status = read_event_file(file, [&](std::string text) {
      Request request;
      request.received_at = settings_.now;
      request.set_body(std::move(text));
      const auto reject = [&](RejectReason reason) {
        if (!first_reading) return;
        ++summary_.rejected;
        ++summary_.rejected_by_reason[static_cast<std::size_t>(reason)];
      };
      PayloadReader::Sink sink;
      sink.on_event = [&](std::uint32_t, Event&& event) {
        if (event.from_future) {
          reject(RejectReason::future_event_time);
        } else {
          request.events.push_back(event);
        }
      };
      sink.on_reject = [&](std::uint32_t, RejectReason reason, std::string_view) { reject(reason); };
      const auto error = reader_.read(request.body, ContentEncoding::identity, settings_.now, request.arena, sink);
      if (error && first_reading) summary_.unreadable.push_back(fmt::format("{}: {}", file.path, name_of(*error)));
      learned = learned && learn(request);
    });
    if (!status.ok()) return status;
    if (!learned) return Error{fmt::format("{}: what it teaches could not be stored", file.path)};
    return {};
  }

  const ScanSettings& settings_;
  const NetworkMap& networks_;
  PayloadReader reader_;
  Metrics metrics_;
  std::vector<EventFile> files_;
  std::vector<Days> days_;  // of each file
  Days all_;
  bool too_long_ = false;
  ScanSummary summary_;
};

}  // namespace

Result<ScanSummary> scan(const ScanSettings& settings, const NetworkMap& networks,
                         const std::function<void(std::string_view)>& on_alert) {
  return Scan(settings, networks).on_memory(on_alert);
}

Result<ScanSummary> backfill(const ScanSettings& settings, const NetworkMap& networks, BackfillTarget target) {
  return Scan(settings, networks).into(std::move(target));
}

}  // namespace straykey
