#include "tools/replay/kafka_sender.h"

#include <chrono>
#include <memory>
#include <utility>

#include "tools/terminal/clock.h"

namespace straykey {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kPoll{100};
constexpr milliseconds kLookWait{10'000};
constexpr double kStopS = 3;  // how long a message may take that is under way when the run ends

KafkaProducer::Settings producer_settings(const KafkaSenderSettings& settings) {
  KafkaProducer::Settings producer;
  producer.client = settings.client;
  producer.message_timeout = milliseconds(static_cast<std::int64_t>(settings.give_up_s * 1'000));
  producer.linger = milliseconds(0);
  if (settings.gzip) producer.compression = "gzip";
  return producer;
}

}  // namespace

KafkaSender::KafkaSender(const KafkaSenderSettings& settings, RequestQueue& queue, SenderClock clock)
    : settings_(settings), queue_(queue), clock_(clock) {}

Status KafkaSender::look_at_topic(const KafkaSenderSettings& settings) {
  std::string heard;
  KafkaProducer::Callbacks callbacks;
  callbacks.on_error = [&heard](const KafkaError& error) { heard = error.text(); };
  auto producer = KafkaProducer::open(producer_settings(settings), std::move(callbacks));
  if (!producer) return producer.error();
  const KafkaStatus failed = producer.value()->look_up(settings.topic, kLookWait);
  if (!failed) return {};
  (void)producer.value()->poll(milliseconds(0));
  std::string why = "topic " + settings.topic + " at " + settings.client.brokers + ": " + failed->text();
  if (!heard.empty()) why += "; " + heard;
  return Error{std::move(why)};
}

void KafkaSender::run() {
  KafkaProducer::Callbacks callbacks;
  callbacks.on_error = [this](const KafkaError& error) { tally_.add_problem(error.text()); };
  callbacks.on_sent = [this](std::uint64_t, const KafkaStatus& status, std::int64_t) { sent_ = status; };
  auto producer = KafkaProducer::open(producer_settings(settings_), std::move(callbacks));
  if (!producer) {
    tally_.add_problem(producer.error().message);
    return queue_.stop();
  }
  double free_s = clock_.start_s;
  while (auto taken = queue_.pop()) {
    send(*producer.value(), *taken, free_s);
    free_s = uptime();
  }
  tally_.connections = 1;
}

void KafkaSender::send(KafkaProducer& producer, const RequestQueue::Taken& taken, double free_s) {
  const OutgoingRequest& request = taken.request;
  count_request(request, tally_);
  const double intended_s = wait_for_turn(taken, free_s, clock_, queue_, tally_);
  if (queue_.stopped()) return count_given_up(request, tally_, queue_);
  const double began_s = uptime();
  const std::optional<KafkaStatus> ended = exchange(producer, request.body);
  tally_.service.add_seconds(uptime() - began_s);
  if (!ended) return count_given_up(request, tally_, queue_);
  SendCounts counts;
  if (const KafkaStatus& failed = *ended) {
    tally_.add_problem(failed->text());
    if (failed->is_fatal || failed->name == "_MSG_TIMED_OUT") return count_given_up(request, tally_, queue_);
    tally_.refused_records += request.records;
    counts.refused = request.records;
  } else {
    tally_.bytes += request.body.size();
    counts.accepted = request.records;
  }
  note_answer(request, intended_s, clock_, tally_);
  queue_.finish(counts);
}

std::optional<KafkaStatus> KafkaSender::exchange(KafkaProducer& producer, const std::string& body) {
  sent_.reset();
  if (KafkaStatus failed = producer.send({.topic = settings_.topic, .value = body})) return failed;
  std::optional<double> stopped_s;
  while (!sent_) {
    (void)producer.poll(kPoll);
    if (sent_ || !queue_.stopped()) continue;
    if (!stopped_s) stopped_s = uptime();
    if (uptime() - *stopped_s > kStopS) return std::nullopt;
  }
  return sent_;
}

}  // namespace straykey
