#include "core/engine/learned_facts.h"

#include <algorithm>
#include <cstring>

namespace straykey {
namespace {

// Names mostly differ at their end, so the last bytes are hashed.
std::uint64_t last_word(std::string_view text) noexcept {
  std::uint64_t word = text.size();
  const std::size_t size = std::min<std::size_t>(text.size(), sizeof word);
  if (size > 0) std::memcpy(&word, text.data() + text.size() - size, size);
  return word;
}

}  // namespace

// The hash is not keyed: names that are made to collide cost look-ups in the store, and no wrong answers.
std::size_t LearnedFacts::place_of(const FactRef& ref) noexcept {
  constexpr std::uint64_t kOdd = 0x9e3779b97f4a7c15;
  std::uint64_t mixed = (last_word(ref.scope) ^ ref.scope.size() << 56) * kOdd;
  mixed = (mixed ^ mixed >> 32 ^ last_word(ref.value) ^ ref.value.size() << 56) * kOdd;
  mixed = (mixed ^ mixed >> 32 ^ static_cast<std::uint64_t>(ref.kind)) * kOdd;
  return (mixed >> 32) % kPlaces;
}

bool LearnedFacts::holds(const FactRef& ref, Day day) const noexcept {
  const Place& place = places_[place_of(ref)];
  const std::string_view texts = place.texts;
  return place.kind == ref.kind && place.day == day && place.scope_bytes == ref.scope.size() &&
         texts.size() == ref.scope.size() + ref.value.size() && texts.starts_with(ref.scope) &&
         texts.ends_with(ref.value);
}

void LearnedFacts::add(const FactRef& ref, Day day) {
  if (ref.scope.size() + ref.value.size() > kTextsBytesMax) return;
  Place& place = places_[place_of(ref)];
  place.kind = ref.kind;
  place.day = day;
  place.scope_bytes = ref.scope.size();
  place.texts.assign(ref.scope).append(ref.value);
}

void LearnedFacts::forget() {
  for (Place& place : places_) place.kind = {};
}

}  // namespace straykey
