#include "tests/scenarios/scenario_runner.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <memory>
#include <set>
#include <variant>

#include "core/detect/alert_state.h"
#include "core/detect/known_things.h"
#include "core/detect/message.h"
#include "core/engine/inline_pipeline.h"
#include "core/engine/memory_store.h"
#include "core/event/cloudtrail.h"
#include "core/event/reject_reason.h"
#include "core/operate/alert_answers.h"
#include "tests/scenarios/scenario_records.h"

namespace straykey {
namespace {

namespace json = boost::json;

constexpr HashKey kHashKey{0x5ce4a210, 0x7e57};

struct Raised {
  std::string key;  // in Table::alerts
  int line = 0;     // of the step that raised it
  json::object document;

  [[nodiscard]] std::string text(std::string_view name) const {
    const json::value* value = document.if_contains(name);
    return value != nullptr && value->is_string() ? std::string(value->as_string()) : std::string();
  }
  [[nodiscard]] std::string text(std::string_view object, std::string_view name) const {
    const json::value* value = document.if_contains(object);
    const json::value* inner = value != nullptr && value->is_object() ? value->as_object().if_contains(name) : nullptr;
    return inner != nullptr && inner->is_string() ? std::string(inner->as_string()) : std::string();
  }
  [[nodiscard]] bool is_activation_report() const { return document.contains("pairs"); }
  [[nodiscard]] bool is_contradiction() const { return document.contains("alert_id"); }
  [[nodiscard]] bool is_summary() const { return !document.contains("variation") && !is_activation_report(); }
  [[nodiscard]] std::string shown() const {
    if (is_summary())
      return fmt::format("summary {} identity={} suppressed={}", text("analytic"), text("identity"),
                         document.at("suppressed").to_number<int>());
    if (is_contradiction()) return fmt::format("contradicted {} identity={}", text("variation"), text("identity"));
    return fmt::format("{} {} identity={} network={} tool={} first seen {}", text("variation"), text("severity"),
                       text("identity"), text("network"), text("user_agent", "tool"), text("first_seen")) +
           (document.contains("known") ? " known=" + text("known") : "");
  }
};

// "orders-fn" is the identity "111122223333/orders/orders-fn".
bool names_identity(std::string_view identity, std::string_view wanted) {
  return identity == wanted || identity.ends_with(std::string("/").append(wanted));
}

std::string list_of(const std::vector<Raised>& alerts) {
  if (alerts.empty()) return "nothing";
  std::string out;
  for (const Raised& alert : alerts) out += (out.empty() ? "" : "; ") + alert.shown();
  return out;
}

std::optional<int> number_in(const std::string& text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

class ScenarioRun {
 public:
  ScenarioRun(const Scenario& scenario, std::uint32_t shards) : scenario_(scenario), shards_(shards) {
    inputs_.aws_ranges_created = static_cast<Seconds>(day_number(400)) * kSecondsPerDay;
    for (std::uint32_t shard = 0; shard < shards; ++shard)
      partitions_.push_back(std::make_unique<MemoryBaselineStore>());
  }

  std::vector<std::string> run() {
    for (const Step& step : scenario_.steps) {
      if (step.kind != Step::Kind::expect && step.kind != Step::Kind::acknowledge) no_more_expected();
      if (const Status status = run(step); !status) {
        fail(step.line, status.error().message);
        break;
      }
    }
    no_more_expected();
    return std::move(failures_);
  }

 private:
  Status run(const Step& step) {
    switch (step.kind) {
      case Step::Kind::networks:
        return run_networks(step);
      case Step::Kind::ranges:
        return run_ranges(step);
      case Step::Kind::accounts:
        return run_accounts(step);
      case Step::Kind::settings:
        return run_settings(step);
      case Step::Kind::background:
        return run_background(step);
      case Step::Kind::events:
        return run_events(step);
      case Step::Kind::expect:
        return run_expect(step);
      case Step::Kind::acknowledge:
        return run_acknowledge(step);
      case Step::Kind::known:
        return run_known(step);
      case Step::Kind::restart:
        pipeline_.reset();
        return {};
    }
    return {};
  }

  Status run_networks(const Step& step);
  Status run_ranges(const Step& step);
  Status run_accounts(const Step& step);
  Status run_settings(const Step& step);
  Status run_known(const Step& step);
  Status run_background(const Step& step);
  Status run_events(const Step& step);
  Status run_expect(const Step& step);
  Status run_acknowledge(const Step& step);
  Status send(const std::vector<std::string>& records, Seconds now, int line);
  Status expect_occurrences(const Step& step, int wanted);
  Status expect_activated(const Step& step);

  void start();
  void collect(int line);
  void no_more_expected();
  [[nodiscard]] bool matches_summary(const Raised& alert, const Step& step) const;
  [[nodiscard]] static bool matches_campaign(const Raised& alert, std::string_view name, const std::string& value);
  [[nodiscard]] bool matches(const Raised& alert, const Step& step) const;
  [[nodiscard]] const Raised* last_like(const Step& step) const;
  void fail(int line, std::string_view what) {
    failures_.push_back(fmt::format("{}:{}: {}", scenario_.path, line, what));
  }

  const Scenario& scenario_;
  std::uint32_t shards_;
  DetectionSettings settings_;
  NetworkInputs inputs_;
  std::unique_ptr<NetworkMap> networks_;
  std::vector<std::unique_ptr<MemoryBaselineStore>> partitions_;
  MemoryAlertStore alerts_;
  Metrics metrics_;
  RecordParser parser_;
  std::unique_ptr<InlinePipeline> pipeline_;  // from the first events on
  std::set<std::string> known_;               // keys of Table::alerts
  std::vector<Raised> raised_;                // all so far
  std::vector<Raised> open_;                  // raised and not yet expected
  std::vector<std::string> failures_;
};

// A change of networks, like a restart, makes the workers forget what they remembered of the store.
Status ScenarioRun::run_networks(const Step& step) {
  pipeline_.reset();
  for (std::size_t i = 0; i + 1 < step.words.size(); i += 2) {
    const auto prefix = parse_prefix(step.words[i]);
    if (!prefix) return Error{fmt::format("\"{}\" is no network", step.words[i])};
    const std::string& label = step.words[i + 1];
    if (label == "AWS") {
      inputs_.aws_ranges.push_back(*prefix);
    } else if (label == "trusted") {
      inputs_.trusted.push_back(*prefix);
    } else if (label == "untrusted") {
      inputs_.untrusted.push_back(*prefix);
    } else if (const auto asn = label.starts_with("AS") ? number_in(label.substr(2)) : std::nullopt) {
      AsnRange range{prefix->first, prefix->last(), static_cast<std::uint32_t>(*asn), {}};
      const bool has_name = i + 2 < step.words.size() && !parse_prefix(step.words[i + 2]);
      if (has_name) range.name = step.words[i++ + 2];
      inputs_.asns.push_back(range);
    } else {
      return Error{fmt::format("\"{}\" is not AWS, ASn, trusted or untrusted", label)};
    }
  }
  networks_.reset();
  return {};
}

Status ScenarioRun::run_ranges(const Step& step) {
  pipeline_.reset();
  networks_.reset();
  if (step.words.size() == 1 && step.words[0] == "builtin") {
    inputs_.aws_ranges.clear();
    inputs_.aws_ranges_created.reset();
    return {};
  }
  const auto day = step.words.size() == 2 && step.words[0] == "day" ? number_in(step.words[1]) : std::nullopt;
  if (!day) return Error{"write: ranges builtin, or: ranges day 5"};
  inputs_.aws_ranges_created = static_cast<Seconds>(day_number(*day)) * kSecondsPerDay;
  return {};
}

Status ScenarioRun::run_accounts(const Step& step) {
  if (pipeline_) return Error{"accounts come before the first day"};
  settings_.accounts.insert(step.words.begin(), step.words.end());
  return {};
}

Status ScenarioRun::run_settings(const Step& step) {
  if (pipeline_) return Error{"settings come before the first day"};
  for (const auto& [name, value] : step.attributes.pairs()) {
    const int number = number_in(value).value_or(-1);
    if (name == "activation_days" && number >= 0) {
      settings_.activation_days = number;
    } else if (name == "training_days" && number > 0) {
      settings_.training_days = number;
    } else if (name == "dedup_days" && number > 0) {
      settings_.dedup_days = number;
    } else if (name == "flood_max" && number > 0) {
      settings_.flood_max = static_cast<std::uint64_t>(number);
    } else if (name == "identity_alerts_max" && number > 0) {
      settings_.identity_alerts_max = static_cast<std::uint64_t>(number);
    } else if (name == "broker") {
      settings_.brokers.insert(value);
    } else if (name == "ec2" && (value == "on" || value == "off")) {
      settings_.ec2 = value == "on";
    } else if (name == "kubernetes" && (value == "on" || value == "off")) {
      settings_.kubernetes = value == "on";
    } else if (const auto severity = severity_from(value); severity && catalogue_entry_by_id(name) != nullptr) {
      settings_.severities[name] = *severity;
    } else {
      return Error{fmt::format("\"{}={}\" is no setting", name, value)};
    }
  }
  return {};
}

// A changed configuration takes a restart.
Status ScenarioRun::run_known(const Step& step) {
  pipeline_.reset();
  if (step.words.size() != 1) return Error{"write: known <name> identity=... tool=..., or: known nothing"};
  if (step.words[0] == "nothing") {
    settings_.known.clear();
    return {};
  }
  KnownThing known{.name = step.words[0],
                   .identity = step.attributes.get("identity"),
                   .network = step.attributes.get("network"),
                   .tool = step.attributes.get("tool"),
                   .platform = step.attributes.get("platform"),
                   .reason = "a scenario"};
  if (const auto until = number_in(step.attributes.get("until"))) known.until = day_number(*until);
  if (const std::string objection = objection_to_known(known); !objection.empty()) return Error{objection};
  settings_.known.push_back(std::move(known));
  return {};
}

void ScenarioRun::start() {
  if (!networks_) {
    NetworkInputs inputs = inputs_;
    // Without a line that says AWS one documentation range is AWS; the built-in table only where `ranges builtin` asks
    // for it.
    if (inputs.aws_ranges.empty() && inputs.aws_ranges_created)
      inputs.aws_ranges.push_back(*parse_prefix("192.0.2.0/24"));
    networks_ = std::make_unique<NetworkMap>(std::move(inputs));
  }
  if (pipeline_) return;
  InlinePipeline::Stores stores;
  for (const auto& partition : partitions_) stores.partitions.push_back(partition.get());
  stores.alerts = &alerts_;
  pipeline_ = std::make_unique<InlinePipeline>(
      kHashKey, shards_, settings_, stores, std::vector<WebhookRoute>{}, [](Delivery) {}, metrics_);
}

Status ScenarioRun::send(const std::vector<std::string>& records, Seconds now, int line) {
  if (records.empty()) return {};
  start();
  Request request;
  request.received_at = now;
  for (const std::string& record : records) {
    auto parsed = parser_.parse(request.arena.adopt(record), request.arena, now);
    if (const auto* reason = std::get_if<RejectReason>(&parsed))
      return Error{fmt::format("the record was rejected: {}", name_of(*reason))};
    request.events.push_back(std::get<Event>(parsed));
  }
  if (pipeline_->learn(request, *networks_) != RequestOutcome::committed) return Error{"a shard did not commit"};
  if (pipeline_->judge(request) != CommitOutcome::committed)
    return Error{"the merger did not commit: " + pipeline_->merger().failure()};
  collect(line);
  return {};
}

Status ScenarioRun::run_background(const Step& step) {
  for (const int day : step.days) {
    const std::string record = background_record(day, step.attributes.get("account", kScenarioAccount));
    if (Status status = send({record}, static_cast<Seconds>(day_number(day) + 1) * kSecondsPerDay, step.line); !status)
      return status;
  }
  return {};
}

Status ScenarioRun::run_events(const Step& step) {
  for (const int day : step.days) {
    DayRecords records;
    int received = day;
    for (const EventLine& line : step.events) {
      const std::string when = line.attributes.get("received");
      if (!when.empty()) received = number_in(when).value_or(day);
      if (const Status status = add_records(line, day, records); !status) {
        fail(line.line, status.error().message);
        return {};
      }
    }
    // Received at the end of its day, or at noon of the day that `received` names.
    const Seconds now = static_cast<Seconds>(day_number(received)) * kSecondsPerDay +
                        (received == day ? kSecondsPerDay : kSecondsPerDay / 2);
    if (Status status = send(records.request, now, step.line); !status) return status;
    if (Status status = send(records.later_request, now, step.line); !status) return status;
  }
  return {};
}

void ScenarioRun::collect(int line) {
  const auto reader = alerts_.read();
  reader->scan(Table::alerts, {}, {}, [&](std::string_view key, std::string_view value) {
    if (!known_.insert(std::string(key)).second) return true;
    const auto stored = decode_message(value);
    if (!stored) {
      fail(line, "an alert was stored that cannot be read");
      return true;
    }
    raised_.push_back({std::string(key), line, json::parse(message_document(*stored)).as_object()});
    const auto row = reader->get(Table::alert_state, key);
    if (const auto state = row ? decode_alert_state(*row) : std::nullopt; state && !state->known.empty())
      raised_.back().document["known"] = state->known.front();
    if (!raised_.back().is_activation_report()) open_.push_back(raised_.back());
    return true;
  });
}

void ScenarioRun::no_more_expected() {
  for (const Raised& alert : open_) fail(alert.line, "no alert was expected, but came: " + alert.shown());
  open_.clear();
}

// "summary", the analytic, and how many hits of which identity it counts.
bool ScenarioRun::matches_summary(const Raised& alert, const Step& step) const {
  if (!alert.is_summary() || step.words.size() != 2 || alert.text("analytic") != step.words[1]) return false;
  for (const auto& [name, value] : step.attributes.pairs()) {
    if (name == "identity" && (!alert.document.contains("identity") || !names_identity(alert.text("identity"), value)))
      return false;
    if (name == "suppressed" && alert.document.at("suppressed").to_number<int>() != number_in(value)) return false;
  }
  return true;
}

// Whether the alert's place in its campaign is as the attribute says; true if the attribute says nothing of it.
bool ScenarioRun::matches_campaign(const Raised& alert, std::string_view name, const std::string& value) {
  if (name != "identities" && name != "notify" && name != "since" && name != "campaign" && name != "declare")
    return true;
  const json::object& campaign = alert.document.at("campaign").as_object();
  if (name == "identities") return campaign.at("identities").to_number<int>() == number_in(value);
  if (name == "notify") return campaign.at("notify").as_bool() == (value == "yes");
  if (name == "since")
    return alert.text("campaign", "first_day") == format_day(day_number(number_in(value).value_or(1)));
  return alert.text("campaign", name == "campaign" ? "subject" : name) == value;
}

// The words of an expectation: variation and severity; any of them and of the attributes may be left out.
bool ScenarioRun::matches(const Raised& alert, const Step& step) const {
  if (!step.words.empty() && step.words[0] == "summary") return matches_summary(alert, step);
  const bool contradicted = !step.words.empty() && step.words[0] == "contradicted";
  if (contradicted != alert.is_contradiction()) return false;
  if (contradicted) {
    const auto same = [&](std::string_view name) {
      const auto wanted = step.attributes.find(name);
      return !wanted || names_identity(alert.text(name), *wanted);
    };
    return step.words.size() == 2 && alert.text("variation") == step.words[1] && same("identity") && same("service");
  }
  if (alert.is_summary() || alert.is_activation_report()) return false;
  if (!step.words.empty() && alert.text("variation") != step.words[0]) return false;
  if (step.words.size() > 1 && alert.text("severity") != step.words[1]) return false;
  if (alert.text("known") != step.attributes.get("known")) return false;
  for (const auto& [name, value] : step.attributes.pairs()) {
    if (name == "identity" && !names_identity(alert.text("identity"), value)) return false;
    if (name == "network" && alert.text("network") != value) return false;
    if (name == "tool" && alert.text("user_agent", "tool") != value) return false;
    if (name == "proof" && alert.text("token", "proof") != value) return false;
    if (name == "account" && alert.text("account") != value) return false;
    if (name == "chain" && alert.text("token", "chain") != value) return false;
    if (name == "capped" && alert.document.at("limits").as_array().empty() == (value == "yes")) return false;
    if (name == "day" && alert.text("first_seen").substr(0, 10) != format_day(day_number(number_in(value).value_or(1))))
      return false;
    if (name == "says") {
      const json::array& why = alert.document.at("why").as_array();
      const bool said = std::any_of(why.begin(), why.end(), [&](const json::value& sentence) {
        return std::string_view(sentence.as_string()).find(value) != std::string_view::npos;
      });
      if (!said) return false;
    }
    if (!matches_campaign(alert, name, value)) return false;
    if (name == "names") {
      const json::array& related = alert.document.at("related").as_array();
      const bool named = std::any_of(related.begin(), related.end(), [&](const json::value& other) {
        return std::any_of(raised_.begin(), raised_.end(), [&](const Raised& earlier) {
          return earlier.text("id") == other.at("id").as_string() && earlier.text("variation") == value;
        });
      });
      if (!named) return false;
    }
  }
  return true;
}

const Raised* ScenarioRun::last_like(const Step& step) const {
  const auto found =
      std::find_if(raised_.rbegin(), raised_.rend(), [&](const Raised& alert) { return matches(alert, step); });
  return found == raised_.rend() ? nullptr : &*found;
}

Status ScenarioRun::expect_occurrences(const Step& step, int wanted) {
  const Raised* alert = last_like(step);
  if (alert == nullptr) return Error{"no such alert was raised before"};
  start();
  if (pipeline_->flush() != CommitOutcome::committed) return Error{"the counts could not be written"};
  const auto reader = alerts_.read();
  const auto stored = reader->get(Table::alert_state, alert->key);
  const auto state = stored ? decode_alert_state(*stored) : std::nullopt;
  if (!state) return Error{"the alert has no state"};
  if (state->occurrences != static_cast<std::uint64_t>(wanted))
    fail(step.line, fmt::format("expected {} occurrences, came {}: {}", wanted, state->occurrences, alert->shown()));
  return {};
}

// Reports of activation need not be expected; the latest of the account is meant.
Status ScenarioRun::expect_activated(const Step& step) {
  const std::string account = step.attributes.get("account", kScenarioAccount);
  const auto report = std::find_if(raised_.rbegin(), raised_.rend(), [&](const Raised& raised) {
    return raised.is_activation_report() && raised.text("account") == account;
  });
  const std::string day = step.attributes.has("day")
                              ? format_day(day_number(number_in(step.attributes.get("day")).value_or(1)))
                              : std::string();
  if (report == raised_.rend()) {
    fail(step.line, fmt::format("expected that account {} is active, it is not", account));
  } else if (!day.empty() && report->text("day") != day) {
    fail(step.line, fmt::format("expected activation on {}, came {}", day, report->text("day")));
  } else if (const auto pairs = step.attributes.find("pairs")) {
    const std::string came = json::serialize(report->document.at("pairs_total"));
    if (came != *pairs) fail(step.line, fmt::format("expected {} pairs in the report, came {}", *pairs, came));
  }
  return {};
}

Status ScenarioRun::run_expect(const Step& step) {
  if (step.words.size() == 1 && step.words[0] == "activated") return expect_activated(step);
  if (step.words.size() == 1 && step.words[0] == "nothing") {
    if (!open_.empty()) fail(step.line, "expected nothing, came: " + list_of(open_));
    open_.clear();
    return {};
  }
  if (const auto wanted = step.attributes.find("occurrences")) {
    const auto number = number_in(*wanted);
    if (!number) return Error{"occurrences is a number"};
    return expect_occurrences(step, *number);
  }
  const bool known = !step.words.empty() && (step.words[0] == "summary" || step.words[0] == "contradicted" ||
                                             catalogue_entry_by_id(step.words[0]) != nullptr);
  if (!known || step.words.size() != 2) return Error{"write: expect nothing, or: expect <variation> <severity> ..."};
  const auto found =
      std::find_if(open_.begin(), open_.end(), [&](const Raised& alert) { return matches(alert, step); });
  if (found == open_.end()) {
    fail(step.line, fmt::format("expected {} {}, came: {}", step.words[0], step.words[1], list_of(open_)));
  } else {
    open_.erase(found);
  }
  return {};
}

Status ScenarioRun::run_acknowledge(const Step& step) {
  const Raised* alert = last_like(step);
  if (alert == nullptr) return Error{"no such alert was raised before"};
  start();
  const Seconds now = static_cast<Seconds>(day_number(1)) * kSecondsPerDay;
  const auto change = acknowledge(kHashKey, {Hash128::from_bytes(alert->key.data()), "ours"}, now);
  const ChangeOutcome outcome = pipeline_->carry_out(*change);
  if (outcome.kind != ChangeOutcome::Kind::done)
    return Error{"the alert could not be acknowledged: " + outcome.sentence};
  return {};
}

}  // namespace

std::vector<std::string> run_scenario(const Scenario& scenario, std::uint32_t shards) {
  return ScenarioRun(scenario, shards).run();
}

}  // namespace straykey
