#include "net/ingest/s3_worker.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "net/ingest/trail_object.h"

namespace straykey {
namespace {

constexpr Seconds kPauseMin = 15, kPauseMax = 900;
constexpr Seconds kTellPause = 10;  // between two lines of one worker on messages that cannot be read

ObjectEnd end_of(S3Error::Kind kind) {
  switch (kind) {
    case S3Error::Kind::absent:
      return ObjectEnd::absent;
    case S3Error::Kind::denied:
      return ObjectEnd::denied;
    case S3Error::Kind::too_large:
      return ObjectEnd::too_large;
    case S3Error::Kind::other:
      break;
  }
  return ObjectEnd::failed;
}

bool is_done(ObjectEnd end) {
  return end == ObjectEnd::stored || end == ObjectEnd::skipped;
}

}  // namespace

S3Worker::S3Worker(Settings settings, Dependencies dependencies)
    : settings_(std::move(settings)),
      dependencies_(std::move(dependencies)),
      caller_(settings_.calls, dependencies_.aws),
      objects_(caller_, settings_.place),
      queue_(caller_, settings_.queue_url, settings_.queue_region),
      feed_(settings_.feed, dependencies_.feed) {}

Seconds S3Worker::pause_after(std::uint32_t receive_count) noexcept {
  return std::min(kPauseMin << std::min<std::uint32_t>(std::max<std::uint32_t>(receive_count, 1) - 1, 10), kPauseMax);
}

void S3Worker::work(const MessageInHand& message) {
  if (message.notice.kind == S3Notice::Kind::test) return conclude(message, MessageEnd::test);
  if (message.notice.kind == S3Notice::Kind::other) {
    tell_of(message, "it is no notification of S3");
    return conclude(message, MessageEnd::unreadable);
  }
  bool done = true;
  for (const NoticedObject& object : message.notice.objects) {
    const ObjectEnd end = bring(object);
    if (end != ObjectEnd::skipped) dependencies_.counters.count(end);
    done = done && is_done(end);
    if (dependencies_.feed.gave_up()) break;
  }
  if (!done || dependencies_.feed.gave_up()) return conclude(message, MessageEnd::left);
  if (message.notice.untold > 0) {
    tell_of(message, "it does not tell bucket, key or event of " + std::to_string(message.notice.untold) +
                         " of its objects; the others were read");
    return conclude(message, MessageEnd::unreadable);
  }
  if (message.message.sent_at_ms > 0)
    dependencies_.counters.lag_s.set(
        static_cast<double>(std::max<Seconds>(0, dependencies_.aws.now() - message.message.sent_at_ms / 1'000)));
  conclude(message, MessageEnd::deleted);
}

ObjectEnd S3Worker::skip(std::string_view of_class) {
  dependencies_.counters.count_skipped(of_class);
  return ObjectEnd::skipped;
}

ObjectEnd S3Worker::bring(const NoticedObject& object) {
  if (!object.key.starts_with(settings_.prefix)) return skip("other_prefix");
  if (const std::string_view named = skipped_by_name(object.key); !named.empty()) return skip(named);
  if (object.bytes > settings_.object_bytes_max) {
    tell(object, ObjectEnd::too_large, "it is larger than object_bytes_max");
    return ObjectEnd::too_large;
  }
  BudgetShare share(dependencies_.feed.budget);
  const std::uint64_t bytes_max = object.bytes > 0 ? object.bytes : settings_.object_bytes_max;
  if (!feed_.reserve(share, bytes_max)) return ObjectEnd::failed;
  const S3ObjectName name{object.bucket, object.key, object.region};
  auto got = objects_.get(name, bytes_max);
  const S3Error* error = std::get_if<S3Error>(&got);
  if (error != nullptr && error->kind == S3Error::Kind::too_large && bytes_max < settings_.object_bytes_max) {
    // It was written over since it was announced. What it holds it gives back first, so that nobody waits for it.
    share.clear();
    if (!feed_.reserve(share, settings_.object_bytes_max)) return ObjectEnd::failed;
    got = objects_.get(name, settings_.object_bytes_max);
    error = std::get_if<S3Error>(&got);
  }
  if (error != nullptr) {
    const ObjectEnd end = end_of(error->kind);
    tell(object, end, error->message);
    return end;
  }
  return feed(object, std::move(std::get<std::string>(got)), std::move(share));
}

ObjectEnd S3Worker::feed(const NoticedObject& object, std::string bytes, BudgetShare share) {
  dependencies_.counters.bytes.add(bytes.size());
  if (const std::string_view foreign = skipped_by_content(bytes); !foreign.empty()) return skip(foreign);
  const ObjectFeed::Outcome outcome = feed_.feed(std::move(bytes), std::move(share));
  switch (outcome.end) {
    case ObjectFeed::End::stored:
      return ObjectEnd::stored;
    case ObjectFeed::End::unreadable:
      tell(object, ObjectEnd::unreadable, std::string(name_of(*outcome.items.error)));
      return ObjectEnd::unreadable;
    case ObjectFeed::End::failed:
      tell(object, ObjectEnd::failed, "our own store did not take it");
      return ObjectEnd::failed;
    case ObjectFeed::End::stopped:
      break;
  }
  return ObjectEnd::failed;
}

void S3Worker::tell(const NoticedObject& object, ObjectEnd end, const std::string& reason) {
  if (dependencies_.feed.gave_up()) return;
  dependencies_.log.warning("an object was not read; its message stays in the queue",
                            {{"source", settings_.source},
                             {"bucket", object.bucket},
                             {"key", object.key},
                             {"outcome", std::string(name_of(end))},
                             {"reason", reason}});
}

void S3Worker::tell_of(const MessageInHand& message, const std::string& reason) {
  const Seconds now = dependencies_.aws.now();
  ++untold_messages_;
  if (now < tell_again_at_) return;
  tell_again_at_ = now + kTellPause;
  dependencies_.log.warning("a message of the queue cannot be read; it stays for the queue's redrive rule",
                            {{"source", settings_.source},
                             {"message", message.message.id},
                             {"bytes", std::to_string(message.message.body.size())},
                             {"reason", reason},
                             {"messages", std::to_string(std::exchange(untold_messages_, 0))}});
}

void S3Worker::let_go(const MessageInHand& message) {
  if (!queue_.hold(message.message.receipt, 0)) dependencies_.counters.queue_errors.add();
}

void S3Worker::conclude(const MessageInHand& message, MessageEnd end) {
  dependencies_.counters.count(end);
  const bool deletes = end == MessageEnd::deleted || end == MessageEnd::test;
  const Seconds away = dependencies_.feed.gave_up() ? 0 : pause_after(message.message.receive_count);
  const Status status = deletes ? queue_.erase(message.message.receipt) : queue_.hold(message.message.receipt, away);
  if (status.ok()) return;
  dependencies_.counters.queue_errors.add();
  if (!dependencies_.feed.gave_up())
    dependencies_.log.warning("the queue did not hear what became of a message, so it comes again",
                              {{"source", settings_.source}, {"reason", status.error().message}});
}

}  // namespace straykey
