#include "tests/net/syslog_fixture.h"

#include <chrono>
#include <thread>
#include <utility>

#include "net/admin/metrics_text.h"
#include "tests/net/http_fixture.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

constexpr std::chrono::seconds kPatience{10};

}  // namespace

SubmitResult FakePipeline::submit(std::unique_ptr<Request>& request) {
  std::unique_lock lock(mutex_);
  if (mode_ == Mode::overloaded || mode_ == Mode::stopped) {
    ++refused_;
    changed_.notify_all();
    return mode_ == Mode::overloaded ? SubmitResult::overloaded : SubmitResult::stopped;
  }
  std::unique_ptr<Request> taken = std::move(request);
  ++requests_;
  if (mode_ == Mode::hold) {
    held_.push_back(std::move(taken));
    changed_.notify_all();
    return SubmitResult::accepted;
  }
  const RequestOutcome outcome = mode_ == Mode::commit ? RequestOutcome::committed : RequestOutcome::failed;
  finish(*taken, outcome);
  return SubmitResult::accepted;
}

void FakePipeline::finish(Request& request, RequestOutcome outcome) {
  if (outcome == RequestOutcome::committed) {
    for (const Event& event : request.events) {
      const std::size_t at = event.record.find("\"eventID\":\"") + 11;
      ids_.emplace_back(event.record.substr(at, event.record.find('"', at) - at));
    }
  } else {
    ++refused_;
  }
  changed_.notify_all();
  request.on_done(outcome);
}

void FakePipeline::set(Mode mode) {
  const std::lock_guard lock(mutex_);
  mode_ = mode;
}

void FakePipeline::release(RequestOutcome outcome) {
  const std::lock_guard lock(mutex_);
  for (const auto& request : std::exchange(held_, {})) finish(*request, outcome);
}

bool FakePipeline::stored(std::size_t events) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, kPatience, [&] { return ids_.size() >= events; }) && ids_.size() == events;
}

bool FakePipeline::refused(std::size_t requests) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, kPatience, [&] { return refused_ >= requests; });
}

bool FakePipeline::holds(std::size_t requests) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, kPatience, [&] { return held_.size() >= requests; });
}

std::vector<std::string> FakePipeline::ids() {
  const std::lock_guard lock(mutex_);
  return ids_;
}

std::size_t FakePipeline::requests() {
  const std::lock_guard lock(mutex_);
  return requests_;
}

SyslogTimeouts SyslogFixture::short_timeouts() {
  using std::chrono::milliseconds;
  SyslogTimeouts timeouts;
  timeouts.handshake = timeouts.stall = timeouts.idle = timeouts.linger = milliseconds(200);
  timeouts.retry_min = milliseconds(1);
  timeouts.retry_max = timeouts.tick = milliseconds(10);
  return timeouts;
}

SyslogFixture::SyslogFixture(SyslogIntakeSettings settings, std::size_t bytes_in_flight_max)
    : log(Log::Settings{LogLevel::error, false}),
      budget(std::make_shared<ByteBudget>(bytes_in_flight_max)),
      runtime(std::make_unique<IoRuntime>(IoRuntime::Settings{2}, log, metrics)) {
  Intake::Callbacks callbacks;
  callbacks.on_reject = [this](RejectReason, std::string_view, std::string_view source) {
    const std::lock_guard lock(reject_mutex);
    reject_sources.emplace_back(source);
  };
  callbacks.now = now_seconds;
  reader = std::make_unique<Intake>(PayloadLimits{}, runtime->threads(), std::move(callbacks), metrics);
  const auto submit = [this](std::unique_ptr<Request>& request) { return pipeline.submit(request); };
  intake = std::make_unique<SyslogIntake>(settings, SyslogIntake::Dependencies{*reader, submit, log});
  runtime->start();
}

SyslogFixture::~SyslogFixture() {
  runtime->stop();
}

std::unique_ptr<SyslogTcp> SyslogFixture::listen(SyslogListenerSettings settings) {
  settings.address = "127.0.0.1";
  if (settings.allow_cidrs.empty()) settings.allow_cidrs = {*parse_prefix("127.0.0.0/8")};
  auto listener = std::make_unique<SyslogTcp>(*runtime, std::move(settings), dependencies());
  const Status started = listener->start(now_seconds());
  REQUIRE_MESSAGE(started.ok(), "the listener starts");
  return listener;
}

std::uint64_t SyslogFixture::counted(const std::string& metric_line) const {
  const std::string text = "\n" + metrics_text(metrics);
  const std::size_t at = text.find("\n" + metric_line + " ");
  return at == std::string::npos ? 0 : std::stoull(text.substr(at + metric_line.size() + 2));
}

bool SyslogFixture::counts_to(const std::string& metric_line, std::uint64_t value) const {
  const auto until = std::chrono::steady_clock::now() + kPatience;
  while (counted(metric_line) != value && std::chrono::steady_clock::now() < until) std::this_thread::yield();
  return counted(metric_line) == value;
}

std::string record_json(const std::string& id) {
  return R"({"eventVersion":"1.08","eventTime":"2026-01-01T00:00:00Z","eventID":")" + id +
         R"(","eventSource":"sts.amazonaws.com","eventName":"GetCallerIdentity","awsRegion":"eu-west-1",)"
         R"("sourceIPAddress":"192.0.2.1","userAgent":"x","recipientAccountId":"111122223333",)"
         R"("userIdentity":{"type":"IAMUser","accessKeyId":"AKIAIOSFODNN7EXAMPLE","accountId":"111122223333"}})";
}

std::string message_of(const std::string& id) {
  return "<14>1 2026-01-01T00:00:00Z edge trail 77 - - " + record_json(id);
}

std::string counted_message(const std::string& id) {
  const std::string message = message_of(id);
  return std::to_string(message.size()) + " " + message;
}

}  // namespace straykey
