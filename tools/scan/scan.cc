#include "tools/scan/scan.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <numeric>
#include <optional>
#include <utility>

#include "core/base/bytes.h"
#include "core/engine/memory_store.h"
#include "core/engine/sequence.h"
#include "core/operate/alert_listing.h"
#include "tools/scan/event_files.h"
#include "tools/scan/file_reading.h"
#include "tools/scan/read_ahead.h"
#include "tools/scan/s3_trail.h"
#include "tools/terminal/progress.h"

namespace straykey {
namespace {

constexpr Day kBlockDays = 30;
constexpr Day kSlackDays = 3;  // that the first file of all may begin after the first day
// The event that issued a key may come two days after calls that were made with it. So the last days of a block are
// judged with the next one, when those that it proves are known: an alert's day is that of its first call.
constexpr Day kLateProofDays = 2;
static_assert(kBlockDays + kSlackDays <= kJudgedLateDaysMax && kBlockDays + kLateProofDays <= kJudgedLateDaysMax);
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

// "20250630T0005" of CloudTrail's names, in which time goes before account and region only here; "" without it.
std::string_view time_in_name(std::string_view path) {
  const std::string_view name = path.substr(path.rfind('/') + 1);
  const auto digits = [&](std::size_t from, std::size_t count) {
    return from + count <= name.size() &&
           std::all_of(name.begin() + from, name.begin() + from + count, [](char c) { return c >= '0' && c <= '9'; });
  };
  for (std::size_t at = name.find('T'); at != std::string_view::npos; at = name.find('T', at + 1))
    if (at >= 8 && digits(at - 8, 8) && digits(at + 1, 4)) return name.substr(at - 8, 13);
  return {};
}

// Keeps the order of files of one time.
void order_by_time(std::vector<EventFile>& files) {
  std::vector<std::pair<std::string_view, std::size_t>> places;
  places.reserve(files.size());
  for (const EventFile& file : files) places.emplace_back(time_in_name(file.path), places.size());
  std::sort(places.begin(), places.end());
  std::vector<EventFile> ordered;
  ordered.reserve(files.size());
  for (const auto& [time, place] : places) ordered.push_back(std::move(files[place]));
  files = std::move(ordered);
}

// Why a file that holds events was not read; empty if it was, or holds none.
std::string_view unread_because(std::optional<PayloadError> error) {
  if (error == PayloadError::inflated_too_large) return "it inflates to more than is read of one file";
  if (error == PayloadError::too_many_records) return "it holds more records than are read of one file";
  if (error == PayloadError::bad_compression) return "its compression is damaged";
  return {};
}

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
  Scan(const ScanSettings& settings, const NetworkMap& networks) : Scan(settings, networks, kScanHashKey) {}
  // `hash_key`: of the engine that learns.
  Scan(const ScanSettings& settings, const NetworkMap& networks, HashKey hash_key)
      : settings_(settings), networks_(networks), hash_key_(hash_key), reader_(reader_settings()) {}

  Result<Scanned> on_memory(const std::function<void(std::string_view)>& on_alert) {
    auto engine = std::make_unique<Engine>(settings_.detection, metrics_);
    if (const Status status = find_files(); !status.ok()) return status.error();
    order_by_time(files_);
    expect_objects();
    if (const Status status = read_once(engine->pipeline); !status.ok()) return status.error();
    if (disordered_) {
      engine = std::make_unique<Engine>(settings_.detection, metrics_);
      count_files();
      all_ = {};
      days_.assign(files_.size(), {});
      if (const Status status = read_all(); !status.ok()) return status.error();
      for (Day from = all_.first; from <= all_.last; from += kBlockDays)
        if (const Status status = work_block(engine->pipeline, from); !status.ok()) return status.error();
    }
    const Status listed = for_each_alert(engine->alerts, [&](const ListedAlert& alert) {
      count_alert(alert);
      if (alert.state.known.empty()) on_alert(alert.document);
    });
    if (!listed.ok()) return listed.error();
    return Scanned{summarised(), std::move(engine)};
  }

  Result<ScanSummary> into(BackfillTarget target) {
    keeps_ = true;
    AlertStore& alerts = *target.stores.alerts;
    InlinePipeline pipeline(
        target.hash_key, target.shards, settings_.detection, std::move(target.stores), std::move(target.routes),
        [](Delivery) {}, metrics_);
    pipeline.merger().send_from(day_of(settings_.now) + 1 - static_cast<Day>(settings_.detection.dedup_days));
    if (const Status status = find_files(); !status.ok()) return status.error();
    expect_objects();
    if (const Status status = read_all(); !status.ok()) return status.error();
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
      if (summary_.unread.size() > unread_.size()) continue;  // this block must be done again with that file
      const auto writer = alerts.write();
      writer->put(Table::progress, mark, encode_sequence(from + kBlockDays));
      if (writer->commit() != CommitOutcome::committed)
        return Error{"the backfill's progress could not be stored: " + std::string(writer->failure())};
    }
    if (const Status status = for_each_alert(alerts, [&](const ListedAlert& alert) { count_alert(alert); });
        !status.ok())
      return status.error();
    return summarised();
  }

 private:
  void count_alert(const ListedAlert& alert) { ++(alert.state.known.empty() ? summary_.alerts : summary_.known); }
  ScanSummary summarised() {
    summary_.suppressed =
        metrics_
            .counter("straykey_alerts_suppressed_total", "Hits that raised no alert of their own.", {{"reason", "cap"}})
            .value();
    for (const std::string_view bound : {"key", "all"})
      summary_.not_kept += metrics_.counter("straykey_pending_overflow_total", "", {{"bound", bound}}).value();
    return summary_;
  }
  Status find_files() {
    std::vector<std::string> paths, urls;
    for (const std::string& path : settings_.paths) (path.starts_with(kS3Scheme) ? urls : paths).push_back(path);
    auto found = find_event_files(paths);
    if (!found) return found.error();
    INVARIANT(urls.empty() || settings_.s3 != nullptr);
    if (!urls.empty())
      if (const Status listed = settings_.s3->list(urls, *found); !listed.ok()) return listed;
    files_ = std::move(found->files);
    skipped_ = std::move(found->skipped);
    unread_ = std::move(found->unreadable);
    days_.resize(files_.size());
    count_files();
    return {};
  }

  // Objects are fetched ahead in the order in which they are going to be read.
  void expect_objects() {
    if (settings_.s3 != nullptr) settings_.s3->expect(files_);
  }

  // The summary before anything is read.
  void count_files() {
    summary_ = {};
    for (const EventFile& file : files_) summary_.bytes += file.bytes;
    summary_.files = files_.size();
    summary_.skipped = skipped_;
    summary_.unread = unread_;
  }

  // Which files these are: names and sizes.
  [[nodiscard]] Hash128 fingerprint() const {
    ByteWriter text;
    for (const EventFile& file : files_) text.string(file.path).fixed(file.bytes);
    return hash128(kFixedHashKey, text.view());
  }

  [[nodiscard]] std::vector<std::size_t> all_files() const {
    std::vector<std::size_t> files(files_.size());
    std::iota(files.begin(), files.end(), std::size_t{0});
    return files;
  }

  // What a first reading of a request tells.
  void note(std::size_t file, const Request& request) {
    for (const Event& event : request.events) days_[file].add(event.day());
    summary_.events += request.events.size();
    if (request.events.empty()) return;
    all_.add(days_[file].first);
    all_.add(days_[file].last);
    summary_.first_day = all_.first;
    summary_.last_day = all_.last;
  }

  // Notes which days each file holds.
  Status read_all() {
    Progress progress("reading", summary_.bytes);
    std::uint64_t done = 0;
    const auto ahead = read_ahead(all_files(), true, false);
    for (std::size_t i = 0; i < files_.size(); ++i) {
      const Status status = each_request(*ahead, [&](Request& request) {
        note(i, request);
        return true;
      });
      if (!status.ok()) return status;
      done += files_[i].bytes;
      progress.show(done, with_commas(summary_.events) + " events");
    }
    return {};
  }

  // For files that come nearly in the order of their days: learns each as it is read, and judges a block of days when a
  // file begins a whole day after it. disordered_: days came that were judged already; what was done is of no use.
  Status read_once(InlinePipeline& pipeline) {
    Progress progress("reading", summary_.bytes);
    std::uint64_t done = 0;
    const auto ahead = read_ahead(all_files(), true, true);
    for (std::size_t i = 0; i < files_.size() && !disordered_; ++i) {
      const Status status = each_request(*ahead, [&](Request& request) {
        const bool first = summary_.events == 0;
        note(i, request);
        if (first) block_ = {all_.first - kSlackDays, all_.first + kBlockDays - 1};
        disordered_ = disordered_ || days_[i].first < block_.first;
        return disordered_ || learn_days(pipeline, request, block_);
      });
      if (!status.ok()) return status;
      if (days_[i].last > block_.last) later_.push_back(i);
      while (!disordered_ && !later_.empty() && days_[i].first > block_.last + 1)
        if (const Status next = next_block(pipeline); !next.ok()) return next;
      done += files_[i].bytes;
      progress.show(done, with_commas(summary_.events) + " events");
    }
    while (!disordered_ && !later_.empty())
      if (const Status next = next_block(pipeline); !next.ok()) return next;
    return disordered_ ? Status{} : judge(pipeline);
  }

  // Judges the block and begins the next one with what was left of files that were read.
  Status next_block(InlinePipeline& pipeline) {
    Days next;
    for (const std::size_t file : later_) next.add(std::max(days_[file].first, block_.last + 1));
    // Behind a gap there is nothing to wait for, and waiting would make them too late.
    const Day left = next.first <= block_.last + kLateProofDays ? kLateProofDays : 0;
    if (const Status status = judge(pipeline, block_.last - left); !status.ok()) return status;
    block_ = {next.first, next.first + kBlockDays - 1};
    for (const std::size_t file : std::exchange(later_, {})) {
      if (const Status status = learn_file(pipeline, file, block_); !status.ok()) return status;
      if (days_[file].last > block_.last) later_.push_back(file);
    }
    return {};
  }

  // Learns what a request holds of these days.
  bool learn_days(InlinePipeline& pipeline, Request& request, Days days) {
    const auto is_of_others = [&](const Event& event) { return !days.overlaps(event.day(), event.day()); };
    if (std::erase_if(request.events, is_of_others) > 0) request.routed.clear();  // signed anew
    return request.events.empty() || pipeline.learn(request, networks_) == RequestOutcome::committed;
  }
  Status learn_file(InlinePipeline& pipeline, std::size_t file, Days days) {
    if (!days_[file].overlaps(days.first, days.last)) return {};
    return each_request(files_[file], [&](Request& request) { return learn_days(pipeline, request, days); });
  }

  Status work_block(InlinePipeline& pipeline, Day from) {
    const Days days{from, from + kBlockDays - 1};
    std::vector<std::size_t> files = all_files();
    std::erase_if(files, [&](std::size_t file) { return !days_[file].overlaps(days.first, days.last); });
    Progress progress(fmt::format("judging {} to {}", format_day(days.first), format_day(days.last)), files.size());
    const auto ahead = read_ahead(files, false, true);
    for (std::size_t done = 1; done <= files.size(); ++done) {
      const Status status = each_request(*ahead, [&](Request& request) { return learn_days(pipeline, request, days); });
      if (!status.ok()) return status;
      progress.show(done, "");
    }
    return judge(pipeline, days.last < all_.last ? days.last - kLateProofDays : Merger::kEveryDay);
  }

  // Counts of repeats afterwards, when the alerts exist. Activity that no alert shows is written for a server only.
  Status judge(InlinePipeline& pipeline, Day until = Merger::kEveryDay) const {
    if (pipeline.judge_all(until) == CommitOutcome::committed &&
        (keeps_ ? pipeline.flush() : pipeline.count_repeats()) == CommitOutcome::committed)
      return {};
    return Error{"what was learned could not be stored: " + pipeline.merger().failure()};
  }

  // A file that is read beside the order of the others.
  Status each_request(const EventFile& file, const std::function<bool(Request&)>& learn) {
    bool learned = true;
    const FileReading reading = reader_.read(file, false, true, [&](std::unique_ptr<Request> request) {
      learned = learned && learn(*request);
      return request;
    });
    return conclude(reading, learned);
  }

  // The next of the files that are read ahead.
  Status each_request(ReadAhead& ahead, const std::function<bool(Request&)>& learn) {
    bool learned = true;
    const FileReading reading = ahead.read_next([&](Request& request) { learned = learned && learn(request); });
    return conclude(reading, learned);
  }

  [[nodiscard]] FileReader::Settings reader_settings() const {
    return {settings_.now, settings_.rejects_explained_max, settings_.s3, hash_key_};
  }

  [[nodiscard]] std::unique_ptr<ReadAhead> read_ahead(const std::vector<std::size_t>& files, bool counts, bool signs) {
    std::vector<const EventFile*> list;
    for (const std::size_t file : files) list.push_back(&files_[file]);
    return std::make_unique<ReadAhead>(std::move(list), reader_settings(), counts, signs);
  }

  // What was counted in a file's first reading.
  void count(const FileReading& reading) {
    for (std::size_t i = 0; i < kRejectReasonCount; ++i) {
      summary_.rejected += reading.rejected_by_reason[i];
      summary_.rejected_by_reason[i] += reading.rejected_by_reason[i];
      summary_.ignored_by_reason[i] += reading.ignored_by_reason[i];
    }
    for (std::size_t i = 0; i < kNotJudgedCount; ++i)
      summary_.not_judged_by_reason[i] += reading.not_judged_by_reason[i];
    for (const std::string& reject : reading.explained)
      if (summary_.explained.size() < settings_.rejects_explained_max) summary_.explained.push_back(reject);
  }

  Status conclude(const FileReading& reading, bool learned) {
    if (reading.counts) count(reading);
    if (!learned) return Error{fmt::format("{}: what it teaches could not be stored", reading.file->path)};
    if (!reading.status.ok()) {
      note_unread(reading, reading.status.error().message);
    } else if (reading.counts) {
      note_outcome(reading);
    }
    return {};
  }

  // The system does not let us read it, or not to its end. A later reading may meet that, too.
  void note_unread(const FileReading& reading, const std::string& why) {
    const std::string& path = reading.file->path;
    const auto is_it = [&](const SkippedFile& one) { return one.path == path; };
    if (std::any_of(summary_.unread.begin(), summary_.unread.end(), is_it)) return;
    summary_.unread.push_back(
        {path, fmt::format("{}; {} whole records of it are taken", why, with_commas(reading.events))});
  }

  // Whether the file was read to its end, and whether it held what is looked for.
  void note_outcome(const FileReading& reading) {
    const std::string& path = reading.file->path;
    if (!reading.fault.empty()) {
      summary_.damaged.push_back(
          {path, fmt::format("{}; {} whole records of it are taken", reading.fault, with_commas(reading.events))});
    } else if (reading.cut) {
      summary_.damaged.push_back(
          {path, fmt::format("the file is cut short; {} whole records of it are taken", with_commas(reading.events))});
    } else if (reading.wide_window && reading.error == PayloadError::bad_compression) {
      summary_.damaged.push_back({path,
                                  "its zstd window is larger than the 8 MiB that are read: compress it again "
                                  "without --long and --ultra"});
    } else if (const std::string_view fault = unread_because(reading.error); !fault.empty()) {
      summary_.damaged.push_back({path, std::string(fault)});
    } else if (reading.events == 0) {
      summary_.skipped.push_back(
          {path, reading.rejects == 0 ? "no CloudTrail event in it"
                 : reading.rejects == reading.harmless_rejects
                     ? "Insights events, aggregated events or digests of CloudTrail, which hold no call"
                     : "every record in it was rejected"});
      --summary_.files;
    }
  }

  const ScanSettings& settings_;
  const NetworkMap& networks_;
  const HashKey hash_key_;
  FileReader reader_;
  Metrics metrics_;
  std::vector<EventFile> files_;
  std::vector<SkippedFile> skipped_, unread_;  // before any was read
  std::vector<Days> days_;                     // of each file
  Days all_;
  Days block_;                      // of read_once: being learned; earlier days are judged
  std::vector<std::size_t> later_;  // of read_once: files that hold days after the block
  bool disordered_ = false;
  bool keeps_ = false;  // the stores outlive the scan
  ScanSummary summary_;
};

}  // namespace

Result<Scanned> scan(const ScanSettings& settings, const NetworkMap& networks,
                     const std::function<void(std::string_view)>& on_alert) {
  return Scan(settings, networks).on_memory(on_alert);
}

Result<ScanSummary> backfill(const ScanSettings& settings, const NetworkMap& networks, BackfillTarget target) {
  return Scan(settings, networks, target.hash_key).into(std::move(target));
}

}  // namespace straykey
