#include "tools/commands/status_screen.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <initializer_list>
#include <map>
#include <utility>

#include "core/base/terminal_text.h"
#include "core/base/time.h"
#include "tools/terminal/color.h"
#include "tools/terminal/progress.h"

namespace straykey {
namespace {

namespace json = boost::json;

constexpr std::size_t kShownBytes = 100, kSentenceShownBytes = 400;
// An attempt ends within 15 s, so whatever is older waits for a second one, or behind many others.
constexpr double kUndeliveredSecondsMax = 30;

std::string text_of(const json::object& object, std::string_view key, std::size_t bytes_max = kShownBytes) {
  const json::value* value = object.if_contains(key);
  if (value == nullptr) return {};
  return value->is_string() ? terminal_text(std::string_view(value->as_string()), bytes_max) : json::serialize(*value);
}

double number_of(const json::value* value) {
  return value != nullptr && value->is_number() ? value->to_number<double>() : 0;
}

struct Label {
  std::string_view name, value;
};

// Calls visit(labels, value) for each series of a metric.
template <class Visit>
void each_series(const json::object& status, std::string_view metric, const Visit& visit) {
  const json::value* series = status.if_contains("series");
  if (series == nullptr || !series->is_array()) return;
  for (const json::value& one : series->as_array()) {
    const json::object* object = one.if_object();
    if (object == nullptr || text_of(*object, "name") != metric) continue;
    const json::value* labels = object->if_contains("labels");
    visit(labels != nullptr && labels->is_object() ? labels->as_object() : json::object(),
          number_of(object->if_contains("value")));
  }
}

double sum_of(const json::object& status, std::string_view metric, std::initializer_list<Label> wanted = {}) {
  double sum = 0;
  each_series(status, metric, [&](const json::object& labels, double value) {
    if (std::all_of(wanted.begin(), wanted.end(),
                    [&](const Label& label) { return text_of(labels, label.name) == label.value; }))
      sum += value;
  });
  return sum;
}

// What a metric counts, by one of its labels; only what is not 0.
std::map<std::string, double> by_label(const json::object& status, std::string_view metric, std::string_view label) {
  std::map<std::string, double> values;
  each_series(status, metric, [&](const json::object& labels, double value) {
    if (value > 0) values[text_of(labels, label)] += value;
  });
  return values;
}

std::string counted(double number) {
  return with_commas(static_cast<std::uint64_t>(number));
}

// "1 record was lost", "2 records were lost".
std::string counted_as(double number, std::string_view of_one, std::string_view of_many) {
  return fmt::format("{} {}", counted(number), number == 1 ? of_one : of_many);
}

std::string listed(const std::map<std::string, double>& values) {
  std::string out;
  for (const auto& [name, value] : values) out += fmt::format("{}{} {}", out.empty() ? "" : ", ", name, counted(value));
  return out;
}

std::string rate_of(const StatusAnswers& answers, std::string_view metric) {
  if (answers.seconds_between <= 0 || answers.earlier.empty()) return {};
  const double more = sum_of(answers.status, metric) - sum_of(answers.earlier, metric);
  return fmt::format(", {:.1f} a second now", std::max(0.0, more) / answers.seconds_between);
}

// Advice with its marks replaced: @ stands behind a command that takes --config and --data-dir, # behind one that takes
// --config alone, % behind one that takes the directory itself.
std::string advice_of(std::string_view advice, const StatusAnswers& answers) {
  std::string out;
  for (const char c : advice) {
    const std::string& data_dir = answers.data_dir_option;
    if (c == '@' || c == '#' || (c == '%' && data_dir.empty())) out += answers.config_option;
    if (c == '@') out += data_dir;
    if (c == '%' && !data_dir.empty()) out += data_dir.substr(std::string_view(" --data-dir").size());
    if (c != '@' && c != '#' && c != '%') out += c;
  }
  return out;
}

std::string remedy_of(std::string_view reason) {
  if (reason == "starting") return "wait; what waits to be judged does not hold it up";
  if (reason == "draining") return "it stops: start it again if that was not meant";
  if (reason == "store") return "the last commit failed: look for a full disk (df), and at the log";
  if (reason == "queues") return "more comes than can be stored: nothing is lost, senders wait; see the disk's load";
  if (reason.starts_with("damaged"))
    return "stop it, run `straykey check%`, and bring back a backup with `straykey restore FROM@`";
  return "see the log";
}

void add_unready(const StatusAnswers& answers, std::vector<Trouble>& to) {
  const json::value* reasons = answers.status.if_contains("reasons");
  if (reasons == nullptr || !reasons->is_array()) return;
  for (const json::value& reason : reasons->as_array()) {
    const std::string text = reason.is_string() ? std::string(reason.as_string()) : std::string();
    to.push_back({true, "not ready: " + terminal_text(text, kShownBytes), advice_of(remedy_of(text), answers)});
  }
}

// A counter that should be 0, with what to do if it is not.
struct Watched {
  std::string_view metric, of_one, of_many, remedy;
  bool grave = false;
};
constexpr Watched kWatched[] = {
    {"straykey_commit_failures_total", "commit failed", "commits failed", "look for a full disk (df), and at the log",
     true},
    {"straykey_events_refused_total", "event was not stored and must be sent again",
     "events were not stored and must be sent again",
     "senders that heard 503 do so; syslog lost them: RELP and HTTPS lose nothing"},
    {"straykey_syslog_dropped_total", "syslog message was lost", "syslog messages were lost",
     "UDP loses: use RELP or HTTPS"},
    {"straykey_crash_records", "record was in hand when the process crashed",
     "records were in hand when the process crashed", "keep the log, and report it"},
    {"straykey_tls_handshakes_failed_total", "TLS handshake failed", "TLS handshakes failed",
     "do the senders trust the certificate?"},
    {"straykey_aws_ranges_failures_total", "fetch of AWS's address ranges failed",
     "fetches of AWS's address ranges failed", "straykey ranges update#, or set networks.aws_ranges"},
    {"straykey_io_exceptions_total", "exception in io handlers", "exceptions in io handlers",
     "keep the log, and report it"},
};

// Those that are kept, because what was dropped or replayed needs nobody any more.
void add_rejects(const StatusAnswers& answers, std::vector<Trouble>& to) {
  const std::size_t kept = answers.rejects_kept;
  if (kept > 0) {
    to.push_back({false,
                  fmt::format("{}{} {}", answers.rejects_more ? "more than " : "", with_commas(kept),
                              kept == 1 ? "record was rejected and is kept" : "records were rejected and are kept"),
                  advice_of("straykey rejects list@", answers)});
    return;
  }
  const double rejected = sum_of(answers.status, "straykey_events_rejected_total");
  if (rejected > 0 && sum_of(answers.status, "straykey_rejects_kept_total") == 0)
    to.push_back(
        {false, counted_as(rejected, "record was rejected, and is not kept", "records were rejected, and none is kept"),
         "ingest.rejects_bytes_max says how many bytes of them are kept; then `straykey rejects list` shows them"});
}

void add_counted(const StatusAnswers& answers, std::vector<Trouble>& to) {
  if (sum_of(answers.status, "straykey_events_received_total") == 0)
    to.push_back({false, "nothing has come in since the start",
                  "is a forwarder set up? docs/senders has a page for each; `straykey init` prints a first sender"});
  add_rejects(answers, to);
  for (const Watched& one : kWatched) {
    const double number = sum_of(answers.status, one.metric);
    if (number > 0)
      to.push_back({one.grave, counted_as(number, one.of_one, one.of_many), advice_of(one.remedy, answers)});
  }
  const double capped = sum_of(answers.status, "straykey_alerts_suppressed_total", {{"reason", "cap"}});
  if (capped > 0)
    to.push_back({false,
                  counted_as(capped, "hit raised no alert, because of a cap or a full store",
                             "hits raised no alert, because of a cap or a full store"),
                  "the day's summary tells whose they are; see detection.identity_alerts_max and flood_max"});
}

// The texts of a list that the server sends; none if it is missing.
std::vector<std::string> texts_of(const json::object& object, std::string_view key) {
  std::vector<std::string> texts;
  const json::value* list = object.if_contains(key);
  if (list == nullptr || !list->is_array()) return texts;
  for (const json::value& one : list->as_array())
    if (one.is_string()) texts.push_back(terminal_text(std::string_view(one.as_string()), kSentenceShownBytes));
  return texts;
}

// A source that is silent is grave: nothing is found in what does not come. The others want a look.
void add_health(const StatusAnswers& answers, std::vector<Trouble>& to) {
  const json::value* findings = answers.status.if_contains("health");
  if (findings == nullptr || !findings->is_array()) return;
  for (const json::value& one : findings->as_array()) {
    const json::object* finding = one.if_object();
    if (finding == nullptr) continue;
    to.push_back({text_of(*finding, "kind") == "source_silent", text_of(*finding, "sentence", kSentenceShownBytes),
                  text_of(*finding, "advice", kSentenceShownBytes)});
  }
}

// What the last reload left undone. What earlier ones did is history.
void add_reload(const StatusAnswers& answers, std::vector<Trouble>& to) {
  const json::value* last = answers.status.if_contains("reload");
  if (last == nullptr || !last->is_object()) return;
  const json::object& reload = last->as_object();
  const bool applied = text_of(reload, "applied") != "false";
  for (const std::string& error : texts_of(reload, "errors"))
    to.push_back({false,
                  (applied ? "the last reload left a part as it was: " : "the last reload changed nothing: ") + error,
                  advice_of("straykey check-config#, mend it, then reload again (kill -HUP)", answers)});
  for (const std::string& setting : texts_of(reload, "wait_for_next_start"))
    to.push_back(
        {false, setting + " was changed and waits for the next start", "start the server again when it suits"});
}

void add_webhooks(const StatusAnswers& answers, std::vector<Trouble>& to) {
  for (const json::object& webhook : answers.webhooks) {
    const std::string name = text_of(webhook, "name"), state = webhook_state(webhook);
    if (state == "paused")
      to.push_back({true, "webhook " + name + " is paused and gets nothing",
                    advice_of("straykey webhook resume " + name + "@", answers)});
    else if (state == "failing")
      to.push_back({true, "webhook " + name + " fails", advice_of("straykey webhook test " + name + "@", answers)});
    else if (state != "well")
      to.push_back({false, "webhook " + name + ": something is " + state,
                    advice_of("straykey webhook test " + name + "@; the log names each attempt that failed", answers)});
  }
}

// Of each [[s3_source]]: what its queue, its objects and its messages say. All are counted since the start.
void add_s3_sources(const StatusAnswers& answers, std::vector<Trouble>& to) {
  const auto of_source = [&](std::string_view metric, const std::string& source, std::string_view outcome) {
    return sum_of(answers.status, metric, {{"source", source}, {"outcome", outcome}});
  };
  const auto messages = by_label(answers.status, "straykey_s3_messages_total", "source");
  for (const auto& [source, errors] : by_label(answers.status, "straykey_s3_queue_errors_total", "source")) {
    const bool has_read = messages.contains(source);
    to.push_back({!has_read,
                  fmt::format("S3 source {} {}: calls to its queue failed {} times since the start", source,
                              has_read ? "had trouble" : "has read nothing", counted(errors)),
                  "see the log: it names the call and what AWS said; then queue_url, role_arn and docs/s3.md"});
  }
  for (const auto& [source, all] : messages) {
    std::map<std::string, double> left;
    for (const char* outcome : {"absent", "denied", "too_large", "unreadable", "failed"})
      if (const double number = of_source("straykey_s3_objects_total", source, outcome); number > 0)
        left[outcome] = number;
    if (!left.empty())
      to.push_back(
          {left.contains("denied"), fmt::format("S3 source {}: objects were not read: {}", source, listed(left)),
           left.contains("denied")
               ? "allow its role s3:GetObject, and kms:Decrypt where a key of yours encrypts; they come again"
               : "see the log, which names each; they come again, and go to the dead-letter queue at the end"});
    if (const double other = of_source("straykey_s3_messages_total", source, "unreadable"); other > 0)
      to.push_back({false, fmt::format("S3 source {}: messages that are no notification: {}", source, counted(other)),
                    "who may send to the queue? docs/s3.md has a policy for it"});
  }
}

// Of each [[kafka_source]].
void add_kafka_sources(const StatusAnswers& answers, std::vector<Trouble>& to) {
  each_series(answers.status, "straykey_kafka_partitions", [&](const json::object& labels, double partitions) {
    const std::string source = text_of(labels, "source");
    const auto of_source = [&](std::string_view metric) {
      return sum_of(answers.status, metric, {{"source", source}});
    };
    if (const double lost = of_source("straykey_kafka_deleted_unread_messages_total"); lost > 0)
      to.push_back({true,
                    fmt::format("Kafka source {}: messages deleted before they were read: {}", source, counted(lost)),
                    "a longer retention of the topic; nobody else can bring these back"});
    if (const double strangers = of_source("straykey_kafka_strangers"); strangers > 0)
      to.push_back(
          {true, fmt::format("Kafka source {}: members of its group that are not ours: {}", source, counted(strangers)),
           "give each installation a group of its own: each of two would learn half"});
    if (partitions == 0)
      to.push_back({false, fmt::format("Kafka source {} has no partition", source),
                    "see the log: brokers are not reached or refuse us, or another member has them all"});
  });
}

void add_standby(const StatusAnswers& answers, std::vector<Trouble>& to) {
  const json::value* value = answers.status.if_contains("standby");
  if (value == nullptr || !value->is_object()) return;
  const json::object& standby = value->as_object();
  if (const std::string why = text_of(standby, "waits_for", kSentenceShownBytes); !why.empty())
    to.push_back(
        {false, "this node can neither follow nor judge: " + why, "docs/standby.md says what both nodes need"});
  std::string differs;
  for (const std::string& one : texts_of(standby, "differs")) differs += (differs.empty() ? "" : ", ") + one;
  if (!differs.empty())
    to.push_back({false, "not as the other node has it: " + differs,
                  "the same settings and files on both, then reload both; this node does not stand in until then"});
}

Color color_of(std::string_view state) {
  if (state == "well") return Color::green;
  return state == "paused" || state == "failing" ? Color::red : Color::yellow;
}

// The gravest first.
std::string severities_of(const json::object& counts) {
  const json::value* facets = counts.if_contains("facets");
  const json::value* all =
      facets != nullptr && facets->is_object() ? facets->as_object().if_contains("severity") : nullptr;
  std::string out;
  if (all == nullptr || !all->is_array()) return out;
  for (const std::string_view severity : {"high", "medium", "low", "informational"}) {
    for (const json::value& one : all->as_array()) {
      const json::object* facet = one.if_object();
      const double alerts = facet == nullptr ? 0 : number_of(facet->if_contains("alerts"));
      if (alerts > 0 && text_of(*facet, "value") == severity)
        out += fmt::format("{}{} {}", out.empty() ? ": " : ", ", severity, counted(alerts));
    }
  }
  return out;
}

void add_line(std::string& out, std::string_view title, const std::string& text) {
  out += fmt::format("{:<9} {}\n", title, text);
}

void add_kafka_lines(std::string& out, const json::object& status) {
  each_series(status, "straykey_kafka_partitions", [&](const json::object& labels, double partitions) {
    const std::string source = text_of(labels, "source");
    const auto of_source = [&](std::string_view metric) { return sum_of(status, metric, {{"source", source}}); };
    const double held = of_source("straykey_kafka_held_partitions");
    const double committed = of_source("straykey_kafka_last_commit_timestamp_seconds");
    add_line(out, "kafka",
             fmt::format("{}: {}{}, {} behind, {}", source, counted_as(partitions, "partition", "partitions"),
                         held > 0 ? fmt::format(" ({} wait for others)", counted(held)) : std::string(),
                         counted_as(of_source("straykey_kafka_lag_messages"), "message", "messages"),
                         committed > 0 ? "last commit " + format_time(static_cast<Seconds>(committed))
                                       : std::string("no commit since the start")));
  });
}

// Empty: there is no [standby].
std::string standby_text(const json::object& status) {
  const json::value* value = status.if_contains("standby");
  if (value == nullptr || !value->is_object()) return {};
  const json::object& standby = value->as_object();
  const std::string since = text_of(standby, "since"), judge = text_of(standby, "judge");
  const std::string behind = counted_as(number_of(standby.if_contains("behind")), "message", "messages") + " behind";
  const bool judges = text_of(standby, "judges") == "true";
  return (judges          ? "judges"
          : judge.empty() ? "follows nobody yet"
                          : "follows " + judge) +
         (since.empty() || since == "null" ? std::string() : " since " + since) + (judges ? "" : ", " + behind);
}

}  // namespace

std::string webhook_state(const json::object& webhook) {
  if (text_of(webhook, "paused") == "true") return "paused";
  if (text_of(webhook, "failing") == "true") return "failing";
  const double oldest_s = number_of(webhook.if_contains("oldest_s"));
  return oldest_s > kUndeliveredSecondsMax ? "undelivered for " + counted(oldest_s) + " s" : "well";
}

std::vector<Trouble> troubles_of(const StatusAnswers& answers) {
  std::vector<Trouble> troubles;
  add_unready(answers, troubles);
  add_health(answers, troubles);
  add_reload(answers, troubles);
  add_webhooks(answers, troubles);
  add_s3_sources(answers, troubles);
  add_kafka_sources(answers, troubles);
  add_standby(answers, troubles);
  add_counted(answers, troubles);
  for (const std::string& warning : answers.warnings)
    troubles.push_back({false, terminal_text(warning), advice_of("straykey check-config#", answers)});
  std::stable_sort(troubles.begin(), troubles.end(),
                   [](const Trouble& a, const Trouble& b) { return a.grave && !b.grave; });
  return troubles;
}

std::string status_screen(const StatusAnswers& answers, std::string_view data_dir, bool in_color) {
  const json::object& status = answers.status;
  const bool ready = text_of(status, "ready") == "true";
  const std::string process = text_of(status, "pid");
  std::string out =
      fmt::format("straykey {} on {}{}: {}\n", text_of(status, "version"), terminal_text(data_dir),
                  process.empty() ? "" : ", process " + process,
                  ready ? colored("ready", Color::green, in_color) : colored("not ready", Color::red, in_color));
  const auto sources = by_label(status, "straykey_events_received_total", "source");
  add_line(out, "in",
           counted(sum_of(status, "straykey_events_received_total")) + " events since the start" +
               rate_of(answers, "straykey_events_received_total") + (sources.empty() ? "" : ": " + listed(sources)));
  add_line(
      out, "waits",
      fmt::format("{} calls to be judged, {} bytes in the queues", counted(number_of(status.if_contains("unjudged"))),
                  counted(sum_of(status, "straykey_queue_bytes"))));
  each_series(status, "straykey_s3_waiting_messages", [&](const json::object& labels, double waiting) {
    const std::string source = text_of(labels, "source");
    const double stored = sum_of(status, "straykey_s3_objects_total", {{"source", source}, {"outcome", "stored"}});
    add_line(
        out, "s3",
        fmt::format("{}: {} objects stored, {} messages wait in its queue", source, counted(stored), counted(waiting)));
  });
  add_kafka_lines(out, status);
  if (const std::string text = standby_text(status); !text.empty()) add_line(out, "standby", text);
  for (const json::object& webhook : answers.webhooks) {
    const std::string state = webhook_state(webhook);
    add_line(out, "webhook",
             fmt::format("{}: {} waiting, {}", text_of(webhook, "name"), text_of(webhook, "waiting"),
                         colored(state, color_of(state), in_color)));
  }
  if (!answers.open_alerts.empty())
    add_line(
        out, "alerts",
        counted(number_of(answers.open_alerts.if_contains("alerts"))) + " open" + severities_of(answers.open_alerts));
  const std::vector<Trouble> troubles = troubles_of(answers);
  if (troubles.empty()) add_line(out, "wrong", "nothing");
  for (const Trouble& trouble : troubles) {
    add_line(out, trouble.grave ? "WRONG" : "look at",
             colored(trouble.what, trouble.grave ? Color::red : Color::yellow, in_color));
    out += fmt::format("{:<9}   -> {}\n", "", trouble.remedy);
  }
  return out;
}

}  // namespace straykey
