#include "tests/crash/power_cut/power_cut_workload.h"

#include <fmt/format.h>

#include <atomic>
#include <boost/json.hpp>
#include <cstdio>
#include <deque>
#include <fstream>
#include <mutex>
#include <random>
#include <thread>

#include "core/detect/message.h"
#include "core/engine/pipeline.h"
#include "storage/data_directory.h"
#include "tests/crash/power_cut/disk_log.h"
#include "tests/support/calls.h"

namespace straykey {
namespace {

constexpr int kInFlightMax = 6;
constexpr Seconds kNow = 1'711'900'000;  // after all days of the story

// One life of the server.
class Life {
 public:
  Life(const PowerCutStory& story, const std::string& directory, unsigned shards) : story_(story) {
    auto opened = DataDirectory::open({.path = directory,
                                       .shards = shards,
                                       .new_hash_key = kPowerCutHashKey,
                                       .map_bytes = kPowerCutMapBytes,
                                       .disk_free_bytes_min = 0});
    if (!opened) {
      std::fprintf(stderr, "%s\n", opened.error().message.c_str());
      return;
    }
    data_ = std::move(opened).value();
    detection_.activation_days = 0;
    Pipeline::Dependencies dependencies;
    Pipeline::Callbacks callbacks;
    for (const auto& partition : data_->partitions()) dependencies.partitions.push_back(partition.get());
    dependencies.alerts = &data_->alerts();
    dependencies.routes = {{kPowerCutEndpoint, Severity::informational, {}, {}}};
    callbacks.deliver = [this](const Delivery& delivery) { post(delivery); };
    callbacks.uptime = [] { return 0.0; };
    callbacks.on_fatal = [this](const std::string& why) {
      std::fprintf(stderr, "%s\n", why.c_str());
      failed_ = true;
    };
    dependencies.metrics = &metrics_;
    dependencies.log = &log_;
    Pipeline::Settings settings;
    settings.hash_key = data_->hash_key();
    settings.shards = shards;
    settings.pin_workers = false;
    settings.commit_wait_us = 500;
    settings.flush_seconds = 1'000'000;
    dependencies.networks = test_networks();
    pipeline_ = std::make_unique<Pipeline>(settings, detection_, dependencies, callbacks);
    ready_ = pipeline_->start() == CommitOutcome::committed;
  }
  ~Life() {
    if (pipeline_) pipeline_->stop();
  }
  Life(const Life&) = delete;
  Life& operator=(const Life&) = delete;

  [[nodiscard]] bool ready() const noexcept { return ready_; }
  [[nodiscard]] DataDirectory& store() noexcept { return *data_; }

  // Days one after the other, a few requests at once within a day.
  bool send(int from, int to) {
    for (int number = from; number < to && !failed_; ++number) {
      while (!failed_ && (in_flight_.load() >= kInFlightMax ||
                          (number > 0 && story_.day(number) != story_.day(number - 1) && in_flight_.load() > 0))) {
        answer_posts();
        std::this_thread::yield();
      }
      // Every second one twice: the copy finds nothing new, and must wait for the first all the same.
      for (int copies = 1 + number % 2; copies > 0; --copies)
        if (!submit(number)) return false;
      answer_posts();
    }
    while (in_flight_.load() > 0) std::this_thread::yield();
    answer_posts();
    return !failed_;
  }

 private:
  bool submit(int number) {
    auto request = story_.request(number);
    request->on_done = [this, number](RequestOutcome outcome) {
      if (outcome == RequestOutcome::committed) mark_disk_log(fmt::format("acked {}", number));
      failed_ = failed_ || outcome != RequestOutcome::committed;
      --in_flight_;
    };
    ++in_flight_;
    return pipeline_->submit(request) == SubmitResult::accepted;
  }
  // The merger hands it over: the endpoint reads it at once and answers later.
  void post(const Delivery& delivery) {
    mark_disk_log(fmt::format("posted {} {}", delivery.alert_id.hex(), hash64(kFixedHashKey, delivery.body)));
    const std::lock_guard lock(mutex_);
    posts_.push_back(delivery.alert_id);
  }
  void answer_posts() {
    const std::lock_guard lock(mutex_);
    while (posts_.size() > 3) {
      const Hash128 id = posts_.front();
      posts_.pop_front();
      const bool taken = random_() % 5 != 0;
      if (taken) mark_disk_log("taken " + id.hex());
      pipeline_->report({kPowerCutEndpoint, id, taken ? DeliveryOutcome::Kind::delivered : DeliveryOutcome::Kind::retry,
                         1, kNow, static_cast<std::uint16_t>(taken ? 204 : 503), taken ? "" : "refused"});
    }
  }

  const PowerCutStory& story_;
  std::unique_ptr<DataDirectory> data_;
  DetectionSettings detection_;
  Metrics metrics_;
  Log log_{{.level = LogLevel::error, .json = false}};
  std::unique_ptr<Pipeline> pipeline_;
  std::mutex mutex_;
  std::deque<Hash128> posts_;
  std::mt19937_64 random_{story_.seed};
  std::atomic<int> in_flight_{0};
  std::atomic<bool> failed_{false};
  bool ready_ = false;
};

bool write_alerts(DataDirectory& store, const std::string& path) {
  std::ofstream out(path);
  const auto reader = store.alerts().read();
  reader->scan(Table::alerts, {}, {}, [&](std::string_view key, std::string_view value) {
    const auto alert = decode_message(value);
    if (!alert) return false;
    const boost::json::value document = boost::json::parse(message_document(*alert));
    out << Hash128::from_bytes(key.data()).hex() << ' ' << std::string_view(document.at("analytic").as_string()) << ' '
        << std::string_view(document.at("identity").as_string()) << '\n';
    return true;
  });
  return reader->failure().empty() && out.flush().good();
}

}  // namespace

int run_power_cut_workload(const PowerCutStory& story, const std::string& directory, unsigned shards,
                           const std::string& alerts_file) {
  const int middle = story.requests / 2;
  {
    Life first(story, directory, shards);
    if (!first.ready() || !first.send(0, middle)) return 1;
  }
  {
    Life second(story, directory, shards + 1);
    if (!second.ready() || !second.send(middle, story.requests)) return 1;
  }
  Life last(story, directory, shards + 1);  // which finds everything judged
  return last.ready() && write_alerts(last.store(), alerts_file) ? 0 : 1;
}

}  // namespace straykey
