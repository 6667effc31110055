#pragma once
// TextDictionary: texts that many rows share, each kept once under a number, and found by a part of them.
//
// Shape:  a number is given again when nobody uses its text any more. The texts stand one behind the other in one run
//         of memory, and beside it once more in lower case, because looking through one run takes a third of the time
//         that looking at texts in many places takes. What left stays there, as bytes that no text has, until half of
//         all has left; then both are written anew.
// Thread: one.
// Bounds: as many texts as rows are using. bytes() tells what they take.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace straykey {

class TextDictionary {
 public:
  TextDictionary() = default;
  TextDictionary(const TextDictionary&) = delete;
  TextDictionary& operator=(const TextDictionary&) = delete;

  // The number of this text, which has one user more.
  std::uint32_t keep(std::string_view text);
  // REQUIRES: keep() gave this number once more than it was released.
  void release(std::uint32_t number);

  [[nodiscard]] std::optional<std::uint32_t> find(std::string_view text) const;
  // Until the next keep() or release(). REQUIRES: somebody uses the number.
  [[nodiscard]] std::string_view text(std::uint32_t number) const;
  // By number: whether the text has this part, in any case of its ASCII letters. REQUIRES: `part` is UTF-8 in lower
  // case, and not empty. Cost: one pass over the bytes of all texts.
  [[nodiscard]] std::vector<bool> holding(std::string_view part) const;

  // Every number is below it.
  [[nodiscard]] std::size_t numbers() const noexcept { return texts_.size(); }
  // An estimate of the memory that it holds.
  [[nodiscard]] std::size_t bytes() const noexcept;

 private:
  struct Text {
    std::uint32_t at = 0, size = 0;  // in written_ and lower_case_
    std::uint32_t uses = 0;
  };
  // Where a text begins.
  struct Place {
    std::uint32_t at, number;
  };
  // Numbers, as the texts that they stand for.
  struct TextHash {
    using is_transparent = void;
    const TextDictionary* owner;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
    std::size_t operator()(std::uint32_t number) const { return (*this)(owner->text(number)); }
  };
  struct TextEqual {
    using is_transparent = void;
    const TextDictionary* owner;
    bool operator()(std::uint32_t a, std::uint32_t b) const { return a == b; }
    bool operator()(std::string_view a, std::uint32_t b) const { return a == owner->text(b); }
    bool operator()(std::uint32_t a, std::string_view b) const { return owner->text(a) == b; }
  };

  void append(std::uint32_t number, std::string_view text);
  void write_anew();

  std::vector<Text> texts_;  // by number
  std::vector<std::uint32_t> free_;
  std::string written_, lower_case_;  // each text with kNoText behind it
  std::vector<Place> places_;         // ascending; those whose text has left, too
  std::size_t text_bytes_ = 0;        // of the texts that are used
  std::unordered_set<std::uint32_t, TextHash, TextEqual> numbers_{0, TextHash{this}, TextEqual{this}};
};

}  // namespace straykey
