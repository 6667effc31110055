#pragma once
// TextArena: owns text that is not a slice of the request's body: strings of records, inflated and decoded payloads.
// Addresses stay valid.
//
// Shape:  copies are packed into blocks of 2 KiB (so that a request of one record stays small) doubling to 256 KiB;
//         adopted buffers stand alone. Every view that it gives has kJsonPadding readable bytes behind it. A block or
//         buffer may belong to several arenas; it lives as long as any of them.
// Thread: one at a time for each arena. What arenas share is only read.
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace straykey {

// Readable bytes that must follow whatever is handed to a JSON parser (simdjson's padding, rounded up).
inline constexpr std::size_t kJsonPadding = 64;

class TextArena {
 public:
  // A copy of `text` that lives as long as the arena.
  std::string_view keep(std::string_view text);
  // Takes the buffer itself.
  std::string_view adopt(std::string text);
  // The buffer that was adopted last, or an empty one. What points into it is not to be read any more.
  [[nodiscard]] std::string take_adopted();
  // Room for `size` bytes that the caller fills; null if size is 0.
  char* reserve(std::size_t size);
  // The block or buffer of `other` that `text` is in belongs to this arena too. No effect if there is none.
  void share(const TextArena& other, std::string_view text);
  // Bytes held, for the request's budget; not what is shared with an earlier arena, which counts it.
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

 private:
  // A block, or what is shared with another arena.
  struct Piece {
    std::shared_ptr<const void> owner;
    std::string_view bytes;
  };
  [[nodiscard]] Piece piece_of(std::string_view text) const;

  std::vector<Piece> pieces_;
  char* free_ = nullptr;        // of the newest block
  std::size_t free_bytes_ = 0;  // without the padding behind it
  std::size_t next_block_bytes_ = 2048;
  std::vector<std::shared_ptr<std::string>> adopted_;
  std::size_t bytes_ = 0;
};

}  // namespace straykey
