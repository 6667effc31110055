#pragma once
// Progress: one line on a terminal that is written over, for work that takes long. Silent where stderr is no terminal.
//
// Thread: one.
#include <chrono>
#include <cstdint>
#include <string>

namespace straykey {

class Progress {
 public:
  // `what`: "reading"; `total` in the unit of show(): 0 if unknown.
  Progress(std::string what, std::uint64_t total);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // Redraws at most 10 times a second. `detail`: "12,345 events".
  void show(std::uint64_t done, const std::string& detail);

 private:
  void clear();

  std::string what_;
  std::uint64_t total_;
  bool on_terminal_;
  bool drawn_ = false;
  std::chrono::steady_clock::time_point last_{};
};

// 1234567 -> "1,234,567".
[[nodiscard]] std::string with_commas(std::uint64_t number);

}  // namespace straykey
