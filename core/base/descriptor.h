#pragma once
// Descriptor: an open file, closed when this object is destroyed.
//
// Thread: the same as its owner's.
#include <unistd.h>

#include <utility>

namespace straykey {

class Descriptor {
 public:
  Descriptor() = default;
  // Owns what open() returned; -1 means "not open".
  explicit Descriptor(int number) noexcept : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }

  [[nodiscard]] bool is_open() const noexcept { return number_ >= 0; }
  [[nodiscard]] int number() const noexcept { return number_; }

 private:
  int number_ = -1;
};

}  // namespace straykey
