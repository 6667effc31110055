#include "tests/crash/power_cut/power_cut_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "core/detect/formats/standard_webhooks.h"
#include "core/detect/message.h"
#include "core/engine/inline_pipeline.h"
#include "storage/store_check.h"
#include "tests/crash/power_cut/power_cut_workload.h"
#include "tests/support/calls.h"

namespace straykey {

void Promised::take_mark(const std::string& mark) {
  std::istringstream in(mark);
  std::string kind, id;
  in >> kind >> id;
  if (kind == "acked") acked.insert(std::stoi(id));
  if (kind == "taken") taken.insert(id);
  if (kind == "posted") in >> posted[id];
}

PowerCutCheck::PowerCutCheck(const PowerCutStory& story, unsigned shards, const std::string& alerts_file)
    : story_(story), shards_(shards) {
  std::map<std::pair<std::string, std::string>, std::string> ids;
  std::ifstream in(alerts_file);
  std::string id, analytic, identity;
  while (in >> id >> analytic >> identity) {
    if (!ids.emplace(std::pair(analytic, identity), id).second)
      full_run_ = "two alerts of " + analytic + ' ' + identity;
    alerts_.insert(id);
  }
  std::size_t called_for = 0;
  for (int number = 0; number < story.requests; ++number) {
    for (const PowerCutStory::Lesson& lesson : story.lessons(number)) {
      Lesson& own = lessons_.emplace_back(Lesson{lesson.needs, {}, {}});
      for (const auto& fact : lesson.facts)
        own.facts.emplace_back(fact_key(kPowerCutHashKey, {fact.kind, fact.scope, fact.value}), fact.day);
      for (const auto& alert : lesson.alerts) {
        ++called_for;
        const auto found = ids.find(alert);
        if (found == ids.end()) full_run_ = "no alert of " + alert.first + ' ' + alert.second;
        own.alerts.push_back(found == ids.end() ? std::string() : found->second);
      }
    }
  }
  if (full_run_.empty() && called_for != alerts_.size())
    full_run_ = fmt::format("{} alerts where {} are called for", alerts_.size(), called_for);
}

std::string PowerCutCheck::full_run() const {
  return full_run_;
}

std::string PowerCutCheck::check_facts(DataDirectory& store, const Promised& promised) const {
  std::unordered_map<std::string, Presence> stored;
  for (const auto& partition : store.partitions()) {
    const auto reader = partition->read();
    reader->scan(Table::facts, {}, {}, [&](std::string_view key, std::string_view value) {
      if (const auto fact = decode_fact(value)) stored[std::string(key)].merge(fact->fact.presence);
      return true;
    });
    if (!reader->failure().empty()) return std::string(reader->failure());
  }
  for (const Lesson& lesson : lessons_) {
    if (!std::all_of(lesson.needs.begin(), lesson.needs.end(), [&](int n) { return promised.acked.contains(n); }))
      continue;
    for (const auto& [key, day] : lesson.facts) {
      const auto found = stored.find(key);
      if (found == stored.end() || !found->second.seen_on(day))
        return fmt::format("a fact of the acknowledged request {} is lost", lesson.needs.back());
    }
  }
  return {};
}

std::string PowerCutCheck::check_alerts(DataDirectory& store, const Promised& promised, bool all) const {
  std::map<std::string, std::uint64_t> stored;
  std::set<std::string> waiting;
  const auto reader = store.alerts().read();
  reader->scan(Table::alerts, {}, {}, [&](std::string_view key, std::string_view value) {
    const auto alert = decode_message(value);
    if (alert) stored[Hash128::from_bytes(key.data()).hex()] = hash64(kFixedHashKey, standard_webhooks_body(*alert));
    return alert.has_value();
  });
  reader->scan(Table::outbox, {}, {}, [&](std::string_view key, std::string_view) {
    waiting.insert(Hash128::from_bytes(key.data() + 16).hex());
    return true;
  });
  if (!reader->failure().empty()) return std::string(reader->failure());
  for (const auto& [id, body] : stored) {
    if (!alerts_.contains(id)) return "alert " + id + " is not called for";
    if (!waiting.contains(id) && !promised.taken.contains(id)) return "alert " + id + " will never be delivered";
  }
  for (const auto& [id, body] : promised.posted) {
    const auto found = stored.find(id);
    if (found == stored.end()) return "alert " + id + " was posted and is not stored";
    if (found->second != body) return "alert " + id + " has another body than the one posted";
  }
  for (const Lesson& lesson : lessons_) {
    const bool certain =
        all || std::all_of(lesson.needs.begin(), lesson.needs.end(), [&](int n) { return promised.acked.contains(n); });
    for (const std::string& id : lesson.alerts)
      if (certain && !stored.contains(id))
        return fmt::format("alert {} of the acknowledged request {} is lost", id, lesson.needs.back());
  }
  return {};
}

std::string PowerCutCheck::check_opened(DataDirectory& store, const Promised& promised, bool finish) const {
  if (std::string wrong = check_facts(store, promised); !wrong.empty()) return wrong;
  Metrics metrics;
  DetectionSettings detection;
  detection.activation_days = 0;
  std::vector<BaselineStore*> partitions;
  for (const auto& partition : store.partitions()) partitions.push_back(partition.get());
  InlinePipeline pipeline(
      store.hash_key(), shards_, detection, {partitions, &store.alerts()},
      {{kPowerCutEndpoint, Severity::informational, {}, {}}}, [](const Delivery&) {}, metrics);
  if (pipeline.judge_all() != CommitOutcome::committed) return "what was left could not be judged";
  if (std::string wrong = check_alerts(store, promised, false); !wrong.empty()) return wrong;
  if (!finish) return {};
  const auto networks = test_networks();
  for (int number = 0; number < story_.requests; ++number) {
    const auto request = story_.request(number);
    if (pipeline.learn(*request, *networks) != RequestOutcome::committed) return "a request could not be learned";
    if (pipeline.judge(*request) != CommitOutcome::committed) return "a request could not be judged";
  }
  std::string wrong = check_alerts(store, promised, true);
  return wrong.empty() ? wrong : "sent again: " + wrong;
}

std::string PowerCutCheck::check(const std::string& directory, const Promised& promised, bool finish) const {
  std::vector<std::string> environments;
  {
    auto opened = DataDirectory::open({.path = directory,
                                       .shards = shards_,
                                       .new_hash_key = kPowerCutHashKey,
                                       .map_bytes = kPowerCutMapBytes,
                                       .disk_free_bytes_min = 0});
    if (!opened) return opened.error().message;
    environments = (*opened)->environment_names();
    if (std::string wrong = check_opened(**opened, promised, finish); !wrong.empty()) return wrong;
  }
  std::string damage;
  for (const std::string& name : environments)
    (void)check_environment(
        directory + '/' + name, name == "merger" ? Table::alerts : Table::facts, WalkReach::rows,
        {.on_row = {}, .on_damage = [&](const std::string& it) { damage = it; }, .on_progress = {}});
  return damage;
}

}  // namespace straykey
