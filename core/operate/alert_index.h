#pragma once
// AlertIndex: what the newest alerts can be filtered by, in memory, so that a list, its counts and its timeline cost no
// look into the store for what is not shown.
//
// Shape:  the places of the alerts, in the order of their first calls and ids, and beside them three rows for each:
//         what most filters look at (36 bytes, so that counting a hundred thousand reads 7 MB), its addresses, its
//         access keys. A row stays where it is; a place names it by its number. Texts that alerts share are kept once,
//         in a TextDictionary. Addresses and access keys, of which an alert may have 16 each, are kept as 32-bit
//         hashes: an alert may be found by one that it has not, once in four billion, and never be missed.
// Thread: one (the operators' thread, or a command's).
// Bounds: alerts_max rows; beyond it the oldest leave. A text is cut at kTextBytesMax. bytes() tells what it holds: 212
//         bytes an alert, and the texts; tests/core/alert_index_test.cc holds it under 300 bytes an alert.
//         search() and count() look at every alert: 100,000 of them in 3 ms of CPU.
#include <array>
#include <cstdint>
#include <deque>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/hash.h"
#include "core/base/time.h"
#include "core/operate/alert_filter.h"

namespace straykey {

struct Alert;
struct AlertState;
class TextDictionary;

// Where an alert stands in the list of all: as a key of Table::alerts_by_time orders them.
struct AlertPlace {
  Seconds at = 0;  // its first call, as it was when the alert was raised
  Hash128 id;

  static constexpr Seconds kNewest = std::numeric_limits<Seconds>::max();
  // Behind every alert.
  [[nodiscard]] static AlertPlace end() noexcept { return {kNewest, {}}; }
  [[nodiscard]] std::string key() const;
  // Places before every alert and behind every alert are read, too.
  [[nodiscard]] static AlertPlace of_key(std::string_view key) noexcept;
  bool operator==(const AlertPlace&) const = default;
};
[[nodiscard]] bool operator<(const AlertPlace& a, const AlertPlace& b) noexcept;

// How many alerts have each value of a field.
struct AlertFacet {
  std::string_view field;
  std::vector<std::pair<std::string, std::uint32_t>> values;  // at most AlertIndex::kFacetValuesMax, most first
  std::uint32_t distinct = 0;
};

struct AlertCounts {
  std::uint32_t alerts = 0;
  std::vector<AlertFacet> facets;
  Seconds first = 0, bucket_s = 0;                     // of the timeline
  std::vector<std::array<std::uint32_t, 4>> timeline;  // by severity
};

class AlertIndex {
 public:
  static constexpr std::size_t kAlertsMax = 100'000;
  static constexpr std::size_t kTextBytesMax = 256;
  static constexpr std::size_t kFacetValuesMax = 12;
  static constexpr std::size_t kBucketsMax = 60;

  explicit AlertIndex(std::size_t alerts_max = kAlertsMax);
  ~AlertIndex();
  AlertIndex(const AlertIndex&) = delete;
  AlertIndex& operator=(const AlertIndex&) = delete;

  // Adds an alert, or takes in what changed of it.
  void put(const Alert& alert, const AlertState& state);
  // Takes out those of these alerts that it has. Cost: looks at every alert. REQUIRES: the ids are in ascending order.
  void erase(const std::vector<Hash128>& ids);

  // The places of at most `limit` alerts before this one that the filter wants, newest first.
  [[nodiscard]] std::vector<AlertPlace> search(const AlertFilter& filter, AlertPlace before, std::size_t limit) const;
  [[nodiscard]] AlertCounts count(const AlertFilter& filter) const;

  [[nodiscard]] std::size_t alerts() const noexcept { return places_.size(); }
  [[nodiscard]] bool full() const noexcept { return places_.size() >= alerts_max_; }
  // REQUIRES: there is an alert.
  [[nodiscard]] AlertPlace oldest() const { return places_.front().place; }
  // An estimate of the memory that it holds.
  [[nodiscard]] std::size_t bytes() const noexcept;

 private:
  static constexpr std::size_t kListMax = 16;
  using Hashes = std::array<std::uint32_t, kListMax>;
  struct Row {
    std::array<std::uint32_t, kAlertTexts> texts{};  // numbers of the dictionary
    std::uint32_t asn = 0;
    Variation variation = Variation::remote_base;
    std::uint8_t severity = 0, status = 0, platform = 0;
  };
  struct Place {
    AlertPlace place;
    std::uint32_t row = 0;
  };
  // A filter with its texts as numbers.
  struct Wanted {
    const AlertFilter& filter;
    bool nothing = false;
    std::array<bool, kVariationCount> variations{};
    std::array<std::uint32_t, kAlertTexts> texts{};  // kAnyText: any
    std::uint32_t address = 0, key = 0;              // hashes; 0: any
    std::uint32_t text_hash = 0;                     // of filter.text as an access key
    std::vector<bool> holds_text = {};               // by number of the dictionary: it holds filter.text
  };
  // What is counted of the rows that a filter wants.
  struct Tally {
    std::vector<std::uint32_t> severities = std::vector<std::uint32_t>(4), statuses = std::vector<std::uint32_t>(4),
                               variations = std::vector<std::uint32_t>(kVariationCount),
                               platforms = std::vector<std::uint32_t>(8);
    std::array<std::vector<std::uint32_t>, kAlertTexts> texts;  // by number of the dictionary

    void add(const Row& row);
  };
  static constexpr std::uint32_t kAnyText = std::numeric_limits<std::uint32_t>::max();

  [[nodiscard]] std::deque<Place>::const_iterator first_from(const AlertPlace& place) const;
  void write_row(std::uint32_t number, const Alert& alert, const AlertState& state);
  [[nodiscard]] std::uint32_t new_row();
  void release_texts(const Row& row);
  void free_row(std::uint32_t number);
  [[nodiscard]] Wanted wanted(const AlertFilter& filter) const;
  [[nodiscard]] bool matches(const Place& one, const Wanted& wanted) const;
  [[nodiscard]] bool has_text(std::uint32_t number, const Wanted& wanted) const;
  [[nodiscard]] std::vector<AlertFacet> facets(const Tally& tally) const;
  void draw_timeline(const std::vector<const Place*>& found, AlertCounts& counts) const;

  const std::size_t alerts_max_;
  std::deque<Place> places_;
  // By the number of a row.
  std::vector<Row> rows_;
  std::vector<Hash128> campaigns_;
  std::vector<Hashes> addresses_, keys_;
  std::vector<std::uint32_t> free_rows_;
  std::unique_ptr<TextDictionary> texts_;
};

}  // namespace straykey
