#pragma once
// Where the structure of JSON text is: simdjson's first stage over windows of a body.
//
// Shape:  positions of brackets, commas, colons, opening quotes and first bytes of scalars, outside of strings. A
//         window begins at a value and holds many of them; it doubles while values are read out of it, and shrinks when
//         they are not, so that text for which no index helps costs little.
// Bounds: a window of 4 KiB to 256 KiB, or of one value up to kIndexedBytesMax; 4 bytes of memory for each byte.
// Errors: no index where the text is no UTF-8, holds control bytes in a string or ends inside one: another parser says
//         what is wrong.
// Thread: one JsonIndex a thread.
// Source: a state "outside of strings" at an opening bracket is all that the first stage carries across it, so a window
//         may begin at any value, and what stands before it cannot change what is found in it.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace simdjson::internal {
class dom_parser_implementation;
}

namespace straykey {

class JsonIndex {
 public:
  static constexpr std::size_t kIndexedBytesMax = (1 << 20) + 1024;
  // So many places may be read at end() and behind: each is the window's size.
  static constexpr std::size_t kPlacesBehind = 6;

  JsonIndex();
  ~JsonIndex();

  // Forgets the window: its bytes are about to change.
  void forget() noexcept;
  // Text of so many bytes comes: the windows over it may look at twice as many. What comes after has no index. From
  // forget() to the first of these calls there is no such limit.
  void expect(std::size_t text_bytes) noexcept;
  // Moves to the first byte of `text`. False: that byte has no place in an index.
  // REQUIRES: readable bytes behind `text` as for any JSON parser, unchanged until forget().
  [[nodiscard]] bool seek(std::string_view text);
  // The value at the front of `text` goes beyond the window: makes one that holds more of it. False: it cannot.
  [[nodiscard]] bool widen(std::string_view text);
  // A value was read; `behind` is the place behind it.
  void pass(const std::uint32_t* behind) noexcept;

  // Since it was made; a byte that is looked at twice counts twice.
  [[nodiscard]] std::uint64_t bytes_looked_at() const noexcept { return looked_at_; }

  // Positions are counted from text(). REQUIRES: seek() or widen() said true.
  [[nodiscard]] const char* text() const noexcept { return text_.data(); }
  [[nodiscard]] const std::uint32_t* at() const noexcept { return at_; }
  // Behind the last place.
  [[nodiscard]] const std::uint32_t* end() const noexcept { return end_; }

 private:
  [[nodiscard]] bool make_next_window(std::string_view text);
  [[nodiscard]] bool make_window(std::string_view text);
  bool refuse() noexcept;
  [[nodiscard]] bool index(std::string_view window);

  std::unique_ptr<simdjson::internal::dom_parser_implementation> stage_;
  std::string_view text_;    // the window
  std::string_view opaque_;  // the latest text for which no index could be made
  const std::uint32_t* at_ = nullptr;
  const std::uint32_t* end_ = nullptr;
  std::size_t window_bytes_;
  std::size_t values_ = 0;  // read out of this window
  std::uint64_t looked_at_ = 0;
  std::uint64_t looked_at_max_ = UINT64_MAX;
  bool cut_ = false;  // the window is not all of its text
};

}  // namespace straykey
