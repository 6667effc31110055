#pragma once
// S3Worker: does what one message asks: fetches its objects one after the other, brings them into the pipeline, and
// deletes the message when all of them are stored.
//
// Thread: one owner, whose thread it blocks.
// Durable: a message is deleted only after every shard committed all events of all its objects, or after it is known
//          that they hold none. In all other cases it becomes visible again, later the more often it came, and the
//          queue's redrive rule has the last word.
// Bounds: objects of object_bytes_max; what S3Objects and ObjectFeed bound.
// Errors: counted (S3Counters) and logged with the setting or the permission to change.
#include <functional>
#include <memory>
#include <string>

#include "core/base/log.h"
#include "net/aws/s3_objects.h"
#include "net/aws/sqs_queue.h"
#include "net/ingest/messages_in_hand.h"
#include "net/ingest/object_feed.h"
#include "net/ingest/s3_counters.h"

namespace straykey {

class S3Worker {
 public:
  struct Settings {
    std::string source, queue_url, queue_region;
    AwsPlace place;      // of the buckets
    std::string prefix;  // of the keys that are read; empty: all
    std::uint64_t object_bytes_max = 64u << 20;
    AwsCaller::Settings calls;
    ObjectFeed::Settings feed;
  };
  struct Dependencies {
    AwsCaller::Dependencies aws;
    ObjectFeed::Dependencies feed;
    S3Counters& counters;
    Log& log;
  };
  S3Worker(Settings settings, Dependencies dependencies);

  void work(const MessageInHand& message);
  // It is there for others at once.
  void let_go(const MessageInHand& message);

  // How long a message that came so often stays away before it is tried again.
  [[nodiscard]] static Seconds pause_after(std::uint32_t receive_count) noexcept;

 private:
  [[nodiscard]] ObjectEnd bring(const NoticedObject& object);
  [[nodiscard]] ObjectEnd skip(std::string_view of_class);
  [[nodiscard]] ObjectEnd feed(const NoticedObject& object, std::string bytes, BudgetShare share);
  void tell(const NoticedObject& object, ObjectEnd end, const std::string& reason);
  // At most every 10 s; the next line has the number of those that it stands for.
  void tell_of(const MessageInHand& message, const std::string& reason);
  void conclude(const MessageInHand& message, MessageEnd end);

  const Settings settings_;
  const Dependencies dependencies_;
  AwsCaller caller_;
  S3Objects objects_;
  SqsQueue queue_;
  ObjectFeed feed_;
  std::uint64_t untold_messages_ = 0;  // since the last line
  Seconds tell_again_at_ = 0;
};

}  // namespace straykey
