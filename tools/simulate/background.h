#pragma once
// Background: what happens in the organisation on every ordinary day. None of it may raise an alert.
//
// Shape:  calls are made in slots of 15 minutes. Each workload, and each network of a person, has at least one call a
//         day, so that what is learned stays learned.
// Thread: one owner.
#include <cstdint>

#include "tools/simulate/trail_writer.h"

namespace straykey {

inline constexpr unsigned kSlotsPerDay = 96;
inline constexpr Seconds kSlotSeconds = kSecondsPerDay / kSlotsPerDay;

class Background {
 public:
  // Both outlive it.
  Background(const Organisation& organisation, TrailWriter& trail) : organisation_(organisation), trail_(trail) {}

  // REQUIRES: slot < kSlotsPerDay; `start` is the slot's first second.
  void write_slot(unsigned day_index, unsigned slot, Seconds start);

 private:
  void workload_slot(std::size_t index, unsigned slot, Seconds start);
  void person_slot(const Person& person, unsigned slot, Seconds start);
  void person_call(const Person& person, Seconds time, std::uint32_t asn, bool console);
  void integration_slot(const Integration& integration, unsigned slot, Seconds start);
  void account_slot(std::string_view account, unsigned slot, Seconds start);
  void cross_account_call(Seconds time);

  const Organisation& organisation_;
  TrailWriter& trail_;
};

// The identity of a person's call at `time`.
[[nodiscard]] std::string person_identity(const Person& person, Seconds time, bool console);

}  // namespace straykey
