#include "tools/replay/sender.h"

#include <libdeflate.h>

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>

#include "tools/terminal/clock.h"

namespace straykey {
namespace {

namespace json = boost::json;

constexpr double kBackoffFirstS = 0.1, kBackoffMaxS = 5;
constexpr std::size_t kSlowPieces = 20;
constexpr int kSlowPauseMs = 50;
constexpr int kGzipLevel = 1;
const std::string kWrongToken = "not-a-token-of-this-server-0123456789";

void pack(const std::string& body, std::string& packed) {
  thread_local const std::unique_ptr<libdeflate_compressor, void (*)(libdeflate_compressor*)> compressor(
      libdeflate_alloc_compressor(kGzipLevel), libdeflate_free_compressor);
  packed.resize(libdeflate_gzip_compress_bound(compressor.get(), body.size()));
  packed.resize(libdeflate_gzip_compress(compressor.get(), body.data(), body.size(), packed.data(), packed.size()));
}

std::vector<std::string_view> lines_of(const std::string& body) {
  std::vector<std::string_view> lines;
  for (std::size_t at = 0; at < body.size();) {
    const std::size_t end = body.find('\n', at);
    lines.emplace_back(body.data() + at, end - at);
    at = end + 1;
  }
  return lines;
}

}  // namespace

double retry_after_s(const std::string& value, double otherwise) {
  unsigned seconds = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), seconds);
  if (error != std::errc() || end != value.data() + value.size() || seconds > 3'600) return otherwise;
  return seconds;
}

HttpSender::HttpSender(const HttpSenderSettings& settings, RequestQueue& queue, SenderClock clock)
    : settings_(settings), queue_(queue), clock_(clock), client_(settings.url, settings.tls) {}

void HttpSender::run() {
  double free_s = clock_.start_s;
  while (auto taken = queue_.pop()) {
    send(*taken, free_s);
    free_s = uptime();
  }
  tally_.connections = client_.connections();
}

std::string HttpSender::head(const std::string& token, std::size_t body_bytes) const {
  std::vector<HttpClientHeader> headers{{"Authorization", "Bearer " + token}, {"Content-Type", "application/x-ndjson"}};
  if (settings_.gzip) headers.push_back({"Content-Encoding", "gzip"});
  return render_post(settings_.url, headers, body_bytes);
}

void HttpSender::send(const RequestQueue::Taken& taken, double free_s) {
  const OutgoingRequest& request = taken.request;
  count_request(request, tally_);
  if (settings_.gzip) pack(request.body, packed_);
  const double intended_s = wait_for_turn(taken, free_s, clock_, queue_, tally_);
  if (queue_.stopped()) return count_given_up(request, tally_, queue_);
  inject_faults(request);
  const double began_s = uptime();
  double backoff_s = kBackoffFirstS;
  counts_ = {};
  while (true) {
    double wait_s = backoff_s;
    const Outcome outcome = attempt(request, wait_s);
    if (outcome == Outcome::answered) break;
    if (outcome == Outcome::refused) {
      tally_.refused_records += request.records;
      counts_.refused = request.records;
      break;
    }
    backoff_s = std::min(backoff_s * 2, kBackoffMaxS);
    if (uptime() - began_s + wait_s > settings_.give_up_s || !sleep_until(uptime() + wait_s, queue_))
      return count_given_up(request, tally_, queue_);
  }
  if (!request.slow) note_answer(request, intended_s, clock_, tally_);
  queue_.finish(counts_);
}

void HttpSender::inject_faults(const OutgoingRequest& request) {
  const std::string& body = settings_.gzip ? packed_ : request.body;
  if (request.break_off_first) {
    const std::string text = head(settings_.token, body.size());
    const auto bytes = static_cast<std::size_t>(request.break_off_at * static_cast<double>(text.size() + body.size()));
    (void)client_.break_off(text, body, bytes);
    ++tally_.broken_off;
  }
  if (request.slow) ++tally_.slow;
  if (request.bad_token_first) {
    const auto reply = client_.exchange(head(kWrongToken, body.size()), body);
    ++tally_.bad_tokens;
    if (reply.ok() && reply.value().status < 400) ++tally_.bad_tokens_let_in;
  }
}

HttpSender::Outcome HttpSender::attempt(const OutgoingRequest& request, double& wait_s) {
  const std::string& body = settings_.gzip ? packed_ : request.body;
  const double began_s = uptime();
  const std::string text = head(settings_.token, body.size());
  auto reply =
      request.slow ? client_.exchange_slowly(text, body, kSlowPieces, kSlowPauseMs) : client_.exchange(text, body);
  // The time that a slow sender takes on purpose is not the server's latency.
  if (!request.slow) tally_.service.add_seconds(uptime() - began_s);
  if (!reply) {
    ++tally_.retries_connection;
    tally_.add_problem(reply.error().message);
    return Outcome::again;
  }
  const unsigned status = reply->status;
  ++tally_.statuses[std::to_string(status)];
  if (status == 200 || status == 202) {
    tally_.bytes += body.size();
    count_reply(request, reply->body);
    return Outcome::answered;
  }
  if (status == 429 || status >= 500) {
    ++(status == 503 ? tally_.retries_503 : status == 429 ? tally_.retries_429 : tally_.retries_other);
    wait_s = retry_after_s(reply->retry_after, wait_s);
    return Outcome::again;
  }
  tally_.add_problem("answered " + std::to_string(status) + ": " + reply->body.substr(0, 200));
  return Outcome::refused;
}

// {"accepted":998,"rejected":2,"errors":[{"index":17,"code":"bad_event_time"},...]}
void HttpSender::count_reply(const OutgoingRequest& request, const std::string& reply) {
  json::error_code error;
  const json::value parsed = json::parse(reply, error);
  const json::object* object = error ? nullptr : parsed.if_object();
  const auto number = [&](std::string_view name) -> std::uint64_t {
    const json::value* value = object == nullptr ? nullptr : object->if_contains(name);
    if (value == nullptr || !value->is_int64() || value->as_int64() < 0) return ~std::uint64_t{0};
    return static_cast<std::uint64_t>(value->as_int64());
  };
  const std::uint64_t accepted = number("accepted"), rejected = number("rejected");
  if (accepted == ~std::uint64_t{0} || rejected == ~std::uint64_t{0}) {
    ++tally_.miscounted;
    tally_.add_problem("a success reply without accepted and rejected");
    return;
  }
  tally_.accepted_records += accepted;
  tally_.rejected_records += rejected;
  counts_.accepted = accepted;
  counts_.rejected = rejected;
  const bool exact = request.opaque == 0;
  if (exact ? accepted + rejected != request.records : accepted + rejected < request.records - request.opaque)
    ++tally_.miscounted;
  const json::value* errors = object->if_contains("errors");
  if (errors == nullptr || !errors->is_array()) return;
  for (const json::value& entry : errors->as_array()) {
    const json::value* code = entry.is_object() ? entry.as_object().if_contains("code") : nullptr;
    if (code != nullptr && code->is_string() &&
        (tally_.reject_codes.size() < 100 || tally_.reject_codes.contains(code->as_string().c_str())))
      ++tally_.reject_codes[std::string(code->as_string())];
  }
}

SyslogSender::SyslogSender(const SyslogSenderSettings& settings, RequestQueue& queue, SenderClock clock)
    : settings_(settings), queue_(queue), clock_(clock), client_(settings.target, settings.tls) {}

void SyslogSender::run() {
  double free_s = clock_.start_s;
  while (auto taken = queue_.pop()) {
    send(*taken, free_s);
    free_s = uptime();
  }
  tally_.connections = 1 + tally_.retries_connection;
}

void SyslogSender::send(const RequestQueue::Taken& taken, double free_s) {
  const OutgoingRequest& request = taken.request;
  count_request(request, tally_);
  const std::vector<std::string_view> lines = lines_of(request.body);
  const double intended_s = wait_for_turn(taken, free_s, clock_, queue_, tally_);
  if (queue_.stopped()) return count_given_up(request, tally_, queue_);
  const double began_s = uptime();
  double backoff_s = kBackoffFirstS;
  SendCounts counts;
  while (true) {
    std::size_t too_large = 0;
    const double attempt_s = uptime();
    const Status status = client_.send(lines, too_large);
    tally_.service.add_seconds(uptime() - attempt_s);
    if (status.ok()) {
      tally_.bytes += request.body.size();
      tally_.unsent_records += too_large;
      counts.accepted = lines.size() - too_large;
      counts.refused = too_large;
      break;
    }
    ++tally_.retries_connection;
    tally_.add_problem(status.error().message);
    if (uptime() - began_s + backoff_s > settings_.give_up_s || !sleep_until(uptime() + backoff_s, queue_))
      return count_given_up(request, tally_, queue_);
    backoff_s = std::min(backoff_s * 2, kBackoffMaxS);
  }
  note_answer(request, intended_s, clock_, tally_);
  queue_.finish(counts);
}

}  // namespace straykey
