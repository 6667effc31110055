#include "core/event/json_index.h"

#include <simdjson.h>

#include <algorithm>
#include <functional>
#include <new>

#include "core/base/invariant.h"

namespace straykey {
namespace {

constexpr std::size_t kWindowBytesMin = 4 * 1024;
constexpr std::size_t kWindowBytesMax = 256 * 1024;

bool holds(std::string_view text, const char* place) noexcept {
  const std::less<const char*> before;
  return !before(place, text.data()) && before(place, text.data() + text.size());
}

// The last place in text[bytes / 2, bytes) where a value is likely to end, so that no string is cut; 0: nowhere.
// REQUIRES: bytes < text.size().
std::size_t likely_end(std::string_view text, std::size_t bytes) noexcept {
  for (std::size_t at = bytes; at-- > bytes / 2 + 1;)
    if (text[at] == '\n' || ((text[at] == ',' || text[at] == '{') && text[at - 1] == '}')) return at;
  return 0;
}

}  // namespace

JsonIndex::JsonIndex() : window_bytes_(kWindowBytesMin) {
  const auto error =
      simdjson::get_active_implementation()->create_dom_parser_implementation(kWindowBytesMax, 1, stage_);
  if (error != simdjson::SUCCESS) throw std::bad_alloc();
}

JsonIndex::~JsonIndex() = default;

void JsonIndex::forget() noexcept {
  text_ = opaque_ = {};
  looked_at_max_ = UINT64_MAX;
}

void JsonIndex::expect(std::size_t text_bytes) noexcept {
  constexpr std::uint64_t kLooksAtAByte = 2;
  if (looked_at_max_ == UINT64_MAX) looked_at_max_ = looked_at_ + 2 * kWindowBytesMin;
  looked_at_max_ += kLooksAtAByte * text_bytes;
}

bool JsonIndex::seek(std::string_view text) {
  const char* const place = text.data();
  if (!holds(text_, place)) return !holds(opaque_, place) && make_next_window(text);
  const auto offset = static_cast<std::uint32_t>(place - text_.data());
  if (at_ == end_ || *at_ > offset) {
    const std::uint32_t* const first = stage_->structural_indexes.get();
    at_ = std::lower_bound(first, at_, offset);
  }
  while (at_ != end_ && *at_ < offset) ++at_;
  if (at_ == end_) return make_next_window(text);
  // What stands before it left a string open: the next window may not get far either.
  if (*at_ != offset) window_bytes_ = kWindowBytesMin;
  return *at_ == offset;
}

bool JsonIndex::widen(std::string_view text) {
  if (text_.data() != text.data()) return make_next_window(text);
  if (!cut_ || window_bytes_ >= kIndexedBytesMax) return false;
  window_bytes_ = std::min(window_bytes_ * 2, kIndexedBytesMax);
  return make_window(text) || refuse();
}

void JsonIndex::pass(const std::uint32_t* behind) noexcept {
  at_ = behind;
  ++values_;
}

bool JsonIndex::make_next_window(std::string_view text) {
  if (values_ == 0) {
    window_bytes_ = kWindowBytesMin;
  } else if (cut_) {
    window_bytes_ = std::min(window_bytes_ * 2, kWindowBytesMax);
  }
  for (std::size_t failed_bytes = text.size() + 1; !make_window(text);) {
    if (text_.size() <= kWindowBytesMin || text_.size() >= failed_bytes) return refuse();
    failed_bytes = text_.size();
    window_bytes_ = std::max(kWindowBytesMin, window_bytes_ / 4);
  }
  return *at_ == 0;
}

// Where no value seems to end in it, the window grows.
bool JsonIndex::make_window(std::string_view text) {
  values_ = 0;
  for (;;) {
    cut_ = text.size() > window_bytes_;
    text_ = text.substr(0, window_bytes_);
    const std::size_t search_bytes = cut_ ? window_bytes_ / 2 : 0;
    if (looked_at_ + text_.size() + search_bytes > looked_at_max_) return false;
    const std::size_t end = cut_ ? likely_end(text, window_bytes_) : text.size();
    looked_at_ += cut_ ? window_bytes_ - std::max(end, window_bytes_ / 2) : 0;
    text_ = text.substr(0, end > 0 ? end : window_bytes_);
    if (end > 0) return index(text_);
    if (window_bytes_ >= kIndexedBytesMax) return false;
    window_bytes_ = std::min(window_bytes_ * 2, kIndexedBytesMax);
  }
}

bool JsonIndex::refuse() noexcept {
  opaque_ = text_;
  text_ = {};
  window_bytes_ = kWindowBytesMin;
  return false;
}

bool JsonIndex::index(std::string_view window) {
  if (window.size() > stage_->capacity() && stage_->allocate(kIndexedBytesMax, 1) != simdjson::SUCCESS) return false;
  looked_at_ += window.size();
  const auto* const bytes = reinterpret_cast<const std::uint8_t*>(window.data());
  if (stage_->stage1(bytes, window.size(), simdjson::stage1_mode::regular) != simdjson::SUCCESS) return false;
  at_ = stage_->structural_indexes.get();
  end_ = at_ + stage_->n_structural_indexes;
  static_assert(kPlacesBehind <= 7);  // simdjson allocates 9 more than the capacity
  std::fill_n(stage_->structural_indexes.get() + stage_->n_structural_indexes, kPlacesBehind,
              static_cast<std::uint32_t>(window.size()));
  return true;
}

}  // namespace straykey
