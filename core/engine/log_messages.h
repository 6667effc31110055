#pragma once
// LogMessages: the log of [standby] as messages of a compacted topic, and back.
//
// Shape:  a transaction is a message for each row, whose key is the row's, and a frame behind them that says the rest.
//         A topic that is compacted keeps the last message of each key, and so the newest value of each row. Frames
//         have kFrameSlots keys in turn: those of long ago leave, and what they told besides their rows is known by
//         then.
//             key                        value
//             table u8, key of the row   log id (16 bytes), the row's value; none: the row is erased
//             0, "complete"              log id: the log holds all that a new standby needs
//             0, "term"                  log id, node text, run u64, then names and digests as texts
//             0, "frame", slot u16       log id, combinations as one text, then claims: endpoint text, alert id
// Order:  LogAssembler gives an entry for every frame, with all rows since the frame before. Where frames have left,
//         one entry holds the rows of several transactions. One of more than kRowsMax rows or kBytesMax bytes is given
//         in parts. Rows of two logs never share an entry.
// Thread: the merger's.
// Bounds: kMessageBytesMax for a row with its key; brokers take 1,048,588 bytes unless told otherwise.
// Errors: a message that is none of ours is an error: somebody else writes to the topic.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/engine/alert_log.h"

namespace straykey {

struct LogMessage {
  std::string key;
  std::optional<std::string> value;
};

inline constexpr std::size_t kMessageBytesMax = 900'000;
inline constexpr std::uint16_t kFrameSlots = 1'024;

// `number`: of the transaction in this term; it chooses the frame's slot.
[[nodiscard]] Result<std::vector<LogMessage>> log_messages(Hash128 log, const LogTransaction& transaction,
                                                           std::uint64_t number);

class LogAssembler {
 public:
  static constexpr std::size_t kRowsMax = 5'000, kBytesMax = 8u << 20;

  // `next`: the position behind the message.
  [[nodiscard]] Status take(std::string_view key, std::optional<std::string_view> value, std::uint64_t next);
  // What is whole by now.
  [[nodiscard]] std::vector<LogEntry> entries();
  // Forgets what is not whole: reading goes on somewhere else.
  void begin_anew();

 private:
  [[nodiscard]] Status take_row(std::string_view key, std::optional<std::string_view> value);
  [[nodiscard]] Status take_word(std::string_view word, std::string_view value);
  void end_entry();
  void note_log(Hash128 log);

  LogEntry open_;  // what is not whole
  std::size_t bytes_ = 0;
  std::vector<LogEntry> whole_;
};

}  // namespace straykey
