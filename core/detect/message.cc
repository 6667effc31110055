#include "core/detect/message.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <type_traits>
#include <utility>

#include "core/base/bytes.h"
#include "core/base/invariant.h"

namespace straykey {
namespace {

// The first byte of a row: a body as format 1 stored it, or facts. Then the kind of the facts.
constexpr std::uint8_t kBodyVersion = 1, kFactsVersion = 2;
constexpr std::uint8_t kAlertKind = 1, kActivationKind = 2, kSummaryKind = 3, kShortContradictionKind = 4,
                       kDigestKind = 5, kContradictionKind = 6;

template <class... Cases>
struct Visitor : Cases... {
  using Cases::operator()...;
};
template <class... Cases>
Visitor(Cases...) -> Visitor<Cases...>;

template <class Item, class Write>
void write_list(ByteWriter& out, const std::vector<Item>& list, const Write& write) {
  out.varint(list.size());
  for (const Item& item : list) write(item);
}

// Stops at the end of the bytes, whatever size they claim.
template <class Item, class Read>
void read_list(ByteReader& in, std::vector<Item>& list, const Read& read) {
  for (std::uint64_t left = in.varint(); left > 0 && !in.failed(); --left) list.push_back(read());
}

void write_id(ByteWriter& out, Hash128 id) {
  out.fixed(id.low).fixed(id.high);
}

Hash128 read_id(ByteReader& in) {
  Hash128 id;
  id.low = in.fixed<std::uint64_t>();
  id.high = in.fixed<std::uint64_t>();
  return id;
}

void write_texts(ByteWriter& out, const std::vector<std::string>& texts) {
  write_list(out, texts, [&](const std::string& text) { out.string(text); });
}

void read_texts(ByteReader& in, std::vector<std::string>& texts) {
  read_list(in, texts, [&] { return std::string(in.string()); });
}

void write_calls(ByteWriter& out, const CallSummary& calls) {
  out.varint(calls.calls).varint(calls.errors).fixed(calls.first).fixed(calls.last);
  write_list(out, calls.apis, [&](const CallLine& line) {
    out.string(line.api).varint(line.count).varint(line.errors).fixed(line.first).fixed(line.last);
  });
  out.varint(calls.other_calls);
  for (const auto* list : {&calls.sources, &calls.agents})
    write_list(out, *list, [&](const CountedText& item) { out.string(item.text).varint(item.count); });
}

void read_calls(ByteReader& in, CallSummary& calls) {
  calls.calls = in.varint();
  calls.errors = in.varint();
  calls.first = in.fixed<Seconds>();
  calls.last = in.fixed<Seconds>();
  read_list(in, calls.apis, [&] {
    CallLine line;
    line.api = in.string();
    line.count = in.varint();
    line.errors = in.varint();
    line.first = in.fixed<Seconds>();
    line.last = in.fixed<Seconds>();
    return line;
  });
  calls.other_calls = in.varint();
  for (auto* list : {&calls.sources, &calls.agents}) {
    read_list(in, *list, [&] {
      CountedText item;
      item.text = in.string();
      item.count = in.varint();
      return item;
    });
  }
}

enum AlertFlags : std::uint8_t { kHosting = 1, kKeptWeak = 2 };

void write_alert(ByteWriter& out, const Alert& alert) {
  out.fixed(kAlertKind);
  write_id(out, alert.id);
  out.string(alert.verdict.entry().id).fixed(alert.severity).fixed(alert.source_class);
  out.varint(static_cast<std::uint64_t>(alert.dedup_days)).string(alert.network);
  out.fixed(static_cast<std::uint8_t>((alert.hosting ? kHosting : 0) | (alert.verdict.kept_weak ? kKeptWeak : 0)));
  write_texts(out, alert.verdict.why);
  write_texts(out, alert.verdict.limits);
  out.string(encode_candidate(alert.call));
  write_calls(out, alert.key_calls);
  write_calls(out, alert.identity_calls);
  write_list(out, alert.role_assumed_by, [&](const RoleAssumption& item) {
    out.string(item.by).varint(static_cast<std::uint64_t>(item.days)).fixed(item.first_day).fixed(item.last_day);
  });
  write_list(out, alert.related, [&](const RelatedAlert& other) {
    write_id(out, other.id);
    out.string(other.relation);
  });
  write_id(out, alert.campaign.id);
  out.string(alert.campaign.subject).fixed(alert.campaign.first_day).varint(alert.campaign.identities);
  out.fixed<std::uint8_t>(alert.campaign.new_identity ? 1 : 0).fixed<std::uint8_t>(alert.campaign.notify ? 1 : 0);
}

std::optional<Message> read_alert(ByteReader& in) {
  Alert alert;
  alert.id = read_id(in);
  const CatalogueEntry* entry = catalogue_entry_by_id(in.string());
  alert.severity = in.fixed<Severity>();
  alert.source_class = in.fixed<SourceClass>();
  alert.dedup_days = static_cast<int>(in.varint());
  alert.network = in.string();
  const auto flags = in.fixed<std::uint8_t>();
  alert.hosting = (flags & kHosting) != 0;
  alert.verdict.kept_weak = (flags & kKeptWeak) != 0;
  read_texts(in, alert.verdict.why);
  read_texts(in, alert.verdict.limits);
  auto call = decode_candidate(in.string());
  read_calls(in, alert.key_calls);
  read_calls(in, alert.identity_calls);
  read_list(in, alert.role_assumed_by, [&] {
    RoleAssumption item;
    item.by = in.string();
    item.days = static_cast<int>(in.varint());
    item.first_day = in.fixed<Day>();
    item.last_day = in.fixed<Day>();
    return item;
  });
  read_list(in, alert.related, [&] {
    const Hash128 id = read_id(in);
    return RelatedAlert{id, std::string(in.string())};
  });
  alert.campaign.id = read_id(in);
  alert.campaign.subject = in.string();
  alert.campaign.first_day = in.fixed<Day>();
  alert.campaign.identities = in.varint();
  alert.campaign.new_identity = in.fixed<bool>();
  alert.campaign.notify = in.fixed<bool>();
  if (entry == nullptr || !call || alert.severity > Severity::high || alert.source_class > SourceClass::external)
    return std::nullopt;
  alert.verdict.variation = entry->variation;
  alert.call = std::move(*call);
  return alert;
}

// Only the pairs that the document shows are kept; the others are counted.
void write_activation(ByteWriter& out, const ActivationReport& report) {
  out.fixed(kActivationKind);
  write_id(out, report.id);
  out.string(report.account).fixed(report.day).fixed(report.at).varint(report.pairs_total);
  std::vector<ActivationReport::Pair> shown = report.pairs;
  if (shown.size() > ActivationReport::kPairsShown) shown.resize(ActivationReport::kPairsShown);
  write_list(out, shown, [&](const ActivationReport::Pair& pair) {
    out.string(pair.identity).string(pair.network).varint(static_cast<std::uint64_t>(pair.days));
    out.fixed(pair.first_day).fixed(pair.last_day);
  });
}

std::optional<Message> read_activation(ByteReader& in) {
  ActivationReport report;
  report.id = read_id(in);
  report.account = in.string();
  report.day = in.fixed<Day>();
  report.at = in.fixed<Seconds>();
  report.pairs_total = in.varint();
  read_list(in, report.pairs, [&] {
    ActivationReport::Pair pair;
    pair.identity = in.string();
    pair.network = in.string();
    pair.days = static_cast<int>(in.varint());
    pair.first_day = in.fixed<Day>();
    pair.last_day = in.fixed<Day>();
    return pair;
  });
  return report;
}

std::optional<Analytic> analytic_named(std::string_view name) {
  for (const CatalogueEntry& entry : catalogue())
    if (name_of(entry.analytic) == name) return entry.analytic;
  return std::nullopt;
}

void write_summary(ByteWriter& out, const AlertSummary& summary) {
  out.fixed(kSummaryKind).string(name_of(summary.analytic)).string(summary.account).string(summary.identity);
  out.fixed(summary.day).fixed(summary.severity);
  out.varint(summary.strong).varint(summary.weak).varint(summary.alerts_max);
}

std::optional<Message> read_summary(ByteReader& in) {
  AlertSummary summary;
  const auto analytic = analytic_named(in.string());
  summary.account = in.string();
  summary.identity = in.string();
  summary.day = in.fixed<Day>();
  summary.severity = in.fixed<Severity>();
  summary.strong = in.varint();
  summary.weak = in.varint();
  summary.alerts_max = in.varint();
  if (!analytic || summary.severity > Severity::high) return std::nullopt;
  summary.analytic = *analytic;
  return summary;
}

void write_contradiction(ByteWriter& out, const Contradiction& contradiction) {
  out.fixed(kContradictionKind);
  write_id(out, contradiction.alert);
  out.string(catalogue_entry(contradiction.variation).id).fixed(contradiction.severity).fixed(contradiction.at);
  for (const std::string* text :
       {&contradiction.account, &contradiction.identity, &contradiction.access_key, &contradiction.role,
        &contradiction.service, &contradiction.assumed_by, &contradiction.network, &contradiction.region})
    out.string(*text);
}

std::optional<Message> read_contradiction(ByteReader& in, bool is_short) {
  Contradiction contradiction;
  contradiction.alert = read_id(in);
  const CatalogueEntry* entry = catalogue_entry_by_id(in.string());
  contradiction.severity = in.fixed<Severity>();
  contradiction.at = in.fixed<Seconds>();
  for (std::string* text : {&contradiction.account, &contradiction.identity, &contradiction.access_key,
                            &contradiction.role, &contradiction.service, &contradiction.assumed_by})
    *text = in.string();
  if (!is_short) {
    contradiction.network = in.string();
    contradiction.region = in.string();
  }
  if (entry == nullptr || contradiction.severity > Severity::high) return std::nullopt;
  contradiction.variation = entry->variation;
  return contradiction;
}

void write_digest(ByteWriter& out, const DeliveryDigest& digest) {
  out.fixed(kDigestKind);
  write_id(out, digest.id);
  out.string(digest.endpoint).varint(digest.count).fixed(digest.severity).fixed(digest.first).fixed(digest.last);
}

std::optional<Message> read_digest(ByteReader& in) {
  DeliveryDigest digest;
  digest.id = read_id(in);
  digest.endpoint = in.string();
  digest.count = in.varint();
  digest.severity = in.fixed<Severity>();
  digest.first = in.fixed<Seconds>();
  digest.last = in.fixed<Seconds>();
  if (digest.severity > Severity::high) return std::nullopt;
  return digest;
}

std::string digest_document(const DeliveryDigest& digest) {
  return boost::json::serialize(boost::json::object{
      {"id", digest.id.hex()},
      {"severity", name_of(digest.severity)},
      {"endpoint", digest.endpoint},
      {"count", digest.count},
      {"first", format_time(digest.first)},
      {"last", format_time(digest.last)},
      {"title", fmt::format("{} messages were not sent to {}, because too many waited for it already. They are stored: "
                            "see `straykey alerts list`.",
                            digest.count, digest.endpoint)}});
}

std::string contradiction_document(const Contradiction& contradiction) {
  const bool known = contradiction.service != kUnknownCaller;
  std::string whose = known ? "to no workload" : "to a caller who is not known to be a workload";
  if (known && !contradiction.service.empty()) whose = fmt::format("to a workload of {}", contradiction.service);
  boost::json::object document{
      {"id", contradiction.id().hex()},
      {"alert_id", contradiction.alert.hex()},
      {"analytic", name_of(catalogue_entry(contradiction.variation).analytic)},
      {"variation", catalogue_entry(contradiction.variation).id},
      {"severity", name_of(contradiction.severity)},
      {"account", contradiction.account},
      {"identity", contradiction.identity},
      {"title", fmt::format("The alert about {} rested on a session, its name or a user agent. The event that issued "
                            "the key came later, and says that it was issued {}.",
                            contradiction.identity, whose)},
      {"access_key", contradiction.access_key},
      {"role", contradiction.role},
      {"assumed_by", contradiction.assumed_by}};
  if (known && !contradiction.service.empty()) document["service"] = contradiction.service;
  if (!contradiction.network.empty()) document["network"] = contradiction.network;
  if (!contradiction.region.empty()) document["region"] = contradiction.region;
  return boost::json::serialize(document);
}

std::string test_document(const EndpointTest& test) {
  return boost::json::serialize(boost::json::object{
      {"id", test.id.hex()},
      {"severity", name_of(Severity::informational)},
      {"endpoint", test.endpoint},
      {"test", true},
      {"title", fmt::format("This is a test of the endpoint {}. Nothing has happened.", test.endpoint)}});
}

// The webhook body, and where the document lies in it.
std::optional<Message> read_old_body(ByteReader& in) {
  const std::uint64_t at = in.varint();
  const std::uint64_t size = in.varint();
  const std::string_view body = in.string();
  if (at > body.size() || size > body.size() - at) return std::nullopt;
  return OldBody{std::string(body), std::string(body.substr(at, size))};
}

std::optional<Message> read_message(ByteReader& in) {
  const auto version = in.fixed<std::uint8_t>();
  if (version == kBodyVersion) return read_old_body(in);
  if (version != kFactsVersion) return std::nullopt;
  const auto kind = in.fixed<std::uint8_t>();
  switch (kind) {
    case kAlertKind:
      return read_alert(in);
    case kActivationKind:
      return read_activation(in);
    case kSummaryKind:
      return read_summary(in);
    case kShortContradictionKind:
    case kContradictionKind:
      return read_contradiction(in, kind == kShortContradictionKind);
    case kDigestKind:
      return read_digest(in);
    default:
      return std::nullopt;
  }
}

}  // namespace

Hash128 Contradiction::contradiction_id(Hash128 alert) {
  return hash128(kFixedHashKey, ByteWriter().string("alert.contradicted").string(alert.key()).view());
}

std::string encode_message(const Message& message) {
  ByteWriter out(1024);
  out.fixed(kFactsVersion);
  std::visit(Visitor{[&](const Alert& alert) { write_alert(out, alert); },
                     [&](const ActivationReport& report) { write_activation(out, report); },
                     [&](const AlertSummary& summary) { write_summary(out, summary); },
                     [&](const Contradiction& contradiction) { write_contradiction(out, contradiction); },
                     [&](const DeliveryDigest& digest) { write_digest(out, digest); },
                     [&](const EndpointTest&) { INVARIANT(false, "a test is never stored"); },
                     [&](const OldBody&) { INVARIANT(false, "an old body is only read"); }},
             message);
  return out.bytes();
}

std::optional<Message> decode_message(std::string_view bytes) {
  ByteReader in(bytes);
  auto message = read_message(in);
  if (!in.at_end()) return std::nullopt;
  return message;
}

std::string_view message_type(const Message& message) {
  return std::visit(Visitor{[](const Alert&) { return std::string_view("alert.created"); },
                            [](const ActivationReport&) { return std::string_view("account.activated"); },
                            [](const AlertSummary&) { return std::string_view("alerts.summary"); },
                            [](const Contradiction&) { return std::string_view("alert.contradicted"); },
                            [](const EndpointTest&) { return std::string_view("endpoint.test"); },
                            [](const DeliveryDigest&) { return std::string_view("deliveries.digest"); },
                            [](const OldBody&) {
                              INVARIANT(false, "an old body tells its type itself");
                              return std::string_view();
                            }},
                    message);
}

Seconds message_time(const Message& message) {
  return std::visit(
      Visitor{
          [](const Alert& alert) { return alert.call.time; }, [](const ActivationReport& report) { return report.at; },
          // A summary is of the whole day, so its time is the day's end.
          [](const AlertSummary& summary) { return (static_cast<Seconds>(summary.day) + 1) * kSecondsPerDay; },
          [](const Contradiction& contradiction) { return contradiction.at; },
          [](const EndpointTest& test) { return test.at; }, [](const DeliveryDigest& digest) { return digest.last; },
          [](const OldBody&) {
            INVARIANT(false, "an old body tells its time itself");
            return Seconds{0};
          }},
      message);
}

std::string message_document(const Message& message, std::string_view data_dir) {
  return std::visit(Visitor{[&](const Alert& alert) { return alert_document(alert, data_dir); },
                            [](const ActivationReport& report) { return activation_document(report); },
                            [](const AlertSummary& summary) { return summary_document(summary); },
                            [](const Contradiction& contradiction) { return contradiction_document(contradiction); },
                            [](const EndpointTest& test) { return test_document(test); },
                            [](const DeliveryDigest& digest) { return digest_document(digest); },
                            [](const OldBody& old) { return old.document; }},
                    message);
}

}  // namespace straykey
