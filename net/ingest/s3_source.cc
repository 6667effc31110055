#include "net/ingest/s3_source.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/base/cpu.h"
#include "net/ingest/trail_object.h"

namespace straykey {
namespace {

constexpr int kWaitS = 20;                         // as long as SQS waits for messages
constexpr std::chrono::milliseconds kTick{1'000};  // of who keeps messages invisible
constexpr int kTicksBetweenLooks = 30;             // at how much is waiting

std::string region_of(const S3SourceSettings& settings) {
  if (!settings.place.region.empty()) return settings.place.region;
  const auto queue = parse_queue_url(settings.queue_url);
  return queue ? queue.value().region : std::string();
}

}  // namespace

S3Source::S3Source(S3SourceSettings settings, Dependencies dependencies)
    : settings_(std::move(settings)),
      dependencies_(std::move(dependencies)),
      region_(region_of(settings_)),
      counters_(dependencies_.metrics, settings_.name),
      budget_(std::make_shared<ByteBudget>(settings_.bytes_in_flight_max)),
      in_hand_(std::max<std::size_t>(SqsQueue::kMessagesMax, 4 * settings_.concurrency)) {}

S3Source::~S3Source() {
  drain(std::chrono::milliseconds(0));
}

Status S3Source::start(Seconds) {
  const auto failed = [this](const std::string& why) {
    return Error{fmt::format("s3_source {}: {}", settings_.name, why)};
  };
  if (region_.empty()) return failed("queue_url does not say the Region, and region is not set");
  auto trust = TlsTrust::in_authorities(settings_.ca_file);
  if (!trust) return failed(trust.error().message);
  trust_ = trust.value();
  dependencies_.intake.announce(settings_.name);
  (void)reload(0);
  working_ = settings_.concurrency;
  for (std::size_t i = 0; i < settings_.concurrency; ++i) threads_.emplace_back([this, i] { work(i); });
  threads_.emplace_back([this] { receive(); });
  threads_.emplace_back([this] { keep(); });
  return {};
}

Status S3Source::reload(Seconds) {
  if (credentials_ != nullptr) {
    credentials_->forget();
    return {};
  }
  CredentialSettings settings = settings_.credentials;
  settings.place = settings_.place;
  settings.place.region = region_;
  CredentialSurroundings surroundings{dependencies_.environment, dependencies_.now, trust_,
                                      [this] { return aborting(); }};
  credentials_ = std::make_unique<AwsCredentialKeeper>(
      [settings, surroundings] { return find_credentials(settings, surroundings); }, dependencies_.now);
  return {};
}

bool S3Source::stopping() const {
  const std::lock_guard lock(mutex_);
  return stopping_;
}

bool S3Source::aborting() const {
  const std::lock_guard lock(mutex_);
  return aborting_;
}

void S3Source::pause(std::chrono::milliseconds wait, bool until_abort) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, wait, [&] { return aborting_ || (stopping_ && !until_abort); });
}

AwsCaller::Dependencies S3Source::aws(bool until_abort) {
  return {*credentials_,
          trust_,
          dependencies_.now,
          [this, until_abort](std::chrono::milliseconds wait) { pause(wait, until_abort); },
          [this, until_abort] { return until_abort ? aborting() : stopping(); },
          counters_.retries};
}

S3Worker::Settings S3Source::worker_settings(std::size_t number) const {
  S3Worker::Settings settings{settings_.name,
                              settings_.queue_url,
                              region_,
                              settings_.place,
                              settings_.prefix,
                              settings_.object_bytes_max,
                              dependencies_.calls,
                              {}};
  settings.place.region = region_;
  settings.feed.source = settings_.name;
  settings.feed.desk = dependencies_.first_desk + number;
  settings.feed.limits = settings_.limits;
  return settings;
}

void S3Source::work(std::size_t number) {
  name_this_thread("s3 " + settings_.name);
  ObjectFeed::Dependencies feed{dependencies_.intake,
                                dependencies_.submit,
                                budget_,
                                counters_.waits,
                                [this] { return aborting(); },
                                [this](std::chrono::milliseconds wait) { pause(wait, true); }};
  S3Worker worker(worker_settings(number), {aws(true), std::move(feed), counters_, dependencies_.log});
  while (const MessagesInHand::Held held = in_hand_.take()) {
    worker.work(*held);
    in_hand_.finish(held);
    note_place();
  }
  // Those that nobody began are for others at once. The first who ends says so.
  for (const MessagesInHand::Held& held : in_hand_.leave()) worker.let_go(*held);
  const std::lock_guard lock(mutex_);
  --working_;
  changed_.notify_all();
}

void S3Source::note_place() {
  const std::string place = credentials_->place();
  {
    const std::lock_guard lock(mutex_);
    if (place.empty() || place == noted_place_) return;
    noted_place_ = place;
  }
  dependencies_.log.info("credentials for AWS were found", {{"source", settings_.name}, {"place", place}});
}

void S3Source::take(std::vector<SqsMessage> messages) {
  for (SqsMessage& message : messages) {
    MessageInHand held{std::move(message), {}, std::nullopt};
    held.notice = read_s3_notice(held.message.body);
    for (const NoticedObject& object : held.notice.objects) {
      const auto time = time_of_key(object.key);
      if (time && (!held.time || *time < *held.time)) held.time = time;
    }
    in_hand_.add(std::move(held));
  }
}

void S3Source::receive() {
  name_this_thread("s3 queue");
  AwsCaller caller(dependencies_.calls, aws(false));
  SqsQueue queue(caller, settings_.queue_url, region_);
  auto wait = kPauseMin;
  // The first call waits for nothing, so that what is wrong with the settings is said at once.
  for (int wait_s = 0; const std::size_t room = in_hand_.wait_for_room(); wait_s = kWaitS) {
    if (stopping()) return;
    const int count = static_cast<int>(std::min<std::size_t>(room, SqsQueue::kMessagesMax));
    auto messages = queue.receive(count, wait_s, settings_.visibility_s);
    if (messages) {
      wait = kPauseMin;
      take(std::move(messages).value());
      continue;
    }
    if (stopping()) return;
    counters_.queue_errors.add();
    dependencies_.log.error(
        "the queue cannot be read",
        {{"source", settings_.name}, {"queue_url", settings_.queue_url}, {"reason", messages.error().message}});
    pause(wait, false);
    wait = std::min(2 * wait, kPauseMax);
  }
}

void S3Source::keep() {
  name_this_thread("s3 keeper");
  AwsCaller caller(dependencies_.calls, aws(true));
  SqsQueue queue(caller, settings_.queue_url, region_);
  const int ticks_between_holds = std::max(1, static_cast<int>(settings_.visibility_s / 3));
  for (int tick = 1;; ++tick) {
    {
      std::unique_lock lock(mutex_);
      changed_.wait_for(lock, kTick, [this] { return working_ == 0 || aborting_; });
      if (working_ == 0 || aborting_) return;
    }
    if (tick % ticks_between_holds == 0)
      for (const MessagesInHand::Held& held : in_hand_.all()) hold(queue, held);
    if (tick % kTicksBetweenLooks != 1 || stopping()) continue;
    if (const auto attributes = queue.attributes()) {
      counters_.waiting.set(static_cast<double>(attributes.value().waiting));
      counters_.in_flight.set(static_cast<double>(attributes.value().in_flight));
    }
  }
}

void S3Source::hold(SqsQueue& queue, const MessagesInHand::Held& held) {
  const Status status = queue.hold(held->message.receipt, settings_.visibility_s);
  if (status.ok() || !in_hand_.holds(held)) return;  // it ended meanwhile, and its receipt with it
  counters_.queue_errors.add();
  dependencies_.log.warning("a message could not be held; it may come again while it is being worked on",
                            {{"source", settings_.name}, {"reason", status.error().message}});
}

bool S3Source::drain(std::chrono::milliseconds grace) {
  bool all = true;
  {
    std::unique_lock lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
  }
  // A worker that waits for a message is woken; those in the middle of one finish it.
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
