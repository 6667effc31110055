#pragma once
// AlertFeed: the newest changes of alerts, numbered, so that whoever watches them can say what was seen last.
//
// Shape:  a name for each change, "<run>-<number>". The run is another one after each start, because numbers begin
//         anew then.
// Thread: one (the operators' thread).
// Bounds: kChangesKept changes. Whoever is further behind, or names another run, is told to look at everything anew.
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/hash.h"

namespace straykey {

class AlertFeed {
 public:
  static constexpr std::size_t kChangesKept = 2'000;

  // `run`: another number at each start, such as its time.
  explicit AlertFeed(std::uint64_t run) : run_(std::to_string(run)) {}

  void add(Hash128 alert);
  // So much changed that it cannot be named.
  void add_everything();

  struct News {
    std::vector<Hash128> alerts;  // each once, the oldest change first
    bool everything = false;
    std::string last;  // the name of the newest change
  };
  // What came after the change of that name. An empty name: nothing; it only tells the newest.
  [[nodiscard]] News since(std::string_view name) const;
  // Whether since() has something to tell.
  [[nodiscard]] bool has_news(std::string_view name) const;

 private:
  [[nodiscard]] std::optional<std::uint64_t> number_of(std::string_view name) const;

  const std::string run_;
  std::uint64_t last_ = 0;
  std::deque<Hash128> changes_;  // those with the numbers up to last_
};

}  // namespace straykey
