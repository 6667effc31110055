#include "core/detect/alert_state.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <utility>

#include "core/base/bytes.h"
#include "core/detect/alert.h"
#include "core/detect/candidate.h"
#include "core/detect/json_document.h"
#include "core/detect/respond.h"

namespace straykey {
namespace {

namespace json = boost::json;

constexpr std::uint8_t kVersionWithoutEnd = 1, kVersionWithoutKnown = 2, kVersion = 3;

void add_once(std::vector<std::string>& list, const std::string& text) {
  if (text.empty() || list.size() >= AlertState::kListMax || std::find(list.begin(), list.end(), text) != list.end())
    return;
  list.push_back(text);
}

void lay_over(json::object& out, const AlertState& state, bool contradicted) {
  out["first_seen"] = format_time(state.first_seen);
  out["last_seen"] = format_time(state.last_seen);
  out["occurrences"] = state.occurrences;
  // A call that is sent again is taken for another one if the shard has forgotten its event id: net/API.md.
  out["occurrences_may_be_approximate"] = state.occurrences > 1;
  out["addresses"] = json_texts(state.addresses);
  out["access_keys"] = json_texts(state.keys);
  out["status"] = name_of(state.status);
  if (contradicted) out["contradicted"] = true;
  if (state.status_at != 0) out["status_at"] = format_time(state.status_at);
  if (state.acknowledged_until != 0) out["acknowledged_until"] = format_day(state.acknowledged_until);
  if (!state.note.empty()) out["note"] = state.note;
  if (!state.known.empty()) out["known"] = json_texts(state.known);
}

// Null if it is no object.
json::value object_in(std::string_view document) {
  json::error_code error;
  json::value shown = parse_document(document, error);
  return !error && shown.is_object() ? std::move(shown) : json::value();
}

}  // namespace

void AlertState::take_in(const Candidate& call) {
  first_seen = occurrences == 0 ? call.time : std::min(first_seen, call.time);
  last_seen = std::max(last_seen, call.last_time);
  occurrences += call.count;
  add_once(addresses, call.address);
  add_once(keys, call.access_key);
}

std::string_view name_of(AlertState::Status status) noexcept {
  constexpr std::array<std::string_view, 4> kNames{"open", "acknowledged", "false_positive", "closed"};
  return kNames[static_cast<std::size_t>(status)];
}

std::string encode_alert_state(const AlertState& state) {
  ByteWriter out;
  out.fixed(state.known.empty() ? kVersionWithoutKnown : kVersion)
      .varint(state.occurrences)
      .fixed(state.first_seen)
      .fixed(state.last_seen);
  out.fixed(state.status).fixed(state.status_at).string(state.note);
  for (const auto* list : {&state.addresses, &state.keys}) {
    out.varint(list->size());
    for (const std::string& text : *list) out.string(text);
  }
  out.fixed(state.acknowledged_until);
  if (state.known.empty()) return out.bytes();
  const std::size_t known = std::min(state.known.size(), AlertState::kListMax);
  out.varint(known);
  for (std::size_t i = 0; i < known; ++i) out.string(state.known[i]);
  return out.bytes();
}

std::optional<AlertState> decode_alert_state(std::string_view bytes) {
  ByteReader in(bytes);
  const auto version = in.fixed<std::uint8_t>();
  if (version < kVersionWithoutEnd || version > kVersion) return std::nullopt;
  AlertState out;
  out.occurrences = in.varint();
  out.first_seen = in.fixed<Seconds>();
  out.last_seen = in.fixed<Seconds>();
  out.status = in.fixed<AlertState::Status>();
  out.status_at = in.fixed<Seconds>();
  out.note = in.string();
  if (out.status > AlertState::Status::closed) return std::nullopt;
  for (auto* list : {&out.addresses, &out.keys}) {
    const std::uint64_t size = in.varint();
    if (size > AlertState::kListMax) return std::nullopt;
    for (std::uint64_t i = 0; i < size; ++i) list->emplace_back(in.string());
  }
  if (version >= kVersionWithoutKnown) out.acknowledged_until = in.fixed<Day>();
  if (version == kVersion) {
    const std::uint64_t size = in.varint();
    if (size > AlertState::kListMax) return std::nullopt;
    for (std::uint64_t i = 0; i < size; ++i) out.known.emplace_back(in.string());
  }
  if (!in.at_end()) return std::nullopt;
  return out;
}

std::string alert_with_state(std::string_view document, const AlertState& state, bool contradicted) {
  json::value shown = object_in(document);
  if (!shown.is_object()) return std::string(document);
  lay_over(shown.as_object(), state, contradicted);
  return json::serialize(shown);
}

std::string alert_with_state(const Alert& alert, const AlertState& state, bool contradicted,
                             std::string_view data_dir) {
  const std::string document = alert_document(alert);
  json::value shown = object_in(document);
  if (!shown.is_object()) return document;
  lay_over(shown.as_object(), state, contradicted);
  shown.as_object()["respond"] = respond_document(response_to(alert, state, data_dir));
  return json::serialize(shown);
}

}  // namespace straykey
