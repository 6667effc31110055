#pragma once
// AlertState: what changes of an alert after its document was made. It is laid over the document when the alert is
// shown.
//
// Bounds: kListMax addresses, keys and entries.
// Thread: any (a value).
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/time.h"

namespace straykey {

struct Alert;
struct Candidate;

// Stands for the note in the command that acknowledges an alert (respond.h), where its reader says why. A note that is
// nothing else is refused, so that a command that was pasted as it is answers nothing.
inline constexpr std::string_view kNotePlaceholder = "<why it is ours>";

struct AlertState {
  std::uint64_t occurrences = 0;
  Seconds first_seen = 0, last_seen = 0;
  static constexpr std::size_t kListMax = 16;
  std::vector<std::string> addresses, keys;  // at most kListMax each
  enum class Status : std::uint8_t { open, acknowledged, false_positive, closed } status = Status::open;
  Seconds status_at = 0;
  Day acknowledged_until = 0;  // 0: for good
  std::string note;
  std::vector<std::string> known;  // entries of [[known]] that cover it, by name; at most kListMax

  void take_in(const Candidate& call);
  // Somebody said what its pairs are, so these count as known: acknowledged, or a false positive.
  [[nodiscard]] bool is_answered() const noexcept {
    return status == Status::acknowledged || status == Status::false_positive;
  }
};

// "open", "acknowledged", "false_positive" or "closed".
[[nodiscard]] std::string_view name_of(AlertState::Status status) noexcept;
[[nodiscard]] std::string encode_alert_state(const AlertState& state);
[[nodiscard]] std::optional<AlertState> decode_alert_state(std::string_view bytes);

// The document with its state laid over it: what the tools and the API show.
[[nodiscard]] std::string alert_with_state(std::string_view document, const AlertState& state,
                                           bool contradicted = false);
// The same of an alert. What to do now (respond.h) is made anew, because it has to cover what the alert has taken in.
[[nodiscard]] std::string alert_with_state(const Alert& alert, const AlertState& state, bool contradicted = false,
                                           std::string_view data_dir = {});

}  // namespace straykey
