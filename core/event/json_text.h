#pragma once
// JSON text cut at its value boundaries without parsing it whole: extents, elements, members, unescaped strings.
//
// Shape:  one pass over the bytes, aware of strings and brackets, blind to literals and numbers: a full parser sees
//         each piece later. It checks as much grammar as tells a cut or broken value from its neighbour (what may
//         precede a string or a bracket).
//
// Bounds: no recursion; brackets are matched exactly 64 deep and only counted below that.
// Errors: a JsonEnd beside each piece; never reads outside its text.
// Thread: any (functions of their arguments).
// Source: RFC 8259.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace straykey {

enum class JsonEnd : std::uint8_t {
  complete,
  truncated,  // the text ends inside the value
  broken,     // no JSON can go on like this
};

struct JsonExtent {
  std::size_t size = 0;  // of the value; up to the fault if broken, all of the text if truncated
  JsonEnd end = JsonEnd::complete;
};

struct JsonSlice {
  std::string_view text;  // of the value; all that is left of the surrounding text if it is not complete
  JsonEnd end = JsonEnd::complete;

  [[nodiscard]] bool is(char first) const noexcept { return !text.empty() && text.front() == first; }
};

// `text` without white space at its front (and, for trim_json, its back).
[[nodiscard]] std::string_view skip_json_space(std::string_view text) noexcept;
[[nodiscard]] std::string_view trim_json(std::string_view text) noexcept;

// The value at the front of `text`. Empty text is truncated.
[[nodiscard]] JsonExtent scan_json_value(std::string_view text) noexcept;

// The elements of an array, one by one. After a broken element it goes on at the next "},{" (a guess that keeps the
// neighbours of one bad record), as long as `effort` lasts: the bytes that all such searches of one body may look at.
class JsonElements {
 public:
  // REQUIRES: array starts with '['.
  JsonElements(std::string_view array, std::size_t& effort) noexcept : text_(array), at_(1), effort_(&effort) {}

  [[nodiscard]] bool next(JsonSlice& element) noexcept;
  // All from the next element on; empty if there is none.
  [[nodiscard]] std::string_view rest() noexcept;
  // Instead of next(), by whoever knows where the element ends. REQUIRES: rest() begins with that element.
  void skip(std::size_t element_bytes) noexcept { at_ += element_bytes; }
  // Once next() said false: how the array itself ended, and the bytes up to there.
  [[nodiscard]] JsonEnd end() const noexcept { return end_; }
  [[nodiscard]] std::size_t consumed() const noexcept { return at_; }

 private:
  bool stop(JsonEnd end) noexcept;
  void skip_separators() noexcept;
  void resume_after(std::size_t fault_bytes) noexcept;

  std::string_view text_;
  std::size_t at_;
  std::size_t* effort_;
  JsonEnd end_ = JsonEnd::complete;
  bool stopped_ = false;
};

// The members of an object, one by one; one that is not complete is the last.
class JsonMembers {
 public:
  // REQUIRES: object starts with '{'.
  explicit JsonMembers(std::string_view object) noexcept : text_(object), at_(1) {}
  // From behind a member's value on. REQUIRES: `at` is there.
  JsonMembers(std::string_view object, std::size_t at) noexcept : text_(object), at_(at), first_(false) {}

  // `key` as written, without its quotes: escapes and all.
  [[nodiscard]] bool next(std::string_view& key, JsonSlice& value) noexcept;
  [[nodiscard]] JsonEnd end() const noexcept { return end_; }
  [[nodiscard]] std::size_t consumed() const noexcept { return at_; }

 private:
  bool stop(JsonEnd end) noexcept;

  std::string_view text_;
  std::size_t at_;
  JsonEnd end_ = JsonEnd::complete;
  bool stopped_ = false;
  bool first_ = true;
};

// Replaces `out` by the text of a string given without its quotes. False: a bad escape. A lone surrogate becomes
// U+FFFD.
[[nodiscard]] bool unescape_json(std::string_view raw, std::string& out);

// Replaces `out` by `json` in which what RFC 8259 allows and simdjson refuses is made harmless: numbers out of range
// become 0 (no number decides anything), lone surrogate escapes become \ufffd. False: nothing of the kind is in it.
[[nodiscard]] bool mend_json(std::string_view json, std::string& out);

}  // namespace straykey
