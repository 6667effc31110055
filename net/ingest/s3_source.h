#pragma once
// S3Source: takes CloudTrail's objects out of S3, told by a queue of Amazon SQS which there are.
//
// Shape:  one thread receives messages, `concurrency` threads work on them (S3Worker), and one keeps those in hand
//         invisible to others and asks the queue how much is waiting.
// Order:  days as MessagesInHand has them.
// Thread: as Source's; its own threads from start() to drain().
// Durable: what S3Worker says: a message is deleted once all that it names is stored.
// Bounds: Settings. Messages in hand: 4 for each worker, at least 10.
// Errors: start() only says what is wrong with the settings. What AWS refuses is logged, with what to change, counted,
//         and tried again, at most every kPauseMax.
// Source: the developer guides of S3 and SQS. A queue belongs to one installation; S3 and SNS fan out to several.
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "core/base/log.h"
#include "net/ingest/s3_source_settings.h"
#include "net/ingest/s3_worker.h"
#include "net/ingest/source.h"

namespace straykey {

class S3Source final : public Source {
 public:
  static constexpr std::chrono::milliseconds kPauseMin{1'000}, kPauseMax{30'000};
  struct Dependencies {
    Intake& intake;
    std::size_t first_desk;  // of the Intake: `concurrency` of them are this source's
    Submit submit;
    Metrics& metrics;
    Log& log;
    std::function<Seconds()> now;
    std::function<const char*(const char* name)> environment;  // getenv
    AwsCaller::Settings calls = {};
  };
  S3Source(S3SourceSettings settings, Dependencies dependencies);
  ~S3Source() override;

  [[nodiscard]] std::string_view name() const override { return settings_.name; }
  [[nodiscard]] Status start(Seconds now) override;
  [[nodiscard]] std::string url() const override { return settings_.queue_url; }
  // Credentials are looked for anew at the next call.
  [[nodiscard]] Status reload(Seconds now) override;
  bool drain(std::chrono::milliseconds grace) override;

 private:
  void receive();
  void work(std::size_t number);
  void keep();
  void take(std::vector<SqsMessage> messages);
  void hold(SqsQueue& queue, const MessagesInHand::Held& held);
  void note_place();
  [[nodiscard]] AwsCaller::Dependencies aws(bool until_abort);
  [[nodiscard]] S3Worker::Settings worker_settings(std::size_t number) const;
  // Ends early when the source stops or, with `until_abort`, when nothing is waited for any more.
  void pause(std::chrono::milliseconds wait, bool until_abort);
  [[nodiscard]] bool stopping() const;
  [[nodiscard]] bool aborting() const;

  const S3SourceSettings settings_;
  const Dependencies dependencies_;
  const std::string region_;  // of the queue
  S3Counters counters_;
  std::shared_ptr<ByteBudget> budget_;
  std::shared_ptr<const TlsTrust> trust_;
  std::unique_ptr<AwsCredentialKeeper> credentials_;
  MessagesInHand in_hand_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false, aborting_ = false;
  std::size_t working_ = 0;  // workers whose threads have not ended
  std::string noted_place_;  // of the credentials; told once
  std::vector<std::thread> threads_;
};

}  // namespace straykey
