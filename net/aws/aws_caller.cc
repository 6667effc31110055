#include "net/aws/aws_caller.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "net/aws/service_address.h"

namespace straykey {
namespace {

constexpr Seconds kOffsetMin = 60;

// "Mon, 30 Nov 2026 17:36:59 GMT" (RFC 9110, section 5.6.7).
std::optional<Seconds> parse_http_date(std::string_view text) {
  constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  if (text.size() != 29 || !text.ends_with(" GMT")) return std::nullopt;
  const std::size_t month = kMonths.find(text.substr(8, 3));
  if (month == std::string_view::npos || month % 3 != 0) return std::nullopt;
  return parse_time(
      fmt::format("{}-{:02}-{}T{}Z", text.substr(12, 4), month / 3 + 1, text.substr(5, 2), text.substr(17, 8)));
}

}  // namespace

std::string AwsReply::text() const {
  if (error.code.empty()) return std::to_string(status);
  return fmt::format("{} {}{}{}", status, error.code, error.message.empty() ? "" : ": ", error.message);
}

struct AwsCaller::Connection {
  Connection(std::string from, int io_ms_set, Url url, std::shared_ptr<const TlsTrust> trust,
             ClientSocket::Limits limits, std::chrono::milliseconds reply_time)
      : origin(std::move(from)), io_ms(io_ms_set), client(std::move(url), std::move(trust), std::move(limits)) {
    client.keep(aws_reply_headers());
    client.limit_time(reply_time);
  }
  std::string origin;
  int io_ms;
  HttpClient client;
};

struct AwsCaller::Attempt {
  std::optional<AwsReply> reply;
  std::string error;      // without a reply
  bool is_final = false;  // the same again would end the same way
  AwsCredentials used;
  std::optional<Seconds> date;
};

AwsCaller::AwsCaller(Settings settings, Dependencies dependencies)
    : settings_(settings), dependencies_(std::move(dependencies)) {}
AwsCaller::~AwsCaller() = default;

AwsCaller::Connection& AwsCaller::connection_to(const AwsCall& call, const Url& origin) {
  const auto found = std::find_if(connections_.begin(), connections_.end(), [&](const auto& connection) {
    return connection->origin == call.origin && connection->io_ms == call.io_ms;
  });
  if (found != connections_.end()) {
    connections_.splice(connections_.begin(), connections_, found);
  } else {
    const ClientSocket::Limits limits{settings_.connect_ms, call.io_ms, &is_service_address, dependencies_.stopped};
    connections_.push_front(std::make_unique<Connection>(call.origin, call.io_ms, origin, dependencies_.trust, limits,
                                                         settings_.reply_time));
    if (connections_.size() > settings_.connections_max) connections_.pop_back();
  }
  return *connections_.front();
}

AwsCaller::Attempt AwsCaller::try_once(const AwsCall& call, const Url& origin) {
  Attempt attempt;
  auto credentials = dependencies_.credentials.get();
  if (!credentials) {
    attempt.error = credentials.error().message;
    return attempt;
  }
  attempt.used = credentials.value();
  SigningScope scope = call.scope;
  scope.now = dependencies_.now() + clock_offset_;
  AwsRequest request = call.request;
  request.host = origin.host_header;
  const SignedRequest signed_request = sign_v4(request, attempt.used, scope);
  Url url = origin;
  url.target = signed_request.target;
  std::vector<HttpClientHeader> headers;
  for (const auto& [name, value] : signed_request.headers) headers.push_back({name, value});
  const bool posts = request.method == "POST";
  const std::string head = posts ? render_post(url, headers, request.body.size()) : render_get(url, headers);
  HttpClient& client = connection_to(call, origin).client;
  client.limit_reply(call.reply_bytes_max);
  auto reply = client.exchange(head, request.body);
  if (!reply) {
    attempt.error = fmt::format("{}: {}", origin.host, reply.error().message);
    attempt.is_final = client.was_too_long();
    return attempt;
  }
  attempt.date = parse_http_date(header_of(*reply, "Date"));
  AwsReply& result = attempt.reply.emplace();
  result.status = reply->status;
  result.bucket_region = header_of(*reply, "x-amz-bucket-region");
  if (result.status < 200 || result.status >= 300) result.error = aws_error_of(*reply);
  result.trouble = trouble_of(result.status, result.error);
  result.body = std::move(reply->body);
  return attempt;
}

bool AwsCaller::prepare_again(Attempt& attempt, int attempts) {
  if (attempt.is_final || attempts >= settings_.attempts_max || dependencies_.stopped()) return false;
  const AwsTrouble trouble = attempt.reply ? attempt.reply->trouble : AwsTrouble::passing;
  if (trouble == AwsTrouble::credentials) {
    dependencies_.credentials.reject(attempt.used);
    if (attempts > 1) return false;  // new ones were refused as well
  } else if (trouble == AwsTrouble::clock) {
    if (!attempt.date) return false;
    const Seconds offset = *attempt.date - dependencies_.now();
    if (std::abs(offset - clock_offset_) < kOffsetMin) return false;
    clock_offset_ = offset;
  } else if (trouble != AwsTrouble::passing) {
    return false;
  }
  dependencies_.retries.add();
  if (trouble != AwsTrouble::passing) return true;
  const auto pause = std::min(settings_.pause_min * (1 << std::min(attempts - 1, 16)), settings_.pause_max);
  jitter_ = jitter_ * 6364136223846793005u + 1442695040888963407u;
  const auto jitter = static_cast<std::int64_t>(jitter_ >> 33) % (pause.count() + 1);
  dependencies_.pause(pause / 2 + std::chrono::milliseconds(jitter) / 2);
  return true;
}

Result<AwsReply> AwsCaller::call(const AwsCall& call) {
  const auto origin = parse_url(call.origin);
  if (!origin) return Error{"the endpoint is no URL: " + origin.error().message};
  for (int attempts = 1;; ++attempts) {
    Attempt attempt = try_once(call, origin.value());
    if (attempt.reply && attempt.reply->ok()) return std::move(*attempt.reply);
    if (prepare_again(attempt, attempts)) continue;
    if (attempt.reply) return std::move(*attempt.reply);
    return Error{attempt.error};
  }
}

}  // namespace straykey
