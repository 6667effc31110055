#pragma once
// SyslogIntake: the JSON of messages, many at a time -> one Request -> pipeline.
//
// Shape:  each message is read by itself, so that a broken one does not touch its neighbours; a SyslogBatch holds the
//         text of all, with anything between their payloads.
// Order:  rejects are counted once, when a batch is read first. A batch whose commit failed comes back whole.
// Thread: read() on io threads, one PayloadReader for each; the pipeline calls OnDone on its own. Outlives both.
// Bounds: batch_messages_max and batch_bytes_max: whichever is reached first makes a batch full.
// Errors: a RejectReason for each message without a record, counted with those of all ways in; a truncated one is
//         logged with the setting to change.
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "net/ingest/ingest_routes.h"
#include "net/ingest/syslog_listener.h"

namespace straykey {

struct SyslogIntakeSettings {
  PayloadLimits payload;
  std::size_t batch_messages_max = 512;
  std::size_t batch_bytes_max = 256 * 1024;
};

struct SyslogBatch {
  struct Piece {
    std::size_t begin = 0, size = 0;  // in `text`
    std::size_t message_bytes = 0;    // with its header
    IpAddress sender;
  };
  std::string text;
  std::vector<Piece> pieces;
  bool read_before = false;

  [[nodiscard]] bool empty() const noexcept { return pieces.empty(); }
};

class SyslogIntake {
 public:
  // Called once, on a thread of the pipeline; a batch that was not stored comes with RequestOutcome::failed.
  using OnDone = std::function<void(RequestOutcome outcome, SyslogBatch batch)>;

  SyslogIntake(SyslogIntakeSettings settings, std::size_t io_threads, Ingest::Outlets outlets, Metrics& metrics,
               Log& log);

  // Counts a message and keeps its JSON; without any it is a reject.
  void add(SyslogBatch& batch, SyslogListener& listener, std::string_view message, const IpAddress& sender);
  // The same for a message inside of `text`, which becomes the batch's in the end.
  void add_in_place(SyslogBatch& batch, SyslogListener& listener, std::string_view text, std::string_view message,
                    const IpAddress& sender);
  // text_bytes: what the text of the batch has, or is going to have.
  [[nodiscard]] bool full(const SyslogBatch& batch, std::size_t text_bytes) const noexcept;
  [[nodiscard]] std::size_t batch_bytes_max() const noexcept { return settings_.batch_bytes_max; }
  // The events of a batch; nullptr: there are none. REQUIRES: io_thread is the caller's.
  [[nodiscard]] std::unique_ptr<Request> read(SyslogBatch batch, SyslogListener& listener, std::size_t io_thread,
                                              OnDone on_done);
  [[nodiscard]] SubmitResult submit(std::unique_ptr<Request>& request) { return outlets_.submit(request); }
  void reject(SyslogListener& listener, RejectReason reason, std::string_view record, const IpAddress& sender);
  // Events that are lost because they could not be stored.
  void count_lost(std::size_t events) noexcept { refused_.add(events); }

 private:
  // Empty: it was a reject.
  [[nodiscard]] std::string_view count_payload(SyslogListener& listener, std::string_view message,
                                               const IpAddress& sender);
  void reject_record(SyslogListener& listener, RejectReason reason, std::string_view record,
                     const SyslogBatch::Piece& piece);

  const SyslogIntakeSettings settings_;
  const Ingest::Outlets outlets_;
  Log& log_;
  const std::array<Counter*, kRejectReasonCount> rejected_;
  Counter& refused_;
  std::vector<std::unique_ptr<PayloadReader>> readers_;  // of each io thread
};

}  // namespace straykey
