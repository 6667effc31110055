#pragma once
// INVARIANT: our own mistakes stop the process, in release builds too, and say with which values.
//
// Shape:  INVARIANT(condition) or INVARIANT(condition, values...): numbers, booleans, enumerators and texts. The values
//         are evaluated only when the condition is false.
// Errors: use it for what only a bug can break: an invariant, or a REQUIRES line. What the disk, the network or a
//         sender can do wrong is a Result or a RejectReason.
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <type_traits>

namespace straykey {

// One value that a failed INVARIANT prints.
class InvariantValue {
 public:
  InvariantValue(std::string_view text) noexcept : kind_(Kind::text), text_(text) {}
  InvariantValue(const char* text) noexcept : InvariantValue(std::string_view(text)) {}
  InvariantValue(bool yes) noexcept : InvariantValue(yes ? "true" : "false") {}
  InvariantValue(std::floating_point auto number) noexcept : kind_(Kind::real), real_(static_cast<double>(number)) {}
  template <std::signed_integral T>
  InvariantValue(T number) noexcept : kind_(Kind::signed_number), bits_(static_cast<std::uint64_t>(number)) {}
  template <std::unsigned_integral T>
  requires(!std::same_as<T, bool>) InvariantValue(T number)
  noexcept : kind_(Kind::unsigned_number), bits_(number) {}
  template <class T>
  requires std::is_enum_v<T> InvariantValue(T value)
  noexcept : InvariantValue(static_cast<std::int64_t>(value)) {}

  // On stderr, without allocating.
  void print() const noexcept;

 private:
  enum class Kind : std::uint8_t { signed_number, unsigned_number, real, text };

  Kind kind_;
  std::uint64_t bits_ = 0;
  double real_ = 0;
  std::string_view text_;
};

// `names`: the values as they stand in the source.
[[noreturn]] void invariant_failed(const char* condition, const char* names, const char* file, int line,
                                   const char* function, std::initializer_list<InvariantValue> values);

}  // namespace straykey

#define INVARIANT(condition, ...)                                                                                    \
  do {                                                                                                               \
    if (!(condition)) [[unlikely]]                                                                                   \
      ::straykey::invariant_failed(#condition, #__VA_ARGS__, __FILE__, __LINE__, static_cast<const char*>(__func__), \
                                   {__VA_ARGS__});                                                                   \
  } while (false)
