#pragma once
// Where a syslog message begins among bytes that do not say so: senders without any separator, and counts that were
// wrong.
//
// Shape:  priority_bytes() reads a `<PRI>`; find_message_start() looks for the next place that only a message begins
//         at; BraceDepth tells the end of a message's JSON from the same bytes inside of its strings; JsonProgress
//         tells as well that no JSON goes on like this: something cut it, and what follows is another message.
// Bounds: one pass; no memory. A count has at most kCountDigitsMax digits here.
// Thread: any (functions of their arguments, and a value).
// Source: winston-syslog and pino-socket write `<PRI>...{...}<PRI>...{...}` with nothing between (seen on the wire).
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace straykey {

inline constexpr std::size_t kPriorityBytesMax = 5;
inline constexpr std::size_t kCountDigitsMax = 7;
// A place cannot be judged without so many bytes before it and behind it.
inline constexpr std::size_t kMessageStartContext = kCountDigitsMax + 1 + kPriorityBytesMax + 1;

// The bytes of `<0>` to `<191>` at the front. 0: there is none.
[[nodiscard]] std::size_t priority_bytes(std::string_view text) noexcept;
// More bytes could make a priority of it.
[[nodiscard]] bool may_become_priority(std::string_view text) noexcept;

// The text may begin a message: a priority, a bracket, `@cee:` or a byte order mark.
[[nodiscard]] bool may_start_message(char first) noexcept;

// The first place behind the front of `text` at which a message begins: `LEN <PRI>`, `LEN @cee:` and `LEN BOM`
// anywhere; `<PRI>` directly behind `}` or an end of line; `{` directly behind an end of line; `LEN {` and `LEN [`
// directly behind a closing bracket or an end of line. Where messages are counted, no `<PRI>` directly behind `}`: that
// stands in a string more often than it begins a message.
enum class MessagesAre : std::uint8_t { counted, parted_by_nothing };
// With `first` 0 it may be the front itself, if a count stands there.
[[nodiscard]] std::optional<std::size_t> find_message_start(std::string_view text, MessagesAre are,
                                                            std::size_t first = 1) noexcept;

// How deep in braces a message is, as its bytes come. Quotes count inside of braces only: headers hold single ones.
class BraceDepth {
 public:
  void pass(std::string_view bytes) noexcept;
  // Until the braces are closed. How many bytes that were; all of them if they do not close.
  std::size_t pass_until_closed(std::string_view bytes) noexcept;

  // The braces that began are all closed.
  [[nodiscard]] bool closed() const noexcept { return begun_ && depth_ == 0; }
  // In braces that are not closed.
  [[nodiscard]] bool open() const noexcept { return depth_ > 0; }
  [[nodiscard]] bool quoted() const noexcept { return quoted_; }
  // In braces, outside of strings.
  [[nodiscard]] bool between_values() const noexcept { return depth_ > 0 && !quoted_; }

 private:
  std::size_t depth_ = 0;
  bool begun_ = false, quoted_ = false, escaped_ = false;
};

// How far an object or array has come, as its bytes come: the grammar that scan_json_value() knows.
class JsonProgress {
 public:
  enum class State : std::uint8_t { open, complete, broken };

  // Stops behind the closing bracket, and before the byte that breaks it.
  void pass(std::string_view bytes) noexcept;

  [[nodiscard]] State state() const noexcept { return state_; }
  // The bytes passed.
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  // Where the last string began.
  [[nodiscard]] std::size_t last_string() const noexcept { return last_string_; }

 private:
  void take(char c) noexcept;
  void take_in_string(char c) noexcept;
  [[nodiscard]] bool may_open() const noexcept;
  void open(char bracket) noexcept;
  [[nodiscard]] bool close(char bracket) noexcept;
  [[nodiscard]] bool in_object() const noexcept;

  std::size_t size_ = 0, last_string_ = 0;
  std::uint64_t kinds_ = 0;  // of the first 64 brackets: 1 is an object
  std::size_t depth_ = 0;
  State state_ = State::open;
  char before_ = ',';  // the last token: one of "{[,:", or 'v' for a value or key
  bool quoted_ = false, escaped_ = false;
};

}  // namespace straykey
