#include "core/operate/alert_search.h"

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "core/detect/alert_state.h"
#include "core/detect/json_document.h"
#include "core/detect/message.h"

namespace straykey {
namespace {

namespace json = boost::json;

struct LoadedAlert {
  Alert alert;
  AlertState state;
  bool contradicted = false;
};

std::optional<LoadedAlert> load_alert(StoreReader& reader, Hash128 id) {
  const auto stored = reader.get(Table::alerts, id.key());
  auto message = stored ? decode_message(*stored) : std::nullopt;
  Alert* const alert = message ? std::get_if<Alert>(&*message) : nullptr;
  const auto row = reader.get(Table::alert_state, id.key());
  auto state = row ? decode_alert_state(*row) : std::nullopt;
  if (alert == nullptr || !state) return std::nullopt;
  const bool contradicted = reader.get(Table::alerts, Contradiction::contradiction_id(id).key()).has_value();
  return LoadedAlert{std::move(*alert), std::move(*state), contradicted};
}

std::string summary_of(const LoadedAlert& loaded) {
  const Alert& alert = loaded.alert;
  const AlertState& state = loaded.state;
  const Candidate& call = alert.call;
  const CatalogueEntry& entry = alert.verdict.entry();
  json::object out{{"id", alert.id.hex()},
                   {"severity", name_of(alert.severity)},
                   {"status", name_of(state.status)},
                   {"title", alert_title(alert)},
                   {"name", entry.name},
                   {"analytic", name_of(entry.analytic)},
                   {"variation", entry.id},
                   {"account", call.token.account},
                   {"identity", call.token.identity},
                   {"network", alert.network},
                   {"as_name", call.as_name},
                   {"addresses", json_texts(state.addresses)},
                   {"access_keys", json_texts(state.keys)},
                   {"tool", call.tool},
                   {"platform", call.platform == Platform::unknown ? "unknown" : name_of(call.platform)},
                   {"region", call.region},
                   {"first_seen", format_time(state.first_seen)},
                   {"last_seen", format_time(state.last_seen)},
                   {"occurrences", state.occurrences}};
  if (call.asn != 0) out["asn"] = call.asn;
  if (alert.campaign.id != Hash128{})
    out["campaign"] = json::object{{"id", alert.campaign.id.hex()}, {"identities", alert.campaign.identities}};
  if (loaded.contradicted) out["contradicted"] = true;
  if (!state.note.empty()) out["note"] = state.note;
  if (!state.known.empty()) out["known"] = json_texts(state.known);
  return json::serialize(out);
}

// At most `count` places before this one, oldest first. There is no way to read backwards, so spans of time are read,
// each four times as long as the one before, until enough is in it.
std::deque<AlertPlace> places_before(StoreReader& reader, AlertPlace before, std::size_t count) {
  std::deque<AlertPlace> found;
  Seconds span = before.at == AlertPlace::kNewest ? before.at : kSecondsPerDay;
  while (true) {
    found.clear();
    const Seconds from = std::max<Seconds>(0, before.at - span);
    reader.scan(Table::alerts_by_time, {}, AlertPlace{from, {}}.key(), [&](std::string_view key, std::string_view) {
      const AlertPlace place = AlertPlace::of_key(key);
      if (!(place < before)) return false;
      found.push_back(place);
      if (found.size() > count) found.pop_front();
      return true;
    });
    if (found.size() >= count || from == 0 || !reader.failure().empty()) return found;
    span = span < before.at / 4 ? span * 4 : before.at;
  }
}

// The part of a page that is not in the index.
Status search_store(StoreReader& reader, const AlertFilter& filter, AlertPlace before, std::size_t limit,
                    Page<std::string>& page) {
  auto places = places_before(reader, before, kLookedAtMax);
  const bool more_in_store = places.size() == kLookedAtMax;
  while (!places.empty() && page.rows.size() < limit) {
    const AlertPlace place = places.back();
    places.pop_back();
    page.next = place.key();
    const auto loaded = load_alert(reader, place.id);
    if (!loaded) continue;
    AlertIndex one(1);
    one.put(loaded->alert, loaded->state);
    if (!one.search(filter, AlertPlace::end(), 1).empty()) page.rows.push_back(summary_of(*loaded));
  }
  if (places.empty() && !more_in_store) page.next.clear();
  if (!reader.failure().empty()) return Error{std::string(reader.failure())};
  return {};
}

json::object counts_object(const AlertCounts& counts) {
  json::object facets, distinct;
  for (const AlertFacet& facet : counts.facets) {
    json::array values;
    for (const auto& [value, count] : facet.values) values.push_back(json::object{{"value", value}, {"alerts", count}});
    facets[facet.field] = std::move(values);
    distinct[facet.field] = facet.distinct;
  }
  json::array buckets;
  for (const auto& bucket : counts.timeline) buckets.push_back(json::array(bucket.begin(), bucket.end()));
  json::object timeline{{"bucket_seconds", counts.bucket_s}, {"buckets", std::move(buckets)}};
  if (!counts.timeline.empty()) timeline["first"] = format_time(counts.first);
  return {{"alerts", counts.alerts},
          {"facets", std::move(facets)},
          {"distinct", std::move(distinct)},
          {"timeline", std::move(timeline)}};
}

}  // namespace

Result<Page<std::string>> search_alerts(const OperatorStores& stores, const AlertFilter& filter, std::string_view after,
                                        std::size_t limit) {
  AlertPlace before = after.empty() ? AlertPlace::end() : AlertPlace::of_key(after);
  const auto reader = stores.alerts->read();
  Page<std::string> page;
  if (stores.index != nullptr && stores.index->alerts() > 0) {
    for (const AlertPlace& place : stores.index->search(filter, before, limit)) {
      if (const auto loaded = load_alert(*reader, place.id)) page.rows.push_back(summary_of(*loaded));
      page.next = place.key();
    }
    if (!reader->failure().empty()) return Error{std::string(reader->failure())};
    if (page.rows.size() >= limit) return page;
    page.next.clear();
    before = std::min(before, stores.index->oldest());
  }
  Status read = search_store(*reader, filter, before, limit, page);
  if (!read.ok()) return read.error();
  return page;
}

Result<std::string> count_alerts(const OperatorStores& stores, const AlertFilter& filter) {
  AlertIndex made;
  const AlertIndex* index = stores.index;
  if (index == nullptr) {
    AlertIndexFill fill;
    for (bool goes_on = true; goes_on;) {
      const auto step = fill.step(*stores.alerts, made);
      if (!step) return step.error();
      goes_on = step.value();
    }
    index = &made;
  }
  json::object out = counts_object(index->count(filter));
  out["indexed"] = index->alerts();
  if (index->alerts() > 0) out["indexed_from"] = format_time(index->oldest().at);
  return json::serialize(out);
}

std::optional<std::string> alert_summary(StoreReader& reader, Hash128 id) {
  const auto loaded = load_alert(reader, id);
  return loaded ? std::optional(summary_of(*loaded)) : std::nullopt;
}

bool take_into(AlertIndex& index, StoreReader& reader, Hash128 id) {
  const auto loaded = load_alert(reader, id);
  if (loaded) index.put(loaded->alert, loaded->state);
  return loaded.has_value();
}

Result<bool> AlertIndexFill::step(AlertStore& store, AlertIndex& index) {
  const auto reader = store.read();
  std::size_t rows = 0;
  if (!places_read_) {
    const std::string from = after_.empty() ? std::string() : after_ + '\0';
    reader->scan(Table::alerts_by_time, {}, from, [&](std::string_view key, std::string_view) {
      places_.push_back(AlertPlace::of_key(key));
      if (places_.size() > AlertIndex::kAlertsMax) places_.pop_front();
      after_ = key;
      return ++rows < kPlacesAStep;
    });
    places_read_ = rows < kPlacesAStep;
  } else {
    for (; rows < kAlertsAStep && !places_.empty(); ++rows) {
      take_into(index, *reader, places_.back().id);
      places_.pop_back();
    }
  }
  if (!reader->failure().empty()) return Error{std::string(reader->failure())};
  return !places_read_ || !places_.empty();
}

}  // namespace straykey
