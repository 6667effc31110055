#pragma once
// Result<T>: a value, or an Error that says in one sentence what the world (disk, network, file) did.
#include <string>
#include <utility>
#include <variant>

#include "core/base/invariant.h"

namespace straykey {

struct Error {
  std::string message;
};

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}      // NOLINT: meant to convert
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT: meant to convert

  [[nodiscard]] bool ok() const noexcept { return state_.index() == 0; }
  explicit operator bool() const noexcept { return ok(); }

  // REQUIRES: ok().
  [[nodiscard]] T& value() & {
    INVARIANT(ok());
    return std::get<0>(state_);
  }
  [[nodiscard]] const T& value() const& {
    INVARIANT(ok());
    return std::get<0>(state_);
  }
  [[nodiscard]] T&& value() && {
    INVARIANT(ok());
    return std::get<0>(std::move(state_));
  }
  T* operator->() { return &value(); }
  T& operator*() & { return value(); }

  // REQUIRES: !ok().
  [[nodiscard]] const Error& error() const {
    INVARIANT(!ok());
    return std::get<1>(state_);
  }

 private:
  std::variant<T, Error> state_;
};

// A Result without a value.
class [[nodiscard]] Status {
 public:
  Status() = default;
  Status(Error error) : failed_(true), error_(std::move(error)) {}  // NOLINT: meant to convert

  [[nodiscard]] bool ok() const noexcept { return !failed_; }
  explicit operator bool() const noexcept { return ok(); }
  // REQUIRES: !ok().
  [[nodiscard]] const Error& error() const {
    INVARIANT(failed_);
    return error_;
  }

 private:
  bool failed_ = false;
  Error error_;
};

}  // namespace straykey
