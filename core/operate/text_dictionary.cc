#include "core/operate/text_dictionary.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace straykey {
namespace {

constexpr char kNoText = '\xff';              // a byte that UTF-8 never has, so that no part is found across it
constexpr std::size_t kLeftBytesMin = 1'024;  // fewer are not worth writing everything anew

char lower_case(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

}  // namespace

std::uint32_t TextDictionary::keep(std::string_view text) {
  if (const auto found = find(text)) {
    ++texts_[*found].uses;
    return *found;
  }
  auto number = static_cast<std::uint32_t>(texts_.size());
  if (free_.empty()) {
    texts_.emplace_back();
  } else {
    number = free_.back();
    free_.pop_back();
  }
  append(number, text);
  texts_[number].uses = 1;
  numbers_.insert(number);
  return number;
}

void TextDictionary::release(std::uint32_t number) {
  Text& text = texts_[number];
  if (--text.uses > 0) return;
  numbers_.erase(number);
  std::fill_n(lower_case_.begin() + text.at, text.size, kNoText);
  text_bytes_ -= text.size;
  text = {};
  free_.push_back(number);
  if (lower_case_.size() > 2 * (text_bytes_ + numbers_.size()) + kLeftBytesMin) write_anew();
}

void TextDictionary::append(std::uint32_t number, std::string_view text) {
  Text& kept = texts_[number];
  kept.at = static_cast<std::uint32_t>(written_.size());
  kept.size = static_cast<std::uint32_t>(text.size());
  written_.append(text) += kNoText;
  for (const char c : text) lower_case_ += lower_case(c);
  lower_case_ += kNoText;
  text_bytes_ += text.size();
  places_.push_back({kept.at, number});
}

void TextDictionary::write_anew() {
  const std::string before = std::exchange(written_, {});
  lower_case_.clear();
  places_.clear();
  text_bytes_ = 0;
  for (std::uint32_t number = 0; number < texts_.size(); ++number)
    if (texts_[number].uses > 0)
      append(number, std::string_view(before).substr(texts_[number].at, texts_[number].size));
}

std::string_view TextDictionary::text(std::uint32_t number) const {
  return std::string_view(written_).substr(texts_[number].at, texts_[number].size);
}

std::optional<std::uint32_t> TextDictionary::find(std::string_view text) const {
  const auto found = numbers_.find(text);
  return found == numbers_.end() ? std::nullopt : std::optional(*found);
}

// memmem skips as many bytes as the part is long, wherever it can.
std::vector<bool> TextDictionary::holding(std::string_view part) const {
  std::vector<bool> out(texts_.size());
  const char* const begin = lower_case_.data();
  const char* const end = begin + lower_case_.size();
  auto place = places_.begin();
  for (const char* from = begin; from < end;) {
    const void* const found = memmem(from, static_cast<std::size_t>(end - from), part.data(), part.size());
    if (found == nullptr) break;
    const auto at = static_cast<std::uint32_t>(static_cast<const char*>(found) - begin);
    place = std::upper_bound(place, places_.end(), at, [](std::uint32_t a, const Place& b) { return a < b.at; }) - 1;
    const Text& text = texts_[place->number];
    const bool is_here = text.uses > 0 && text.at == place->at && at + part.size() <= text.at + text.size;
    if (is_here) out[place->number] = true;
    // The rest of a text that has the part need not be looked at.
    from = is_here ? begin + text.at + text.size : begin + at + 1;
  }
  return out;
}

std::size_t TextDictionary::bytes() const noexcept {
  constexpr std::size_t kTextBytes = sizeof(Text) + 40;  // with a node of numbers_, and its place in the table
  return texts_.size() * kTextBytes + places_.size() * sizeof(Place) + written_.size() + lower_case_.size();
}

}  // namespace straykey
