#include "tools/replay/replay_result.h"

#include <fmt/format.h>

#include "tools/terminal/progress.h"

namespace straykey {
namespace {

using Answers = ReplayResult::Answers;

void add_if(std::vector<std::string>& to, bool wrong, std::string sentence) {
  if (wrong) to.push_back(std::move(sentence));
}

void check_records(const ReplayResult& result, std::vector<std::string>& out) {
  const SendTally& tally = result.tally;
  add_if(out, tally.refused_records > 0, fmt::format("{} records were refused", with_commas(tally.refused_records)));
  add_if(out, tally.given_up_records > 0,
         fmt::format("{} records were given up without an answer", with_commas(tally.given_up_records)));
  add_if(out, tally.unsent_records > 0,
         fmt::format("{} records are too large for a datagram", with_commas(tally.unsent_records)));
  add_if(out, tally.bad_tokens_let_in > 0,
         fmt::format("{} requests with a wrong token were let in", tally.bad_tokens_let_in));
  if (result.answers != Answers::counts) return;
  add_if(out, tally.miscounted > 0,
         fmt::format("{} requests were answered with other counts than they had records", tally.miscounted));
  const std::uint64_t settled =
      tally.accepted_records + tally.rejected_records + tally.refused_records + tally.given_up_records;
  add_if(out, tally.opaque_records == 0 && settled != tally.records,
         fmt::format("{} records were sent, {} are accounted for", with_commas(tally.records), with_commas(settled)));
  add_if(
      out, tally.rejected_records < tally.broken_records && tally.refused_records + tally.given_up_records == 0,
      fmt::format("{} broken records were sent, only {} were rejected", tally.broken_records, tally.rejected_records));
  add_if(out, result.simulated_input && tally.rejected_records > tally.broken_records,
         fmt::format("{} good records were rejected", tally.rejected_records - tally.broken_records));
}

void check_server(const ReplayResult& result, std::vector<std::string>& out) {
  if (!result.server) return;
  const SendTally& tally = result.tally;
  const std::uint64_t counted = result.server->received + result.server->rejected;
  if (result.answers == Answers::counts) {
    // A record that is sent again after a broken connection is counted again by the server.
    add_if(out, result.server->received < tally.accepted_records,
           "the server's counters grew by less than it acknowledged");
    return;
  }
  const std::uint64_t sent = tally.delivered_records();
  add_if(out, counted < sent,
         fmt::format("{} of {} records did not reach the server", with_commas(sent - counted), with_commas(sent)));
  // Kafka hands messages out again, for example when members of the group change, and the server counts them again.
  add_if(out,
         counted > sent && result.answers == Answers::nothing && tally.opaque_records == 0 &&
             tally.retries_connection == 0,
         fmt::format("the server counted {} records more than were sent", with_commas(counted - sent)));
}

void check_alerts(const ReplayResult& result, std::vector<std::string>& out) {
  if (result.alerts) {
    for (const std::string& alert : result.alerts->missing) out.push_back("missing alert: " + alert);
    for (const std::string& alert : result.alerts->surplus) out.push_back("alert that was not expected: " + alert);
  }
  if (!result.inbox) return;
  add_if(out, result.inbox->changed > 0,
         fmt::format("{} webhook messages came again with other bytes", result.inbox->changed));
  add_if(out, result.inbox->wrong_signature > 0,
         fmt::format("{} webhook messages had a wrong signature", result.inbox->wrong_signature));
  add_if(out, result.inbox->unreadable > 0,
         fmt::format("{} webhook messages were unreadable", result.inbox->unreadable));
}

double p99_ms(const ReplayResult& result) {
  return static_cast<double>(result.tally.latency.at(0.99)) / 1e3;
}

std::string percentiles(const LatencyHistogram& histogram) {
  const auto ms = [&](double share) { return static_cast<double>(histogram.at(share)) / 1e3; };
  return fmt::format("p50 {:.1f}  p90 {:.1f}  p99 {:.1f}  p99.9 {:.1f}  max {:.1f} ms", ms(0.5), ms(0.9), ms(0.99),
                     ms(0.999), static_cast<double>(histogram.max()) / 1e3);
}

std::string counts_text(const std::map<std::string, std::uint64_t>& counts) {
  std::string text;
  for (const auto& [name, count] : counts)
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", name, with_commas(count));
  return text;
}

std::string invalid_text(const ReplayResult& result) {
  if (result.open_loop)
    return fmt::format("invalid: the generator itself was late with {} of {} requests", result.tally.late_by_generator,
                       result.tally.requests);
  return fmt::format(
      "invalid: the generator was the bottleneck; nothing was under way for {:.2f} of {:.2f} s, so that the rate is "
      "its own",
      result.starved_s, result.seconds);
}

std::string faults_text(const ReplayResult& result) {
  const FaultCounts& faults = result.faults;
  const SendTally& tally = result.tally;
  if (faults.duplicates + faults.disordered + faults.truncated + faults.bad_json + tally.broken_off + tally.bad_tokens +
          tally.slow ==
      0)
    return "";
  return fmt::format(
      "faults      {} duplicates, {} disordered, {} truncated, {} bad JSON, {} broken off, {} slow, {} wrong "
      "tokens\n",
      with_commas(faults.duplicates), with_commas(faults.disordered), with_commas(faults.truncated),
      with_commas(faults.bad_json), with_commas(tally.broken_off), with_commas(tally.slow),
      with_commas(tally.bad_tokens));
}

std::string ways_text(const ReplayResult& result) {
  const SendTally& tally = result.tally;
  if (result.answers != Answers::counts)
    return fmt::format("written     {} records; {}{}\n", with_commas(tally.delivered_records()),
                       result.answers == Answers::receipt ? "the brokers have them" : "syslog has no acknowledgement",
                       result.server ? "" : ", and no --metrics-url was given to compare with what the server took");
  std::string text = fmt::format(
      "answered    {} accepted + {} rejected + {} refused + {} given up = {}\n", with_commas(tally.accepted_records),
      with_commas(tally.rejected_records), with_commas(tally.refused_records), with_commas(tally.given_up_records),
      with_commas(tally.accepted_records + tally.rejected_records + tally.refused_records + tally.given_up_records));
  if (!tally.reject_codes.empty())
    text += fmt::format("rejects     {} (as listed in the replies)\n", counts_text(tally.reject_codes));
  return text;
}

std::string retries_text(const SendTally& tally) {
  if (tally.retries_503 + tally.retries_429 + tally.retries_connection + tally.retries_other == 0) return "";
  return fmt::format("sent again  {} after 503, {} after 429, {} after another 5xx, {} after a broken connection\n",
                     with_commas(tally.retries_503), with_commas(tally.retries_429), with_commas(tally.retries_other),
                     with_commas(tally.retries_connection));
}

void append_number(std::string& out, std::string_view name, double value) {
  out += fmt::format("\"{}\":{:.3f},", name, value);
}
void append_number(std::string& out, std::string_view name, std::uint64_t value) {
  out += fmt::format("\"{}\":{},", name, value);
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (static_cast<unsigned char>(c) < 0x20)
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    else
      out += c;
  }
  return out + "\"";
}

std::string list_json(const std::vector<std::string>& texts) {
  std::string out = "[";
  for (const std::string& text : texts) out += (out.size() > 1 ? "," : "") + quoted(text);
  return out + "]";
}

std::string counts_json(const std::map<std::string, std::uint64_t>& counts) {
  std::string out = "{";
  for (const auto& [name, count] : counts)
    out += fmt::format("{}{}:{}", out.size() > 1 ? "," : "", quoted(name), count);
  return out + "}";
}

std::string histogram_json(const LatencyHistogram& histogram) {
  const auto ms = [&](double share) { return static_cast<double>(histogram.at(share)) / 1e3; };
  return fmt::format(R"({{"count":{},"p50":{:.3f},"p90":{:.3f},"p99":{:.3f},"p99_9":{:.3f},"max":{:.3f}}})",
                     histogram.count(), ms(0.5), ms(0.9), ms(0.99), ms(0.999),
                     static_cast<double>(histogram.max()) / 1e3);
}

void append_alerts(std::string& out, const ReplayResult& result) {
  if (result.alerts)
    out += fmt::format(R"("alerts":{{"expected":{},"received":{},"matched":{},"other_messages":{},"of_others":{},)"
                       R"("missing":{},"surplus":{}}},)",
                       result.alerts->expected, result.alerts->received, result.alerts->matched,
                       result.alerts->other_messages, result.alerts->of_others, list_json(result.alerts->missing),
                       list_json(result.alerts->surplus));
  if (result.inbox)
    out += fmt::format(R"("webhooks":{{"messages":{},"different":{},"repeats":{},"changed":{},)"
                       R"("wrong_signature":{},"unreadable":{}}},)",
                       result.inbox->messages, result.inbox->different, result.inbox->repeats, result.inbox->changed,
                       result.inbox->wrong_signature, result.inbox->unreadable);
  if (result.server)
    out += fmt::format(R"("server":{{"received":{},"rejected":{},"refused":{}}},)", result.server->received,
                       result.server->rejected, result.server->refused);
}

}  // namespace

double ReplayResult::rate() const noexcept {
  const std::uint64_t done =
      answers == Answers::counts ? tally.accepted_records + tally.rejected_records : tally.delivered_records();
  return seconds > 0 ? static_cast<double>(done) / seconds : 0;
}

bool ReplayResult::valid() const noexcept {
  return open_loop ? tally.late_by_generator * 10 <= tally.requests
                   : starved_s * (answers == Answers::nothing ? 2 : 10) <= seconds;
}

double ReplayResult::own_cpu_us() const noexcept {
  return tally.records > 0 ? own_cpu_s * 1e6 / static_cast<double>(tally.records) : 0.0;
}

std::vector<std::string> ReplayResult::disagreements() const {
  std::vector<std::string> out;
  add_if(out, interrupted, "the run was interrupted");
  add_if(out, !read_error.empty(), "reading ended early: " + read_error);
  add_if(out, tally.records == 0 && !interrupted, "nothing was read, so nothing was sent");
  check_records(*this, out);
  check_server(*this, out);
  check_alerts(*this, out);
  // Without a plan or a threshold nothing had to be measured, so this is no failure. The report says it all the same.
  add_if(out, !valid() && (open_loop || max_p99_ms > 0 || min_rate > 0), invalid_text(*this));
  add_if(out, max_p99_ms > 0 && p99_ms(*this) > max_p99_ms,
         fmt::format("p99 is {:.1f} ms, --max-p99-ms is {:.1f}", p99_ms(*this), max_p99_ms));
  add_if(out, min_rate > 0 && rate() < min_rate,
         fmt::format("{:.0f} events/s, --min-rate is {:.0f}", rate(), min_rate));
  return out;
}

std::string report_text(const ReplayResult& result) {
  const SendTally& tally = result.tally;
  std::string out =
      fmt::format("sent        {} records in {} requests ({:.1f} MB) over {} connections\n", with_commas(tally.records),
                  with_commas(tally.requests), static_cast<double>(tally.bytes) / 1e6, tally.connections);
  if (!result.thefts.empty()) out += fmt::format("thefts      {}\n", counts_text(result.thefts));
  out += faults_text(result) + ways_text(result) + retries_text(tally);
  out += fmt::format("rate        {} events/s for {:.1f} s; own CPU {:.1f} s ({:.2f} us an event)\n",
                     with_commas(static_cast<std::uint64_t>(result.rate())), result.seconds, result.own_cpu_s,
                     result.own_cpu_us());
  if (result.open_loop) out += fmt::format("latency     {} (from when the plan said)\n", percentiles(tally.latency));
  out += fmt::format("service     {} (of each attempt)\n", percentiles(tally.service));
  out += "generator   " +
         (result.valid() ? result.open_loop ? fmt::format("{} of {} requests late through its own fault",
                                                          tally.late_by_generator, tally.requests)
                                            : fmt::format("nothing was under way for {:.2f} s", result.starved_s)
                         : invalid_text(result)) +
         "\n";
  if (result.server)
    out +=
        fmt::format("server      counted {} received, {} rejected, {} refused\n", with_commas(result.server->received),
                    with_commas(result.server->rejected), with_commas(result.server->refused));
  if (result.inbox)
    out += fmt::format("webhooks    {} messages, {} different ({} alerts), {} repeated byte for byte\n",
                       with_commas(result.inbox->messages), with_commas(result.inbox->different),
                       with_commas(result.inbox->alerts), with_commas(result.inbox->repeats));
  if (result.alerts)
    out += fmt::format("alerts      {} expected, {} came, {} match{}\n", result.alerts->expected,
                       result.alerts->received, result.alerts->matched,
                       result.alerts->of_others == 0
                           ? std::string()
                           : fmt::format("; {} others, the trail's own, were not compared (no --expect)",
                                         with_commas(result.alerts->of_others)));
  for (const auto& [sentence, count] : tally.problems)
    out += fmt::format("problem     {} times: {}\n", count, quoted(sentence));
  const std::vector<std::string> wrong = result.disagreements();
  for (const std::string& sentence : wrong) out += fmt::format("NOT WELL    {}\n", sentence);
  if (wrong.empty()) out += "all agrees\n";
  return out;
}

std::string report_json(const ReplayResult& result) {
  const SendTally& tally = result.tally;
  const std::vector<std::string> wrong = result.disagreements();
  std::string out = fmt::format("{{\"agrees\":{},\"valid\":{},", wrong.empty(), result.valid());
  using Field = std::uint64_t SendTally::*;
  constexpr std::pair<std::string_view, Field> kFields[] = {{"requests", &SendTally::requests},
                                                            {"records", &SendTally::records},
                                                            {"bytes", &SendTally::bytes},
                                                            {"broken_records", &SendTally::broken_records},
                                                            {"accepted", &SendTally::accepted_records},
                                                            {"rejected", &SendTally::rejected_records},
                                                            {"refused", &SendTally::refused_records},
                                                            {"given_up", &SendTally::given_up_records},
                                                            {"unsent", &SendTally::unsent_records},
                                                            {"miscounted", &SendTally::miscounted},
                                                            {"retries_503", &SendTally::retries_503},
                                                            {"retries_429", &SendTally::retries_429},
                                                            {"retries_connection", &SendTally::retries_connection},
                                                            {"retries_other", &SendTally::retries_other},
                                                            {"connections", &SendTally::connections},
                                                            {"broken_off", &SendTally::broken_off},
                                                            {"slow", &SendTally::slow},
                                                            {"bad_tokens", &SendTally::bad_tokens},
                                                            {"bad_tokens_let_in", &SendTally::bad_tokens_let_in},
                                                            {"late_by_generator", &SendTally::late_by_generator}};
  for (const auto& [name, field] : kFields) append_number(out, name, tally.*field);
  append_number(out, "duplicates", result.faults.duplicates);
  append_number(out, "disordered", result.faults.disordered);
  append_number(out, "truncated", result.faults.truncated);
  append_number(out, "bad_json", result.faults.bad_json);
  append_number(out, "seconds", result.seconds);
  append_number(out, "events_per_s", result.rate());
  append_number(out, "own_cpu_s", result.own_cpu_s);
  append_number(out, "own_cpu_us_per_event", result.own_cpu_us());
  append_number(out, "starved_s", result.starved_s);
  out += fmt::format(R"("latency_ms":{},"service_ms":{},"statuses":{},"reject_codes":{},"problems":{},)",
                     histogram_json(tally.latency), histogram_json(tally.service), counts_json(tally.statuses),
                     counts_json(tally.reject_codes), counts_json(tally.problems));
  if (!result.thefts.empty()) out += fmt::format(R"("thefts":{},)", counts_json(result.thefts));
  append_alerts(out, result);
  return out + fmt::format("\"disagreements\":{}}}\n", list_json(wrong));
}

}  // namespace straykey
