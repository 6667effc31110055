#pragma once
// SyslogIntake: syslog messages -> the items of a SentText, many at a time, for the Intake.
//
// Shape:  the JSON of each message is an item of its own, so that a broken one does not touch its neighbours; anything
//         may stand between them in the text.
// Thread: io; add() and add_in_place() of one SentText on one thread. It outlives the io threads and the pipeline.
// Bounds: batch_messages_max and batch_bytes_max: whichever is reached first makes a batch full.
//         kDatagramMessagesMax of one datagram.
// Errors: a message without any JSON is a reject, counted with those of all ways in; a truncated one is logged with the
//         setting to change.
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <string_view>

#include "net/ingest/intake.h"
#include "net/ingest/syslog_listener.h"

namespace straykey {

// Records of 128 bytes fill a datagram with so many; CloudTrail's have several times that.
inline constexpr std::size_t kDatagramMessagesMax = 512;

// The little that a quiet connection holds is part of what a connection costs.
[[nodiscard]] constexpr std::size_t connection_bytes_charged(std::size_t held) noexcept {
  constexpr std::size_t kQuietBytesMax = 16 * 1024;
  return held <= kQuietBytesMax ? 0 : held;
}

class Feeder;

struct SyslogIntakeSettings {
  Intake::Limits limits{.rejects_listed_max = std::numeric_limits<std::size_t>::max()};  // as many as a batch holds
  std::size_t batch_messages_max = 512;
  std::size_t batch_bytes_max = 256 * 1024;

  bool operator==(const SyslogIntakeSettings&) const = default;
};

class SyslogIntake;

// What every syslog listener uses of the process; all of it outlives the listener's connections.
struct SyslogDependencies {
  SyslogIntake& intake;
  std::shared_ptr<ByteBudget> budget;
  Metrics& metrics;
  Log& log;
};

class SyslogIntake {
 public:
  struct Dependencies {
    Intake& intake;
    Submit submit;
    Log& log;
  };
  SyslogIntake(SyslogIntakeSettings settings, Dependencies dependencies);

  // Counts a message and appends its JSON to the text; without any it is a reject.
  void add(SentText& batch, SyslogListener& listener, std::string_view message, const IpAddress& sender);
  // The same for each message of a datagram; what follows the first kDatagramMessagesMax - 1 counts as one.
  void add_datagram(SentText& batch, SyslogListener& listener, std::string_view datagram, const IpAddress& sender);
  // The same for a message inside of `text`, which becomes the batch's in the end.
  void add_in_place(SentText& batch, SyslogListener& listener, std::string_view text, std::string_view message,
                    const IpAddress& sender);
  // text_bytes: what the text of the batch has, or is going to have.
  [[nodiscard]] bool full(const SentText& batch, std::size_t text_bytes) const noexcept;
  // Names the setting that cut messages of a batch, which has been read, to those who run their senders.
  void advise(const SyslogListener& listener, const SentText& batch, const ItemOutcomes& outcome);
  void reject(SyslogListener& listener, RejectReason reason, std::string_view record, const IpAddress& sender);

  // The Feeder of a connection. `on_stored` as in its callbacks; may be empty.
  [[nodiscard]] std::shared_ptr<Feeder> make_feeder(
      const std::shared_ptr<SyslogListener>& listener, IoExecutor executor, std::size_t io_thread,
      std::function<void(std::uint64_t number, const ItemOutcomes& outcome)> on_stored = {});

  [[nodiscard]] const SyslogIntakeSettings& settings() const noexcept { return settings_; }
  [[nodiscard]] Intake& intake() noexcept { return intake_; }
  [[nodiscard]] const Submit& submit() const noexcept { return submit_; }

 private:
  void reject_without_json(SyslogListener& listener, std::string_view message, const IpAddress& sender);
  struct Payload {
    std::string_view text;      // empty: it was a reject
    bool is_unprinted = false;  // a journal entry without its text
  };
  [[nodiscard]] Payload count_payload(SyslogListener& listener, std::string_view message, const IpAddress& sender);

  const SyslogIntakeSettings settings_;
  Intake& intake_;
  const Submit submit_;
  Log& log_;
};

}  // namespace straykey
