#include "core/event/text_arena.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace straykey {
namespace {

constexpr std::size_t kArenaBlockBytesMax = 256 * 1024;

}  // namespace

char* TextArena::reserve(std::size_t size) {
  if (size == 0) return nullptr;
  if (size > free_bytes_) {
    const std::size_t block_bytes = std::max(size, next_block_bytes_);
    blocks_.push_back(std::make_unique<char[]>(block_bytes + kJsonPadding));
    free_ = blocks_.back().get();
    free_bytes_ = block_bytes;
    bytes_ += block_bytes + kJsonPadding;
    next_block_bytes_ = std::min(next_block_bytes_ * 2, kArenaBlockBytesMax);
  }
  char* const room = free_;
  free_ += size;
  free_bytes_ -= size;
  return room;
}

std::string_view TextArena::keep(std::string_view text) {
  if (text.empty()) return {};
  char* const to = reserve(text.size());
  std::memcpy(to, text.data(), text.size());
  return {to, text.size()};
}

std::string_view TextArena::adopt(std::string text) {
  const std::size_t size = text.size();
  text.resize(size + kJsonPadding);
  if (text.capacity() / 2 > text.size()) text.shrink_to_fit();
  bytes_ += text.capacity();
  const std::string& owned = adopted_.emplace_front(std::move(text));
  return {owned.data(), size};
}

std::string TextArena::take_adopted() {
  if (adopted_.empty()) return {};
  std::string out = std::move(adopted_.front());
  adopted_.pop_front();
  bytes_ -= out.capacity();
  return out;
}

}  // namespace straykey
