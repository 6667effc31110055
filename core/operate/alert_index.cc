#include "core/operate/alert_index.h"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <tuple>

#include "core/base/utf8.h"
#include "core/detect/alert.h"
#include "core/detect/alert_state.h"
#include "core/engine/sequence.h"

namespace straykey {
namespace {

constexpr std::size_t kTimeBytes = 8, kIdBytes = 16;

// Never 0, which stands for no text.
std::uint32_t short_hash(std::string_view text) {
  return static_cast<std::uint32_t>(hash64(kFixedHashKey, text)) | 1u;
}

void keep_hashes(const std::vector<std::string>& texts, std::array<std::uint32_t, 16>& out) {
  const std::size_t count = std::min(texts.size(), out.size());
  for (std::size_t i = 0; i < count; ++i) out[i] = short_hash(texts[i]);
}

bool holds(const std::array<std::uint32_t, 16>& hashes, std::uint32_t hash) {
  return std::find(hashes.begin(), hashes.end(), hash) != hashes.end();
}

std::string upper_case(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return out;
}

char lower_case(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// The places of one character, one after the other. memchr looks at 16 bytes at a time and more.
class Places {
 public:
  Places(char c, const char* from, const char* end) : c_(c), end_(end) { go_on(from); }
  // Or end.
  [[nodiscard]] const char* at() const noexcept { return at_; }
  void go_on(const char* from) {
    const void* found = std::memchr(from, c_, static_cast<std::size_t>(end_ - from));
    at_ = found == nullptr ? end_ : static_cast<const char*>(found);
  }

 private:
  char c_;
  const char* end_;
  const char* at_ = nullptr;
};

// Whether `text` has `part`, which is in lower case, in any case. Nothing is copied: a dictionary has many texts.
bool contains(std::string_view text, std::string_view part) {
  if (part.empty() || part.size() > text.size()) return part.empty();
  const char* const end = text.data() + text.size() - part.size() + 1;  // of where it may begin
  const char low = part.front(), high = low >= 'a' && low <= 'z' ? static_cast<char>(low - 'a' + 'A') : low;
  const auto is_here = [&](const char* at) {
    return std::equal(part.begin(), part.end(), at, [](char a, char b) { return a == lower_case(b); });
  };
  Places lows(low, text.data(), end), highs(high, low == high ? end : text.data(), end);
  while (lows.at() != end || highs.at() != end) {
    Places& next = lows.at() <= highs.at() ? lows : highs;
    if (is_here(next.at())) return true;
    next.go_on(next.at() + 1);
  }
  return false;
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

std::uint32_t AlertIndex::keep_text(std::string_view text) {
  text = cut_utf8(text, kTextBytesMax);
  if (const auto found = numbers_.find(text); found != numbers_.end()) {
    ++texts_[found->second].uses;
    return found->second;
  }
  std::uint32_t number = 0;
  if (free_texts_.empty()) {
    number = static_cast<std::uint32_t>(texts_.size());
    texts_.emplace_back();
  } else {
    number = free_texts_.back();
    free_texts_.pop_back();
  }
  texts_[number] = {std::string(text), 1};
  text_bytes_ += text.size();
  numbers_.emplace(texts_[number].text, number);
  return number;
}

void AlertIndex::release(const Row& row) {
  for (const std::uint32_t number : row.texts) {
    Text& text = texts_[number];
    if (--text.uses > 0) continue;
    numbers_.erase(text.text);
    text_bytes_ -= text.text.size();
    text = {};
    free_texts_.push_back(number);
  }
}

void AlertIndex::put(const Alert& alert, const AlertState& state, bool contradicted) {
  const Candidate& call = alert.call;
  Row row;
  row.place = {call.time, alert.id};
  const auto at = std::lower_bound(rows_.begin(), rows_.end(), row.place,
                                   [](const Row& one, const AlertPlace& place) { return one.place < place; });
  const bool known = at != rows_.end() && at->place == row.place;
  if (!known && full() && at == rows_.begin()) return;  // older than all
  row.campaign = alert.campaign.id;
  std::string_view address = state.addresses.empty() ? std::string_view(call.address) : state.addresses.front();
  if (address.empty()) address = call.source_text;
  const std::array<std::string_view, kAlertTexts> texts{
      call.token.account, call.token.identity, alert.network, call.as_name, call.tool, call.region, address};
  for (std::size_t i = 0; i < kAlertTexts; ++i) row.texts[i] = keep_text(texts[i]);
  keep_hashes(state.addresses, row.addresses);
  keep_hashes(state.keys, row.keys);
  row.asn = call.asn;
  row.variation = alert.verdict.variation;
  row.severity = static_cast<std::uint8_t>(alert.severity);
  row.status = static_cast<std::uint8_t>(state.status);
  row.platform = static_cast<std::uint8_t>(call.platform);
  row.contradicted = contradicted ? 1 : 0;
  if (known) {
    release(*at);
    *at = row;
    return;
  }
  rows_.insert(at, row);
  if (rows_.size() <= alerts_max_) return;
  release(rows_.front());
  rows_.pop_front();
}

void AlertIndex::erase(const std::vector<Hash128>& ids) {
  if (ids.empty()) return;
  std::erase_if(rows_, [&](const Row& row) {
    if (!std::binary_search(ids.begin(), ids.end(), row.place.id)) return false;
    release(row);
    return true;
  });
}

AlertIndex::Wanted AlertIndex::wanted(const AlertFilter& filter) const {
  Wanted out{.filter = filter};
  out.texts.fill(kAnyText);
  constexpr auto kAddress = static_cast<std::size_t>(AlertText::address);
  for (std::size_t i = 0; i < kAlertTexts; ++i) {
    if (filter.texts[i].empty() || i == kAddress) continue;
    const auto found = numbers_.find(filter.texts[i]);
    if (found == numbers_.end()) {
      out.nothing = true;
    } else {
      out.texts[i] = found->second;
    }
  }
  if (!filter.texts[kAddress].empty()) out.address = short_hash(filter.texts[kAddress]);
  if (!filter.key.empty()) out.key = short_hash(filter.key);
  if (filter.text.empty()) return out;
  out.text_hash = short_hash(upper_case(filter.text));
  out.holds_text.resize(texts_.size());
  for (std::size_t i = 0; i < texts_.size(); ++i) out.holds_text[i] = contains(texts_[i].text, filter.text);
  return out;
}

bool AlertIndex::matches(const Row& row, const Wanted& wanted) {
  const AlertFilter& filter = wanted.filter;
  const CatalogueEntry& entry = catalogue_entry(row.variation);
  if (!is_bit(filter.severities, row.severity) || !is_bit(filter.statuses, row.status)) return false;
  if (!is_bit(filter.analytics, static_cast<std::uint8_t>(entry.analytic)) || !is_bit(filter.platforms, row.platform))
    return false;
  if (filter.variation && *filter.variation != row.variation) return false;
  if (filter.asn != 0 && filter.asn != row.asn) return false;
  if (filter.campaign && *filter.campaign != row.campaign) return false;
  if (row.place.at < filter.from || row.place.at > filter.to) return false;
  for (std::size_t i = 0; i < kAlertTexts; ++i)
    if (wanted.texts[i] != kAnyText && wanted.texts[i] != row.texts[i]) return false;
  if (wanted.address != 0 && !holds(row.addresses, wanted.address)) return false;
  if (wanted.key != 0 && !holds(row.keys, wanted.key)) return false;
  if (filter.text.empty()) return true;
  return std::any_of(row.texts.begin(), row.texts.end(), [&](std::uint32_t i) { return wanted.holds_text[i]; }) ||
         holds(row.keys, wanted.text_hash);
}

std::vector<AlertPlace> AlertIndex::search(const AlertFilter& filter, AlertPlace before, std::size_t limit) const {
  const Wanted wants = wanted(filter);
  std::vector<AlertPlace> found;
  if (wants.nothing) return found;
  auto at = std::lower_bound(rows_.begin(), rows_.end(), before,
                             [](const Row& one, const AlertPlace& place) { return one.place < place; });
  while (at != rows_.begin() && found.size() < limit) {
    --at;
    if (matches(*at, wants)) found.push_back(at->place);
  }
  return found;
}

// One pass: a row is read once, whatever is counted of it.
AlertCounts AlertIndex::count(const AlertFilter& filter) const {
  const Wanted wants = wanted(filter);
  Tally tally;
  for (auto& counts : tally.texts) counts.resize(texts_.size());
  if (!wants.nothing)
    for (const Row& row : rows_)
      if (matches(row, wants)) tally.add(row);
  AlertCounts counts;
  counts.alerts = static_cast<std::uint32_t>(tally.times.size());
  counts.facets = facets(tally);
  draw_timeline(tally, counts);
  return counts;
}

void AlertIndex::Tally::add(const Row& row) {
  ++severities[row.severity];
  ++statuses[row.status];
  ++analytics[static_cast<std::size_t>(catalogue_entry(row.variation).analytic)];
  ++variations[static_cast<std::size_t>(row.variation)];
  ++platforms[row.platform];
  for (std::size_t i = 0; i < kAlertTexts; ++i) ++texts[i][row.texts[i]];
  times.emplace_back(row.place.at, row.severity);
}

std::vector<AlertFacet> AlertIndex::facets(const Tally& tally) const {
  std::vector<AlertFacet> out;
  out.push_back(facet_of("severity", tally.severities,
                         [](std::uint32_t i) { return std::string(name_of(static_cast<Severity>(i))); }));
  out.push_back(facet_of("status", tally.statuses,
                         [](std::uint32_t i) { return std::string(name_of(static_cast<AlertState::Status>(i))); }));
  out.push_back(facet_of("analytic", tally.analytics,
                         [](std::uint32_t i) { return std::string(name_of(static_cast<Analytic>(i))); }));
  out.push_back(facet_of("variation", tally.variations,
                         [](std::uint32_t i) { return std::string(catalogue_entry(static_cast<Variation>(i)).id); }));
  out.push_back(facet_of("platform", tally.platforms, [](std::uint32_t i) {
    return i == 0 ? std::string("unknown") : std::string(name_of(static_cast<Platform>(i)));
  }));
  for (std::size_t field = 0; field < kAlertTexts; ++field)
    out.push_back(facet_of(name_of(static_cast<AlertText>(field)), tally.texts[field],
                           [&](std::uint32_t i) { return texts_[i].text; }));
  return out;
}

// Buckets of a whole number of hours, as many as fit.
void AlertIndex::draw_timeline(const Tally& tally, AlertCounts& counts) {
  if (tally.times.empty()) return;
  constexpr Seconds kHour = 3600;
  const Seconds first = tally.times.front().first, last = tally.times.back().first;
  const Seconds hours = (last - first) / kHour / static_cast<Seconds>(kBucketsMax - 2) + 1;
  counts.bucket_s = hours * kHour;
  counts.first = first / counts.bucket_s * counts.bucket_s;
  counts.timeline.resize(static_cast<std::size_t>((last - counts.first) / counts.bucket_s) + 1);
  for (const auto& [at, severity] : tally.times)
    ++counts.timeline[static_cast<std::size_t>((at - counts.first) / counts.bucket_s)][severity];
}

std::size_t AlertIndex::bytes() const noexcept {
  constexpr std::size_t kTextOverhead = sizeof(Text) + 48;  // a node of numbers_, and its place in the table
  return rows_.size() * sizeof(Row) + text_bytes_ + texts_.size() * kTextOverhead;
}

}  // namespace straykey
