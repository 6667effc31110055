#pragma once
// ByteWriter, ByteReader: the plain encoding of every stored value.
//
// Shape:  little-endian fixed integers, LEB128 varints, and strings as varint length + bytes.
// Errors: after a read past the end, or a string length that is too large, failed() is true for good and every read
//         gives zero or an empty string. So a decoder asks once, at its end. The reader never reads outside its bytes.
// Bounds: a string is at most as long as what is left.
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>

namespace straykey {

class ByteWriter {
 public:
  ByteWriter() = default;
  // Reserves room for so many bytes. More may be written.
  explicit ByteWriter(std::size_t bytes) { bytes_.reserve(bytes); }

  template <class T>
  requires std::is_integral_v<T> || std::is_enum_v<T> ByteWriter& fixed(T value) {
    char raw[sizeof(T)];
    std::memcpy(raw, &value, sizeof(T));
    bytes_.append(raw, sizeof(T));
    return *this;
  }
  ByteWriter& varint(std::uint64_t value) {
    while (value >= 0x80) {
      bytes_ += static_cast<char>(value | 0x80);
      value >>= 7;
    }
    bytes_ += static_cast<char>(value);
    return *this;
  }
  ByteWriter& string(std::string_view text) {
    varint(text.size());
    bytes_.append(text);
    return *this;
  }
  [[nodiscard]] std::string bytes() { return std::move(bytes_); }
  [[nodiscard]] std::string_view view() const noexcept { return bytes_; }

 private:
  std::string bytes_;
};

class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}

  template <class T>
  requires std::is_integral_v<T> || std::is_enum_v<T>
  [[nodiscard]] T fixed() {
    if constexpr (std::is_same_v<T, bool>) {
      return fixed<std::uint8_t>() != 0;
    } else {
      T value{};
      if (rest_.size() < sizeof(T)) return fail<T>();
      std::memcpy(&value, rest_.data(), sizeof(T));
      rest_.remove_prefix(sizeof(T));
      return value;
    }
  }
  [[nodiscard]] std::uint64_t varint() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (rest_.empty()) return fail<std::uint64_t>();
      const auto byte = static_cast<unsigned char>(rest_.front());
      rest_.remove_prefix(1);
      value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    return fail<std::uint64_t>();
  }
  // A view into the bytes given to the constructor.
  [[nodiscard]] std::string_view string() {
    const std::uint64_t size = varint();
    if (size > rest_.size()) return fail<std::string_view>();
    const std::string_view text = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return text;
  }
  [[nodiscard]] bool failed() const noexcept { return failed_; }
  [[nodiscard]] bool at_end() const noexcept { return rest_.empty() && !failed_; }

 private:
  template <class T>
  T fail() noexcept {
    failed_ = true;
    rest_ = {};
    return T{};
  }

  std::string_view rest_;
  bool failed_ = false;
};

}  // namespace straykey
