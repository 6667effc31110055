#include "net/ingest/kafka_source.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <utility>

#include "core/base/cpu.h"
#include "net/kafka/kafka_properties.h"

namespace straykey {
namespace {

constexpr std::size_t kFileBytesMax = std::size_t{1} << 20;  // of a certificate, key or list of authorities

SentText text_of(const KafkaBatch& batch) {
  SentText sent;
  sent.text.reserve(batch.bytes + batch.messages.size());
  for (const KafkaBatch::Message& message : batch.messages) {
    SentText::Item item;
    item.begin = sent.text.size();
    item.size = message.value.size();
    sent.items.push_back(item);
    sent.text += message.value;
    sent.text += '\n';
  }
  return sent;
}

}  // namespace

KafkaSource::KafkaSource(KafkaSourceSettings settings, Dependencies dependencies)
    : settings_(std::move(settings)),
      dependencies_(std::move(dependencies)),
      counters_(dependencies_.metrics, settings_.name),
      in_hand_(settings_.bytes_in_flight_max / 4),
      budget_(std::make_shared<ByteBudget>(settings_.bytes_in_flight_max / 2)) {
  memory_.read(dependencies_.remembered);
}

KafkaSource::~KafkaSource() {
  drain(std::chrono::milliseconds(0));
}

std::string KafkaSource::url() const {
  std::string url = "kafka://" + settings_.brokers + "/";
  for (std::size_t i = 0; i < settings_.topics.size(); ++i) url += (i > 0 ? "," : "") + settings_.topics[i];
  return url;
}

Status KafkaSource::start(Seconds) {
  auto reader = open_reader();
  if (!reader) return Error{"kafka_source " + settings_.name + ": " + reader.error().message};
  reader_ = std::move(reader).value();
  dependencies_.intake.announce(settings_.name);
  working_ = settings_.concurrency;
  for (std::size_t i = 0; i < settings_.concurrency; ++i) threads_.emplace_back([this, i] { work(i); });
  threads_.emplace_back([this] { read(); });
  return {};
}

std::string KafkaSource::content_of(const KafkaProperties& properties) {
  std::string content;
  for (const auto& [name, value] : properties) {
    content += name + "=" + value + "\n";
    if (!is_path_property(name)) continue;
    std::ifstream file(value, std::ios::binary);
    for (char c = 0; content.size() < kFileBytesMax && file.get(c);) content += c;
  }
  return content;
}

Result<std::unique_ptr<KafkaReader>> KafkaSource::open_reader() {
  auto all = dependencies_.properties();
  if (!all) return all.error();
  {
    const std::lock_guard lock(mutex_);
    content_ = content_of(all.value());
    reopens_ = false;
  }
  KafkaReader::Settings settings;
  settings.source = settings_.name;
  settings.client = {settings_.brokers, "straykey-" + dependencies_.installation, std::move(all).value()};
  settings.group = settings_.group.empty() ? settings.client.client_id : settings_.group;
  settings.topics = settings_.topics;
  settings.from_the_end = settings_.from_the_end;
  settings.queued_bytes = settings_.bytes_in_flight_max / 4;
  auto reader = std::make_unique<KafkaReader>(
      std::move(settings), KafkaReader::Dependencies{in_hand_, memory_, counters_, dependencies_.log, dependencies_.now,
                                                     [this] { return reopens_ || stopping(); },
                                                     [this] { (void)reload(0); }, dependencies_.remember});
  if (Status status = reader->open(); !status) return status.error();
  return reader;
}

Status KafkaSource::reload(Seconds) {
  const auto all = dependencies_.properties();
  if (!all) return Error{"kafka_source " + settings_.name + ": " + all.error().message};
  const std::lock_guard lock(mutex_);
  if (content_of(all.value()) != content_) reopens_ = true;
  return {};
}

bool KafkaSource::stopping() const {
  const std::lock_guard lock(mutex_);
  return stopping_;
}

bool KafkaSource::aborting() const {
  const std::lock_guard lock(mutex_);
  return aborting_;
}

// Of the reader; ends early when the source stops.
void KafkaSource::pause(std::chrono::milliseconds wait) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, wait, [this] { return stopping_; });
}

void KafkaSource::read() {
  name_this_thread("kafka " + settings_.name);
  auto wait = kPauseMin;
  while (!stopping()) {
    if (reader_ == nullptr) {
      auto opened = open_reader();
      if (!opened) {
        dependencies_.log.error("the group cannot be joined",
                                {{"source", settings_.name}, {"reason", opened.error().message}});
        pause(wait);
        wait = std::min(2 * wait, kPauseMax);
        continue;
      }
      reader_ = std::move(opened).value();
    }
    wait = kPauseMin;
    reader_->read();
    // At the end workers finish what they have begun first, so that it is committed.
    if (std::unique_lock lock(mutex_); stopping_) changed_.wait(lock, [this] { return working_ == 0 || aborting_; });
    reader_->leave();
    reader_.reset();
  }
}

void KafkaSource::work(std::size_t number) {
  name_this_thread("kafka worker");
  ObjectFeed::Settings settings;
  settings.source = settings_.name;
  settings.desk = dependencies_.first_desk + number;
  settings.limits = settings_.limits;
  const auto wait = [this](std::chrono::milliseconds time) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, time, [this] { return aborting_; });
  };
  ObjectFeed feed(settings, {dependencies_.intake, dependencies_.submit, budget_, counters_.waits,
                             [this] { return aborting(); }, wait});
  while (auto batch = in_hand_.take()) bring(feed, *batch);
  const std::lock_guard lock(mutex_);
  --working_;
  changed_.notify_all();
}

void KafkaSource::bring(ObjectFeed& feed, KafkaBatch& batch) {
  BudgetShare share(budget_);
  if (!feed.reserve(share, batch.bytes)) return in_hand_.finish(batch, false);
  SentText sent = text_of(batch);
  for (KafkaBatch::Message& message : batch.messages) std::string().swap(message.value);
  const ObjectFeed::Outcome outcome = feed.feed(std::move(sent), std::move(share));
  const bool done = outcome.end == ObjectFeed::End::stored || outcome.end == ObjectFeed::End::unreadable;
  in_hand_.finish(batch, done);
  if (!done) return;
  const auto rejected = static_cast<std::size_t>(std::count_if(
      outcome.items.rejects.begin(), outcome.items.rejects.end(), [](const auto& it) { return it.whole; }));
  counters_.count(KafkaMessageEnd::rejected, std::min(rejected, batch.messages.size()));
  counters_.count(KafkaMessageEnd::stored, batch.messages.size() - std::min(rejected, batch.messages.size()));
  if (batch.newest_ms > 0)
    counters_.lag_s.set(static_cast<double>(std::max<Seconds>(0, dependencies_.now() - batch.newest_ms / 1'000)));
}

bool KafkaSource::drain(std::chrono::milliseconds grace) {
  bool all = true;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
  }
  in_hand_.stop();
  {
    std::unique_lock lock(mutex_);
    all = changed_.wait_for(lock, grace, [this] { return working_ == 0; });
    aborting_ = true;
    changed_.notify_all();
  }
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  return all;
}

}  // namespace straykey
