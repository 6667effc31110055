#pragma once
// Where a syslog message begins among bytes that do not say so: senders without any separator, and counts that were
// wrong.
//
// Shape:  priority_bytes() reads a `<PRI>`; find_message_start() looks for the next place that only a message begins
//         at; BraceDepth tells the end of a message's JSON from the same bytes inside of its strings.
// Bounds: one pass; no memory. A count has at most kCountDigitsMax digits here.
// Thread: any (functions of their arguments, and a value).
// Source: winston-syslog and pino-socket write `<PRI>...{...}<PRI>...{...}` with nothing between (seen on the wire).
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace straykey {

inline constexpr std::size_t kPriorityBytesMax = 5;
inline constexpr std::size_t kCountDigitsMax = 8;
// A place cannot be judged without so many bytes before it and behind it.
inline constexpr std::size_t kMessageStartContext = kCountDigitsMax + 1 + kPriorityBytesMax + 1;

// The bytes of `<0>` to `<191>` at the front. 0: there is none.
[[nodiscard]] std::size_t priority_bytes(std::string_view text) noexcept;
// More bytes could make a priority of it.
[[nodiscard]] bool may_become_priority(std::string_view text) noexcept;

// The first place behind the front of `text` at which a message begins: `LEN <PRI>` anywhere; `<PRI>` directly behind
// `}` or an end of line; `{` directly behind an end of line; `LEN {` directly behind either.
[[nodiscard]] std::optional<std::size_t> find_message_start(std::string_view text) noexcept;

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

}  // namespace straykey
