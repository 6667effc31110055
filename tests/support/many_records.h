#pragma once
// Bodies of more events than one Request takes.
#include <cstddef>
#include <string>

namespace straykey {

// A small record that is taken. Its eventID is its number.
inline std::string numbered_record(std::size_t number) {
  return R"({"eventVersion":"1","eventTime":"2026-01-01T00:00:00Z","eventName":"a","eventID":")" +
         std::to_string(number) + "\"}";
}

// Records 0 to count - 1, one a line. Instead of every `bad_each`th there is one that is rejected.
inline std::string numbered_records(std::size_t count, std::size_t bad_each = 0, const char* separator = "\n") {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) {
    if (i > 0) text += separator;
    text += bad_each > 0 && i % bad_each == bad_each - 1 ? R"({"n":1})" : numbered_record(i);
  }
  return text;
}

}  // namespace straykey
