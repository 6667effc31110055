#pragma once
// KafkaSource: takes events out of topics of Apache Kafka. A message is a body in any form that POST /v1/events takes.
//
// Shape:  one thread reads (KafkaReader), `concurrency` threads bring messages into the pipeline, many small ones at
//         a time.
// Order:  KafkaOrder.
// Thread: as Source's; its own threads from start() to drain().
// Durable: a position is committed once every shard committed all events before it.
// Bounds: bytes_in_flight_max: a quarter of it waits in the library, a quarter waits for a worker, and half is being
//         read and stored.
// Errors: start() says what is wrong with settings and secrets. A record that is none is rejected, counted and kept; a
//         message never stops its partition. Brokers that cannot be reached, or refuse us, are counted and logged.
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "core/base/log.h"
#include "net/ingest/kafka_reader.h"
#include "net/ingest/kafka_source_settings.h"
#include "net/ingest/object_feed.h"
#include "net/ingest/source.h"

namespace straykey {

class KafkaSource final : public Source {
 public:
  static constexpr std::chrono::milliseconds kPauseMin{1'000}, kPauseMax{30'000};
  struct Dependencies {
    Intake& intake;
    std::size_t first_desk;  // of the Intake: `concurrency` of them are this source's
    Submit submit;
    Metrics& metrics;
    Log& log;
    std::function<Seconds()> now;
    std::string installation;                             // its id
    std::function<Result<KafkaProperties>()> properties;  // reads them, secrets too
    std::string remembered;                               // what `remember` was told last, of an earlier run
    std::function<Status(const std::string&)> remember;
  };
  KafkaSource(KafkaSourceSettings settings, Dependencies dependencies);
  ~KafkaSource() override;

  [[nodiscard]] std::string_view name() const override { return settings_.name; }
  [[nodiscard]] Status start(Seconds now) override;
  [[nodiscard]] std::string url() const override;
  // If secrets or certificates are others now, the group is left and joined anew with them.
  [[nodiscard]] Status reload(Seconds now) override;
  bool drain(std::chrono::milliseconds grace) override;

 private:
  void read();
  void work(std::size_t number);
  void bring(ObjectFeed& feed, KafkaBatch& batch);
  // What they are and what the files hold that they name.
  [[nodiscard]] static std::string content_of(const KafkaProperties& properties);
  [[nodiscard]] Result<std::unique_ptr<KafkaReader>> open_reader();
  void pause(std::chrono::milliseconds wait);
  [[nodiscard]] bool stopping() const;
  [[nodiscard]] bool aborting() const;

  const KafkaSourceSettings settings_;
  const Dependencies dependencies_;
  KafkaCounters counters_;
  KafkaMemory memory_;  // the reader's
  KafkaInHand in_hand_;
  std::shared_ptr<ByteBudget> budget_;
  std::unique_ptr<KafkaReader> reader_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false, aborting_ = false;
  std::size_t working_ = 0;  // workers whose threads have not ended
  std::string content_;      // of the properties that the reader was opened with
  std::atomic<bool> reopens_{false};
  std::vector<std::thread> threads_;
};

}  // namespace straykey
