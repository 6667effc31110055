#include "core/event/text_arena.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <utility>

namespace straykey {
namespace {

constexpr std::size_t kArenaBlockBytesMax = 256 * 1024;

bool holds(std::string_view bytes, const char* place) noexcept {
  const std::less<const char*> before;
  return !before(place, bytes.data()) && before(place, bytes.data() + bytes.size());
}

}  // namespace

char* TextArena::reserve(std::size_t size) {
  if (size == 0) return nullptr;
  if (size > free_bytes_) {
    const std::size_t block_bytes = std::max(size, next_block_bytes_);
    std::shared_ptr<char[]> block = std::make_shared<char[]>(block_bytes + kJsonPadding);
    free_ = block.get();
    pieces_.push_back({std::move(block), {free_, block_bytes}});
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
  const std::string& owned = *adopted_.emplace_back(std::make_shared<std::string>(std::move(text)));
  return {owned.data(), size};
}

std::string TextArena::take_adopted() {
  if (adopted_.empty()) return {};
  std::string out = std::move(*adopted_.back());
  adopted_.pop_back();
  bytes_ -= out.capacity();
  return out;
}

// The newest are looked at first, because what is being read stands there.
TextArena::Piece TextArena::piece_of(std::string_view text) const {
  for (auto piece = pieces_.rbegin(); piece != pieces_.rend(); ++piece)
    if (holds(piece->bytes, text.data())) return *piece;
  for (auto buffer = adopted_.rbegin(); buffer != adopted_.rend(); ++buffer)
    if (holds(**buffer, text.data())) return {*buffer, **buffer};
  return {};
}

void TextArena::share(const TextArena& other, std::string_view text) {
  Piece piece = other.piece_of(text);
  if (piece.owner != nullptr) pieces_.push_back(std::move(piece));
}

}  // namespace straykey
