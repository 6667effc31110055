#pragma once
// SyslogFramer: the bytes of a TCP or TLS connection -> its messages, octet-counted, parted by LF, CR LF or NUL, or by
// nothing.
//
// Shape:  decided anew at each message: `LEN SP` (LEN starts 1-9) counts its bytes; anything else runs to the next LF
//         or NUL, or to a `<PRI>` directly behind the brace that closes its JSON. The first count of a connection must
//         be followed by what a message starts with (`<`, `{`, `[`, `@`, BOM), so that a line which begins with a
//         number and a space is a line. Before a bare record, or as a small one before a header, it may number a line
//         all the same: then the record's own end tells. An end of line behind it that is not where the number says: a
//         line. Another message directly behind it: a wrong count. A record printed over several lines is one message.
//         A wrong count is noticed where the JSON of its message ends earlier, where another message begins inside of
//         JSON that can not go on like that, or where something follows that no message begins with. Reading goes on at
//         the next place that only a message begins at (syslog_start.h), so that one wrong count costs its own message
//         and at most one more.
//         Where nothing parts messages, one that was cut does not end, and swallows those behind it. So a message ends
//         as well before a `<PRI>` whose own JSON object is whole and ends directly before another `<PRI>` or where
//         nothing more comes. No whole message holds such a thing in its strings: the quote behind the object's brace
//         would end the string there, and what follows it is never the first letter of a key. Two cut messages in a
//         row are one, and a whole one that holds a `<PRI>` in a string is lost with the cut one before it.
//         Messages are cut out of the text in place: release() gives that text away, and no message is copied.
// Order:  prepare(), commit() of what was received, next() until it gives nothing; and again, with release() when
//         crowded() or earlier. Frames are valid until the next release(). How the bytes were split makes no
//         difference.
// Bounds: memory: twice message_bytes_max, and one read of kReadBytesMax, or what prepare() was asked for if that is
//         more. It grows with what has arrived, never with what was announced, and shrinks to kReadBytesMin on a quiet
//         connection. Work is linear in the bytes.
// Errors: SyslogFrame::Fault; bad_count is told once for each wrong count. After out_of_step nothing more is read: the
//         connection should be closed.
// Thread: any (a value of its connection).
// Source: RFC 6587 3.4; RFC 5425 4.3; rsyslog's and syslog-ng's counts include a trailing LF, logger's do not (seen on
//         the wire).
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/event/syslog_start.h"

namespace straykey {

inline constexpr std::size_t kSyslogMessageBytesMax = 1 << 20;

struct SyslogFrame {
  enum class Fault : std::uint8_t {
    none,
    too_large,    // over message_bytes_max: `text` is its beginning, the rest is skipped
    out_of_step,  // a count over kSkipBytesMax, or no message's beginning found behind a wrong one
    bad_count,    // the count was wrong: `text` is what stands before the next message, often nothing
    cut_off,      // the connection ended before the message did; a line may nevertheless be whole
  };
  std::string_view text;  // without its count and without LF, CR, NUL at its end
  Fault fault = Fault::none;
  bool several_lines = false;  // it was parted by LF, and its JSON holds some
};

class SyslogFramer {
 public:
  static constexpr std::size_t kReadBytesMin = 4 * 1024;
  static constexpr std::size_t kReadBytesMax = 64 * 1024;
  static constexpr std::uint64_t kSkipBytesMax = std::uint64_t{64} << 20;

  explicit SyslogFramer(std::size_t message_bytes_max = kSyslogMessageBytesMax)
      : message_bytes_max_(message_bytes_max) {}

  // Room for the next read: at least one byte. Before anything is taken, memory for text_bytes in all is asked for.
  // REQUIRES: !crowded().
  [[nodiscard]] std::span<char> prepare(std::size_t text_bytes = 0);
  // REQUIRES: bytes <= the size of what prepare() gave.
  void commit(std::size_t bytes);
  // No more bytes will come: what is left is the last message.
  void end() noexcept { ended_ = true; }
  // The next message, or nothing until more bytes have come.
  [[nodiscard]] std::optional<SyslogFrame> next();
  // When nothing waits to be read: the message at the front if its JSON is whole and the connection has not parted
  // messages by a delimiter so far. Without it the last message of a sender that parts them by nothing would wait for
  // the one that follows it.
  [[nodiscard]] std::optional<SyslogFrame> next_unended();
  // What next() has gone through since the last release(). It stays where it is until then.
  [[nodiscard]] std::string_view taken() const noexcept { return {text_.data(), begin_}; }
  // What was received and not gone through.
  [[nodiscard]] std::string_view held() const noexcept { return {text_.data() + begin_, end_ - begin_}; }
  // There is hardly room behind what was taken.
  [[nodiscard]] bool crowded() const noexcept;
  // The text of taken(), in the same place, with kJsonPadding readable bytes behind it; what is left is kept.
  [[nodiscard]] std::string release();

  // Goes through all that was received, or through its first line, without looking at it.
  void drop() noexcept { begin_ = end_; }
  void drop_line() noexcept;

  // A message has begun and is not whole. Not where only a further line could go on with it.
  [[nodiscard]] bool mid_message() const noexcept;
  [[nodiscard]] std::size_t held_bytes() const noexcept { return text_.capacity(); }
  // And after prepare(), about.
  [[nodiscard]] std::size_t prepared_bytes(std::size_t text_bytes = 0) const noexcept;
  // How much was looked at to tell whether counts are right. For tests.
  [[nodiscard]] std::uint64_t looked_at_bytes() const noexcept { return looked_at_bytes_; }

 private:
  // How the message at the front is framed.
  struct Count {
    // wrong: it should have said `value`.
    enum class Kind : std::uint8_t { undecided, line, counted, wrong } kind = Kind::line;
    std::size_t digits = 0;
    std::uint64_t value = 0;
  };

  enum class LineEnd : std::uint8_t { none, undecided, delimiter, next_message };
  // What is left unread: the rest of a message that is too large, or all up to a message's beginning.
  enum class Skip : std::uint8_t { nothing, counted, line, to_start };

  // False: all that is there belongs to what is being skipped.
  bool skip_rest();
  [[nodiscard]] Count read_count(std::string_view text) const noexcept;
  [[nodiscard]] Count look_behind_count(const Count& count);
  [[nodiscard]] Count number_before_header(const Count& count, std::string_view message);
  [[nodiscard]] Count behind_record(const Count& count, std::string_view message);
  [[nodiscard]] Count behind_cut_record(const Count& count, std::string_view message);
  [[nodiscard]] Count::Kind kind_by_what_follows(std::string_view behind) const noexcept;
  [[nodiscard]] Count number_of_line(const Count& count);
  std::optional<SyslogFrame> next_counted(const Count& count);
  [[nodiscard]] bool looks_whole(std::string_view message) noexcept;
  [[nodiscard]] std::size_t bytes_before_next(std::string_view message) noexcept;
  std::optional<SyslogFrame> next_line();
  LineEnd find_line_end() noexcept;
  LineEnd look_at_priority(std::size_t at) noexcept;
  [[nodiscard]] bool whole_message_ends(std::size_t at) noexcept;
  [[nodiscard]] bool last_message_is_whole() noexcept;
  LineEnd look_at_delimiter() noexcept;
  void pass_braces(std::size_t to) noexcept;
  SyslogFrame take_counted(std::size_t prefix, std::size_t size, SyslogFrame::Fault fault);
  SyslogFrame take(std::size_t prefix, std::size_t size, SyslogFrame::Fault fault);
  // What fits behind what was received, in the memory that there is.
  [[nodiscard]] std::size_t room() const noexcept;

  const std::size_t message_bytes_max_;
  std::string text_;                 // all of its size may be written to
  std::size_t begin_ = 0, end_ = 0;  // of what was received and not taken
  std::size_t read_bytes_ = kReadBytesMin;
  // Of the message at the front.
  std::size_t scanned_ = 0;    // as a line: without an end up to here
  JsonProgress json_;          // behind its count, if it is looked at
  std::size_t looked_at_ = 0;  // behind its count: no message begins and no line ends up to here
  BraceDepth depth_;           // up to depth_at_
  std::size_t depth_at_ = 0;
  bool several_lines_ = false;
  std::size_t priority_at_ = 0;  // where the last <PRI> behind its front stands; 0: there is none
  BraceDepth last_depth_;        // of what began there, up to last_depth_at_
  std::size_t last_depth_at_ = 0;
  // Of the message before it.
  bool after_counted_ = false;
  bool json_open_ = false;  // it was counted, its JSON did not end in it, and no delimiter followed
  bool json_seen_ = false;  // it was counted and had some, or a delimiter followed
  bool count_was_wrong_ = false;
  Skip skip_ = Skip::nothing;
  std::uint64_t skip_bytes_ = 0;  // counted: still to be skipped; else: skipped so far
  // Of the connection.
  bool counted_before_ = false;
  bool miscounted_ = false;
  std::size_t usual_bytes_ = 0;  // of its counted messages
  std::uint64_t looked_at_bytes_ = 0;
  bool numbered_ = false;
  std::uint64_t last_number_ = 0;  // of its lines
  bool delimiters_seen_ = false;
  bool out_of_step_ = false;
  bool ended_ = false;
};

}  // namespace straykey
