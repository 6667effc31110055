#include "tools/scan/scan.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <new>
#include <optional>
#include <utility>

#include "core/base/bytes.h"
#include "core/base/terminal_text.h"
#include "core/engine/memory_store.h"
#include "core/engine/sequence.h"
#include "core/event/decoding.h"
#include "core/event/not_judged.h"
#include "core/event/payload.h"
#include "core/operate/alert_listing.h"
#include "tools/scan/event_files.h"
#include "tools/scan/large_gzip.h"
#include "tools/scan/reject_explanation.h"
#include "tools/scan/s3_trail.h"
#include "tools/scan/salvage.h"
#include "tools/terminal/progress.h"

namespace straykey {
namespace {

constexpr Day kBlockDays = 30;
constexpr Day kSlackDays = 3;  // that the first file of all may begin after the first day
// The event that issued a key may come two days after calls that were made with it. So the last days of a block are
// judged with the next one, when those that it proves are known: an alert's day is that of its first call.
constexpr Day kLateProofDays = 2;
static_assert(kBlockDays + kSlackDays <= kJudgedLateDaysMax && kBlockDays + kLateProofDays <= kJudgedLateDaysMax);
// What is held of a compressed file at one time, and of gzip whose text could be read in pieces as well.
constexpr std::size_t kInflatedMax = std::size_t{1} << 30;
constexpr std::size_t kGzipHeldMax = std::size_t{256} << 20;
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

// A record that ends in its middle where the text ends: the text was cut. An array that ends between records gives an
// empty one. A line that ends well was cut by whoever wrote it, and the file is whole.
bool reaches_end(std::string_view record, std::string_view text, bool lines) {
  if (lines && text.ends_with('\n')) return false;
  const std::size_t end = text.find_last_not_of(" \t\r\n") + 1;
  return record.empty() || record.data() + record.size() == text.data() + end;
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
  Scan(const ScanSettings& settings, const NetworkMap& networks)
      : settings_(settings), networks_(networks), reader_({kInflatedMax, ~std::size_t{0}}) {}

  Result<ScanSummary> on_memory(const std::function<void(std::string_view)>& on_alert) {
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
    return summarised();
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
    for (std::size_t i = 0; i < files_.size(); ++i) {
      const Status status = each_request(files_[i], true, [&](Request& request) {
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
    for (std::size_t i = 0; i < files_.size() && !disordered_; ++i) {
      const Status status = each_request(files_[i], true, [&](Request& request) {
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
    std::erase_if(request.events, [&](const Event& event) { return !days.overlaps(event.day(), event.day()); });
    return request.events.empty() || pipeline.learn(request, networks_) == RequestOutcome::committed;
  }
  Status learn_file(InlinePipeline& pipeline, std::size_t file, Days days) {
    if (!days_[file].overlaps(days.first, days.last)) return {};
    return each_request(files_[file], false, [&](Request& request) { return learn_days(pipeline, request, days); });
  }

  Status work_block(InlinePipeline& pipeline, Day from) {
    const Days days{from, from + kBlockDays - 1};
    Progress progress(fmt::format("judging {} to {}", format_day(days.first), format_day(days.last)), files_.size());
    for (std::size_t i = 0; i < files_.size(); ++i) {
      if (const Status status = learn_file(pipeline, i, days); !status.ok()) return status;
      progress.show(i + 1, "");
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

  // What a first reading of a file has come to.
  struct FileReading {
    const EventFile& file;
    bool counts = false;  // it is the first reading
    std::uint64_t bytes = 0, lines = 0, events = 0, rejects = 0, harmless_rejects = 0;
    std::optional<PayloadError> error = {};
    std::string fault = {};          // of its gzip
    bool wide_window = false;        // of its zstd
    bool cut = false;                // its last record ends in the middle, at the end of the file
    bool too_large_to_hold = false;  // it is gzip, of which nothing was read yet
  };

  // Calls learn(request) for the events of each piece of a file. `first_reading`: count what is rejected.
  Status each_request(const EventFile& file, bool first_reading, const std::function<bool(Request&)>& learn) {
    bool learned = true;
    FileReading reading{.file = file, .counts = first_reading};
    const auto take = [&](std::string text) {
      Request request;
      request.received_at = settings_.now;
      request.events = std::move(events_);  // with its room
      request.events.clear();
      request.set_body(std::move(text));
      read_piece(request, reading);
      learned = learned && learn(request);
      events_ = std::move(request.events);
      reader_.reuse(request.arena);
      return std::move(request.body);
    };
    const Status status = read_within_memory(file, [&](std::string text) {
      const std::string body = take(std::move(text));
      if (!std::exchange(reading.too_large_to_hold, false)) return;
      reading.fault = read_large_gzip(body, {}, [&](std::string piece) { (void)take(std::move(piece)); });
    });
    if (!learned) return Error{fmt::format("{}: what it teaches could not be stored", file.path)};
    if (!status.ok()) {
      note_unread(reading, status.error().message);
    } else if (first_reading) {
      conclude(reading);
    }
    return {};
  }

  // A file for which there is no memory is named, and the others are read.
  Status read_within_memory(const EventFile& file, const std::function<void(std::string)>& visit) const {
    try {
      if (file.path.starts_with(kS3Scheme)) return settings_.s3->read(file, visit);
      return read_event_file(file, visit);
    } catch (const std::bad_alloc&) {
      return Error{"there is not enough memory for it"};
    }
  }

  // A text is decoded first, so that what is wrong with a record can be shown by its place.
  void read_piece(Request& request, FileReading& reading) {
    std::string_view text = request.body;
    const bool gzip = has_gzip_magic(request.body);
    reader_.limit(gzip ? kGzipHeldMax : kInflatedMax, ~std::size_t{0});
    std::optional<PayloadError> error = reader_.decode(text, ContentEncoding::identity, request.arena);
    reader_.limit(kInflatedMax, ~std::size_t{0});
    if (gzip && error == PayloadError::inflated_too_large && reading.bytes == 0) {
      reading.too_large_to_hold = true;
      return;
    }
    reading.wide_window = zstd_window_bytes(request.body) > kZstdWindowBytesMax;
    if (error == PayloadError::bad_compression && gzip) {
      Salvaged salvaged = salvage_gzip(request.body, kInflatedMax);
      reading.fault = salvaged.fault.empty() ? "its compression is damaged" : salvaged.fault;
      text = request.arena.adopt(std::move(salvaged.text));
      error.reset();
    }
    const PlacedText placed{text, reading.bytes, reading.lines, reading.events + reading.rejects};
    PayloadReader::Sink sink;
    sink.on_event = [&](std::uint32_t number, Event&& event) {
      if (event.from_future) return reject(RejectReason::future_event_time, event.record, number, placed, reading);
      ++reading.events;
      reading.cut = false;
      if (reading.counts && !can_be_judged(event))
        ++summary_.not_judged_by_reason[static_cast<std::size_t>(why_not_judged(event))];
      request.events.push_back(event);
    };
    sink.on_reject = [&](std::uint32_t number, RejectReason reason, std::string_view record) {
      reject(reason, record, number, placed, reading);
    };
    if (!error) error = reader_.read(text, ContentEncoding::identity, settings_.now, request.arena, sink);
    if (error && error != PayloadError::empty_body) reading.error = error;
    reading.bytes += text.size();
    if (explains()) reading.lines += static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n'));
  }

  [[nodiscard]] bool explains() const noexcept { return settings_.rejects_explained_max > 0; }

  void reject(RejectReason reason, std::string_view record, std::uint32_t number, const PlacedText& placed,
              FileReading& reading) {
    ++reading.rejects;
    reading.cut = reason == RejectReason::truncated && reaches_end(record, placed.text, reading.file.lines);
    if (!reading.counts) return;
    if (is_harmless(reason)) {
      ++reading.harmless_rejects;
      ++summary_.ignored_by_reason[static_cast<std::size_t>(reason)];
      return;
    }
    ++summary_.rejected;
    ++summary_.rejected_by_reason[static_cast<std::size_t>(reason)];
    if (summary_.explained.size() < settings_.rejects_explained_max)
      summary_.explained.push_back(fmt::format("{}: {}: {}", terminal_text(reading.file.path, kPathShownBytes),
                                               place_of(record, number, placed),
                                               explain_reject(reason, record, settings_.now)));
  }

  // The system does not let us read it, or not to its end. A later reading may meet that, too.
  void note_unread(const FileReading& reading, const std::string& why) {
    const std::string& path = reading.file.path;
    const auto is_it = [&](const SkippedFile& one) { return one.path == path; };
    if (std::any_of(summary_.unread.begin(), summary_.unread.end(), is_it)) return;
    summary_.unread.push_back(
        {path, fmt::format("{}; {} whole records of it are taken", why, with_commas(reading.events))});
  }

  // Whether the file was read to its end, and whether it held what is looked for.
  void conclude(const FileReading& reading) {
    const std::string& path = reading.file.path;
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
  PayloadReader reader_;
  std::vector<Event> events_;  // between files: memory only
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

Result<ScanSummary> scan(const ScanSettings& settings, const NetworkMap& networks,
                         const std::function<void(std::string_view)>& on_alert) {
  return Scan(settings, networks).on_memory(on_alert);
}

Result<ScanSummary> backfill(const ScanSettings& settings, const NetworkMap& networks, BackfillTarget target) {
  return Scan(settings, networks).into(std::move(target));
}

}  // namespace straykey
