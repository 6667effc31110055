#pragma once
// The requests of a power cut run, and what each must have left behind once it is acknowledged: made from a seed and a
// number, by the workload and again by the check.
//
// Shape:  request n brings the function fn-n: one call from outside (one alert), every third also aws-cli inside AWS (a
//         second alert), and calls of the functions before it. Every fourth key is proven by an event in the next
//         request only.
// Thread: any (functions of their arguments).
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "core/baseline/fact.h"
#include "core/engine/request.h"

namespace straykey {

struct PowerCutStory {
  static constexpr int kDays = 6;
  std::uint64_t seed = 1;
  int requests = 120;

  // The day of March 2024 of request n. Days go up with the number.
  [[nodiscard]] int day(int number) const noexcept { return 21 + number * kDays / requests; }
  [[nodiscard]] std::unique_ptr<Request> request(int number) const;

  struct Taught {
    FactKind kind;
    std::string scope, value;
    Day day;
  };
  // What is certain once all of `needs` are acknowledged.
  struct Lesson {
    std::vector<int> needs;
    std::vector<Taught> facts;
    std::vector<std::pair<std::string, std::string>> alerts;  // analytic, identity
  };
  [[nodiscard]] std::vector<Lesson> lessons(int number) const;

 private:
  [[nodiscard]] bool proven_later(int number) const noexcept;
};

}  // namespace straykey
