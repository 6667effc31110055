#include "net/ingest/syslog_listener.h"

#include <algorithm>

namespace straykey {
namespace {

Counter& refused(Metrics& metrics, const std::string& listener, std::string_view reason) {
  return metrics.counter("straykey_syslog_refused_total",
                         "Connections, or datagrams, of senders that are not allowed or over a limit.",
                         {{"listener", listener}, {"reason", reason}});
}

Counter& framing_error(Metrics& metrics, const std::string& listener, std::string_view reason) {
  return metrics.counter("straykey_syslog_framing_errors_total",
                         "Wrong octet counts, messages in whose middle a connection ended, and connections "
                         "that speak something else.",
                         {{"listener", listener}, {"reason", reason}});
}

Counter& dropped(Metrics& metrics, const std::string& listener, std::string_view reason) {
  return metrics.counter("straykey_syslog_dropped_total",
                         "Messages lost here: datagrams that found no room, in the kernel or in our queues.",
                         {{"listener", listener}, {"reason", reason}});
}

}  // namespace

SyslogMetrics::SyslogMetrics(Metrics& metrics, const std::string& listener)
    : messages(
          metrics.counter("straykey_syslog_messages_total", "Syslog messages received.", {{"listener", listener}})),
      refused_network(refused(metrics, listener, "network")),
      refused_connections(refused(metrics, listener, "connections")),
      refused_address(refused(metrics, listener, "address")),
      gave_way(refused(metrics, listener, "gave_way")),
      refused_client_name(refused(metrics, listener, "client_name")),
      bad_count(framing_error(metrics, listener, "octet_count")),
      cut_off(framing_error(metrics, listener, "cut_off")),
      other_protocol(framing_error(metrics, listener, "other_protocol")),
      dropped_overload(dropped(metrics, listener, "overloaded")),
      dropped_kernel(dropped(metrics, listener, "kernel")),
      waits(metrics.counter("straykey_syslog_waits_total",
                            "Times a sender was made to wait because the queues were full; nothing is lost by it.",
                            {{"listener", listener}})),
      timeouts(metrics.counter(
          "straykey_syslog_timeouts_total",
          "Connections closed because nothing, or too little, came in the middle of a message or for too "
          "long.",
          {{"listener", listener}})),
      handshakes_failed(metrics.counter("straykey_tls_handshakes_failed_total",
                                        "TLS handshakes that failed or timed out.", {{"listener", listener}})),
      message_age_seconds(metrics.gauge("straykey_syslog_message_age_seconds",
                                        "Since the last message, or since the start without one.",
                                        {{"listener", listener}})),
      bytes_in_flight(metrics.gauge("straykey_syslog_bytes_in_flight",
                                    "Bytes of syslog messages being received, read or judged.")) {}

SyslogListener::SyslogListener(SyslogListenerSettings listener_settings, std::shared_ptr<ByteBudget> bytes,
                               Metrics& metrics, Log& logs)
    : settings(std::move(listener_settings)),
      budget(std::move(bytes)),
      counts(metrics, settings.name),
      log(logs),
      last_message(std::chrono::steady_clock::now()) {}

bool SyslogListener::admits(const IpAddress& address) const noexcept {
  if (settings.tls && !settings.tls->client_ca.empty()) return true;
  return std::any_of(settings.allow_cidrs.begin(), settings.allow_cidrs.end(),
                     [&address](const Prefix& prefix) { return prefix.contains(address); });
}

std::optional<SyslogListener::TimePoint> SyslogListener::ends_by(TimePoint now) const noexcept {
  if (!draining.begun.load()) return std::nullopt;
  const TimePoint deadline = draining.deadline.load();
  return draining.patient.load() ? deadline : std::min(now + settings.timeouts.linger, deadline);
}

bool SyslogListener::is_crowded(TimePoint now) const noexcept {
  constexpr std::chrono::seconds kRecently{1};
  return now < budget->refused_at() + kRecently;
}

void SyslogListener::tell_of_stall(const IpAddress& sender) {
  counts.timeouts.add();
  log.warning(
      "a syslog sender held memory for a message that did not go on, while others waited for it; its connection "
      "is closed",
      {{"listener", settings.name}, {"sender", sender.text()}});
}

void SyslogListener::show_state(TimePoint now) noexcept {
  counts.bytes_in_flight.set(static_cast<double>(budget->used()));
  counts.message_age_seconds.set(std::chrono::duration<double>(now - last_message.load()).count());
}

}  // namespace straykey
