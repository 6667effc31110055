#include "core/engine/learned_facts.h"

#include <algorithm>
#include <cstring>
#include <set>

#include "core/engine/batch_writer.h"

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

bool learn_early_day(BatchWriter& writer, HashKey key, std::string_view account, Day day) {
  std::set<Day> known;
  const std::string prefix = fact_scope_prefix(key, FactKind::account_early_day, account);
  writer.open().scan(Table::facts, prefix, prefix, [&](std::string_view, std::string_view stored) {
    if (const auto fact = decode_fact(stored)) known.insert(fact->fact.first_day);
    return true;
  });
  const bool full = known.size() >= kEarliestDays;
  if (known.contains(day) || (full && *known.rbegin() < day)) return false;
  const auto key_of = [&](const std::string& value) {
    return fact_key(key, {FactKind::account_early_day, account, value});
  };
  if (full) writer.erase(Table::facts, key_of(std::to_string(*known.rbegin())));
  Fact fact;
  (void)fact.seen(day);
  const std::string value = std::to_string(day);
  writer.put(Table::facts, key_of(value), encode_fact(fact, {FactKind::account_early_day, account, value}));
  return true;
}

}  // namespace straykey
