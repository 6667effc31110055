#include "net/ingest/s3_counters.h"

#include <array>

namespace straykey {
namespace {

constexpr std::array<std::string_view, 4> kMessageEnds{"deleted", "test", "left", "unreadable"};
constexpr std::array<std::string_view, 7> kObjectEnds{"stored",    "skipped",    "absent", "denied",
                                                      "too_large", "unreadable", "failed"};
constexpr std::array<std::string_view, 6> kClasses{"config", "digest",        "flow_log",
                                                   "folder", "load_balancer", "other_prefix"};

}  // namespace

std::string_view name_of(MessageEnd end) noexcept {
  return kMessageEnds[static_cast<std::size_t>(end)];
}

std::string_view name_of(ObjectEnd end) noexcept {
  return kObjectEnds[static_cast<std::size_t>(end)];
}

S3Counters::S3Counters(Metrics& metrics, std::string source)
    : bytes(metrics.counter("straykey_s3_object_bytes_total", "Bytes of objects fetched from S3, as they are stored.",
                            {{"source", source}})),
      retries(metrics.counter("straykey_s3_retries_total", "Calls to AWS that were made again.", {{"source", source}})),
      waits(metrics.counter("straykey_s3_waits_total", "Times that an object waited for memory or for the queues.",
                            {{"source", source}})),
      queue_errors(metrics.counter("straykey_s3_queue_errors_total", "Calls to the queue that failed in the end.",
                                   {{"source", source}})),
      lag_s(metrics.gauge("straykey_s3_lag_seconds",
                          "From the notification of the object that was stored last until it was.",
                          {{"source", source}})),
      waiting(metrics.gauge("straykey_s3_waiting_messages", "Messages in the queue that nobody has, about.",
                            {{"source", source}})),
      in_flight(metrics.gauge("straykey_s3_in_flight_messages", "Messages of the queue that are in somebody's hand.",
                              {{"source", source}})),
      metrics_(metrics),
      source_(std::move(source)) {
  for (std::size_t i = 0; i < kMessageEnds.size(); ++i) (void)message_counter(static_cast<MessageEnd>(i));
  for (std::size_t i = 0; i < kObjectEnds.size(); ++i) (void)object_counter(static_cast<ObjectEnd>(i));
  for (const std::string_view each : kClasses)
    metrics_.counter("straykey_s3_skipped_total", "Objects left unread, by class.",
                     {{"source", source_}, {"class", each}});
}

Counter& S3Counters::message_counter(MessageEnd end) {
  return metrics_.counter("straykey_s3_messages_total", "Messages of the queue, by what became of them.",
                          {{"source", source_}, {"outcome", name_of(end)}});
}

Counter& S3Counters::object_counter(ObjectEnd end) {
  return metrics_.counter("straykey_s3_objects_total", "Objects that messages named, by what became of them.",
                          {{"source", source_}, {"outcome", name_of(end)}});
}

void S3Counters::count_skipped(std::string_view of_class) {
  count(ObjectEnd::skipped);
  metrics_
      .counter("straykey_s3_skipped_total", "Objects left unread, by class.",
               {{"source", source_}, {"class", of_class}})
      .add();
}

}  // namespace straykey
