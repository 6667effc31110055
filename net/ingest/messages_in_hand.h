#pragma once
// MessagesInHand: the messages of one queue between their receiving and their end, in the order of their days.
//
// Shape:  a message names objects; its day is that of their keys. Whoever works takes the message of the earliest day.
// Order:  a message is not begun while one of an earlier day is being worked on: a day's facts are learned before calls
//         of the next one are judged. Inside a day order does not matter. One that takes longer than
//         `patience` holds nobody up any more. Messages without a day are begun at once, and
//         hold nobody up. This orders what is in hand; what the queue still has it hands out nearly in order.
// Thread: any (synchronised inside).
// Bounds: messages_max.
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "core/base/time.h"
#include "net/aws/sqs_queue.h"
#include "net/ingest/s3_notice.h"

namespace straykey {

struct MessageInHand {
  SqsMessage message;
  S3Notice notice;
  std::optional<Seconds> time;  // of the earliest of its keys that has one
};

class MessagesInHand {
 public:
  using Held = std::shared_ptr<const MessageInHand>;

  // `patience`: how long one that was begun holds up those of later days.
  explicit MessagesInHand(std::size_t messages_max, std::chrono::milliseconds patience = std::chrono::minutes(5))
      : messages_max_(messages_max), patience_(patience) {}

  // How many more may be received, once that is at least half of all. 0: stopped.
  [[nodiscard]] std::size_t wait_for_room();
  // REQUIRES: there is room.
  void add(MessageInHand message);
  // The next to work on. nullptr: stopped.
  [[nodiscard]] Held take();
  // REQUIRES: it was taken.
  void finish(const Held& held);

  [[nodiscard]] std::vector<Held> all() const;
  [[nodiscard]] bool holds(const Held& held) const;
  // Nothing more is handed out.
  void stop();
  // What was not begun, which then is in nobody's hand. REQUIRES: stopped.
  [[nodiscard]] std::vector<Held> leave();

 private:
  [[nodiscard]] std::list<Held>::iterator next();

  const std::size_t messages_max_;
  const std::chrono::milliseconds patience_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::list<Held> waiting_, begun_;
  std::map<const MessageInHand*, std::chrono::steady_clock::time_point> begun_at_;
  bool stopped_ = false;
};

}  // namespace straykey
