#include "core/operate/alert_index.h"

#include <algorithm>
#include <numeric>
#include <tuple>

#include "core/base/utf8.h"
#include "core/detect/alert.h"
#include "core/detect/alert_state.h"
#include "core/engine/sequence.h"
#include "core/operate/text_dictionary.h"

namespace straykey {
namespace {

constexpr std::size_t kTimeBytes = 8, kIdBytes = 16;

// Never 0, which stands for no text.
std::uint32_t short_hash(std::string_view text) {
  return static_cast<std::uint32_t>(hash64(kFixedHashKey, text)) | 1u;
}

std::array<std::uint32_t, 16> hashes_of(const std::vector<std::string>& texts) {
  std::array<std::uint32_t, 16> out{};
  const std::size_t count = std::min(texts.size(), out.size());
  for (std::size_t i = 0; i < count; ++i) out[i] = short_hash(texts[i]);
  return out;
}

// Looks at all of them: the compiler compares several at a time, which it cannot if the first that is equal ends it.
bool holds(const std::array<std::uint32_t, 16>& hashes, std::uint32_t hash) {
  std::uint32_t equal = 0;
  for (const std::uint32_t one : hashes) equal |= one == hash ? 1u : 0u;
  return equal != 0;
}

std::string upper_case(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return out;
}

bool is_bit(std::uint8_t bits, std::uint8_t number) {
  return (bits >> number & 1) != 0;
}

// The most frequent values first; those as frequent in the order of their numbers.
template <class Name>
AlertFacet facet_of(std::string_view field, const std::vector<std::uint32_t>& counts, const Name& name) {
  std::vector<std::uint32_t> numbers;
  for (std::uint32_t i = 0; i < counts.size(); ++i)
    if (counts[i] > 0) numbers.push_back(i);
  AlertFacet facet{field, {}, static_cast<std::uint32_t>(numbers.size())};
  const std::size_t shown = std::min(numbers.size(), AlertIndex::kFacetValuesMax);
  std::partial_sort(
      numbers.begin(), numbers.begin() + static_cast<std::ptrdiff_t>(shown), numbers.end(),
      [&](std::uint32_t a, std::uint32_t b) { return std::make_tuple(counts[b], a) < std::make_tuple(counts[a], b); });
  for (std::size_t i = 0; i < shown; ++i) facet.values.emplace_back(name(numbers[i]), counts[numbers[i]]);
  return facet;
}

}  // namespace

std::string AlertPlace::key() const {
  return encode_sequence(static_cast<std::uint64_t>(at)) + id.key();
}

AlertPlace AlertPlace::of_key(std::string_view key) noexcept {
  if (key.size() != kTimeBytes + kIdBytes) return end();
  const auto at = static_cast<Seconds>(decode_sequence(key.substr(0, kTimeBytes)));
  if (at < 0) return end();
  return {at, Hash128::from_bytes(key.data() + kTimeBytes)};
}

bool operator<(const AlertPlace& a, const AlertPlace& b) noexcept {
  if (a.at != b.at) return a.at < b.at;
  const HashBytes left = a.id.bytes(), right = b.id.bytes();
  return std::string_view(left) < std::string_view(right);
}

AlertIndex::AlertIndex(std::size_t alerts_max) : alerts_max_(alerts_max), texts_(std::make_unique<TextDictionary>()) {}

AlertIndex::~AlertIndex() = default;

std::deque<AlertIndex::Place>::const_iterator AlertIndex::first_from(const AlertPlace& place) const {
  return std::lower_bound(places_.begin(), places_.end(), place,
                          [](const Place& one, const AlertPlace& other) { return one.place < other; });
}

std::uint32_t AlertIndex::new_row() {
  if (!free_rows_.empty()) {
    const std::uint32_t number = free_rows_.back();
    free_rows_.pop_back();
    return number;
  }
  rows_.emplace_back();
  campaigns_.emplace_back();
  addresses_.emplace_back();
  keys_.emplace_back();
  return static_cast<std::uint32_t>(rows_.size() - 1);
}

void AlertIndex::release_texts(const Row& row) {
  for (const std::uint32_t number : row.texts) texts_->release(number);
}

void AlertIndex::free_row(std::uint32_t number) {
  release_texts(rows_[number]);
  free_rows_.push_back(number);
}

void AlertIndex::write_row(std::uint32_t number, const Alert& alert, const AlertState& state) {
  const Candidate& call = alert.call;
  Row row;
  std::string_view address = state.addresses.empty() ? std::string_view(call.address) : state.addresses.front();
  if (address.empty()) address = call.source_text;
  const std::array<std::string_view, kAlertTexts> texts{
      call.token.account, call.token.identity, alert.network, call.as_name, call.tool, call.region, address};
  for (std::size_t i = 0; i < kAlertTexts; ++i) row.texts[i] = texts_->keep(cut_utf8(texts[i], kTextBytesMax));
  row.asn = call.asn;
  row.variation = alert.verdict.variation;
  row.severity = static_cast<std::uint8_t>(alert.severity);
  row.status = static_cast<std::uint8_t>(state.status);
  row.platform = static_cast<std::uint8_t>(call.platform);
  rows_[number] = row;
  campaigns_[number] = alert.campaign.id;
  addresses_[number] = hashes_of(state.addresses);
  keys_[number] = hashes_of(state.keys);
}

void AlertIndex::put(const Alert& alert, const AlertState& state) {
  const AlertPlace place{alert.call.time, alert.id};
  const auto at = first_from(place);
  if (at != places_.end() && at->place == place) {
    const Row before = rows_[at->row];
    write_row(at->row, alert, state);
    return release_texts(before);
  }
  if (full()) {
    if (at == places_.begin()) return;  // older than all
    free_row(places_.front().row);
  }
  const std::uint32_t number = new_row();
  write_row(number, alert, state);
  places_.insert(at, {place, number});
  if (places_.size() > alerts_max_) places_.pop_front();
}

void AlertIndex::erase(const std::vector<Hash128>& ids) {
  if (ids.empty()) return;
  std::erase_if(places_, [&](const Place& one) {
    if (!std::binary_search(ids.begin(), ids.end(), one.place.id)) return false;
    free_row(one.row);
    return true;
  });
}

AlertIndex::Wanted AlertIndex::wanted(const AlertFilter& filter) const {
  Wanted out{.filter = filter};
  for (std::size_t i = 0; i < kVariationCount; ++i) {
    const auto variation = static_cast<Variation>(i);
    out.variations[i] = is_bit(filter.analytics, static_cast<std::uint8_t>(catalogue_entry(variation).analytic)) &&
                        (!filter.variation || *filter.variation == variation);
  }
  out.texts.fill(kAnyText);
  constexpr auto kAddress = static_cast<std::size_t>(AlertText::address);
  for (std::size_t i = 0; i < kAlertTexts; ++i) {
    if (filter.texts[i].empty() || i == kAddress) continue;
    if (const auto number = texts_->find(filter.texts[i])) {
      out.texts[i] = *number;
    } else {
      out.nothing = true;
    }
  }
  if (!filter.texts[kAddress].empty()) out.address = short_hash(filter.texts[kAddress]);
  if (!filter.key.empty()) out.key = short_hash(filter.key);
  if (filter.text.empty()) return out;
  out.text_hash = short_hash(upper_case(filter.text));
  out.holds_text = texts_->holding(filter.text);
  return out;
}

bool AlertIndex::matches(const Place& one, const Wanted& wanted) const {
  const AlertFilter& filter = wanted.filter;
  const std::uint32_t number = one.row;
  const Row& row = rows_[number];
  if (!is_bit(filter.severities, row.severity) || !is_bit(filter.statuses, row.status)) return false;
  if (!wanted.variations[static_cast<std::size_t>(row.variation)] || !is_bit(filter.platforms, row.platform))
    return false;
  if (filter.asn != 0 && filter.asn != row.asn) return false;
  if (one.place.at < filter.from || one.place.at > filter.to) return false;
  for (std::size_t i = 0; i < kAlertTexts; ++i)
    if (wanted.texts[i] != kAnyText && wanted.texts[i] != row.texts[i]) return false;
  if (filter.campaign && *filter.campaign != campaigns_[number]) return false;
  if (wanted.address != 0 && !holds(addresses_[number], wanted.address)) return false;
  if (wanted.key != 0 && !holds(keys_[number], wanted.key)) return false;
  return filter.text.empty() || has_text(number, wanted);
}

bool AlertIndex::has_text(std::uint32_t number, const Wanted& wanted) const {
  const auto& texts = rows_[number].texts;
  return std::any_of(texts.begin(), texts.end(), [&](std::uint32_t i) { return wanted.holds_text[i]; }) ||
         holds(keys_[number], wanted.text_hash);
}

std::vector<AlertPlace> AlertIndex::search(const AlertFilter& filter, AlertPlace before, std::size_t limit) const {
  const Wanted wants = wanted(filter);
  std::vector<AlertPlace> found;
  if (wants.nothing) return found;
  auto at = first_from(before);
  while (at != places_.begin() && found.size() < limit) {
    --at;
    if (matches(*at, wants)) found.push_back(at->place);
  }
  return found;
}

AlertCounts AlertIndex::count(const AlertFilter& filter) const {
  const Wanted wants = wanted(filter);
  std::vector<const Place*> found;  // in the order of time
  found.reserve(places_.size());
  if (!wants.nothing)
    for (const Place& one : places_)
      if (matches(one, wants)) found.push_back(&one);
  Tally tally;
  for (auto& counts : tally.texts) counts.resize(texts_->numbers());
  for (const Place* const one : found) tally.add(rows_[one->row]);
  AlertCounts counts;
  counts.alerts = static_cast<std::uint32_t>(found.size());
  counts.facets = facets(tally);
  draw_timeline(found, counts);
  return counts;
}

void AlertIndex::Tally::add(const Row& row) {
  ++severities[row.severity];
  ++statuses[row.status];
  ++variations[static_cast<std::size_t>(row.variation)];
  ++platforms[row.platform];
  for (std::size_t i = 0; i < kAlertTexts; ++i) ++texts[i][row.texts[i]];
}

std::vector<AlertFacet> AlertIndex::facets(const Tally& tally) const {
  std::vector<AlertFacet> out;
  out.push_back(facet_of("severity", tally.severities,
                         [](std::uint32_t i) { return std::string(name_of(static_cast<Severity>(i))); }));
  out.push_back(facet_of("status", tally.statuses,
                         [](std::uint32_t i) { return std::string(name_of(static_cast<AlertState::Status>(i))); }));
  std::vector<std::uint32_t> analytics(3);
  for (std::size_t i = 0; i < kVariationCount; ++i)
    analytics[static_cast<std::size_t>(catalogue_entry(static_cast<Variation>(i)).analytic)] += tally.variations[i];
  out.push_back(
      facet_of("analytic", analytics, [](std::uint32_t i) { return std::string(name_of(static_cast<Analytic>(i))); }));
  out.push_back(facet_of("variation", tally.variations,
                         [](std::uint32_t i) { return std::string(catalogue_entry(static_cast<Variation>(i)).id); }));
  out.push_back(facet_of("platform", tally.platforms, [](std::uint32_t i) {
    return i == 0 ? std::string("unknown") : std::string(name_of(static_cast<Platform>(i)));
  }));
  for (std::size_t field = 0; field < kAlertTexts; ++field)
    out.push_back(facet_of(name_of(static_cast<AlertText>(field)), tally.texts[field],
                           [&](std::uint32_t i) { return std::string(texts_->text(i)); }));
  return out;
}

// Buckets of a whole number of hours, as many as fit.
void AlertIndex::draw_timeline(const std::vector<const Place*>& found, AlertCounts& counts) const {
  if (found.empty()) return;
  constexpr Seconds kHour = 3600;
  const Seconds first = found.front()->place.at, last = found.back()->place.at;
  const Seconds hours = (last - first) / kHour / static_cast<Seconds>(kBucketsMax - 2) + 1;
  counts.bucket_s = hours * kHour;
  counts.first = first / counts.bucket_s * counts.bucket_s;
  counts.timeline.resize(static_cast<std::size_t>((last - counts.first) / counts.bucket_s) + 1);
  for (const Place* const one : found) {
    const Seconds bucket = (one->place.at - counts.first) / counts.bucket_s;
    ++counts.timeline[static_cast<std::size_t>(bucket)][rows_[one->row].severity];
  }
}

std::size_t AlertIndex::bytes() const noexcept {
  constexpr std::size_t kAlertBytes = sizeof(Place) + sizeof(Row) + sizeof(Hash128) + 2 * sizeof(Hashes);
  return places_.size() * kAlertBytes + texts_->bytes();
}

}  // namespace straykey
