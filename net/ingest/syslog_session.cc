#include "net/ingest/syslog_session.h"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "core/event/json_text.h"
#include "core/event/syslog_message.h"
#include "net/ingest/syslog_tls.h"

namespace straykey {
namespace {

namespace asio = boost::asio;
constexpr auto kAwait = asio::as_tuple(asio::use_awaitable_t<IoExecutor>{});

}  // namespace

SyslogSession::SyslogSession(std::shared_ptr<SyslogListener> listener, SyslogIntake& intake, IoSocket socket,
                             const TlsContext& tls, StreamPeer peer)
    : listener_(std::move(listener)),
      intake_(intake),
      peer_(peer),
      executor_(socket.get_executor()),
      stream_(std::move(socket), tls),
      wake_(executor_),
      share_(listener_->budget) {}

void SyslogSession::sweep(TimePoint now) {
  const StreamDraining& end = listener_->draining;
  if (end.begun.load() && linger_until_ == TimePoint::max()) {
    linger_until_ = std::min(now + listener_->settings.timeouts.linger, end.deadline.load());
    stream_.end_sending();
  }
  if (gave_up()) wake_.cancel();
  if (phase_ == Phase::working || now < std::min(deadline_, linger_until_)) return;
  if (now < linger_until_) listener_->counts.timeouts.add();
  if (phase_ == Phase::handshake) listener_->counts.handshakes_failed.add();
  deadline_ = TimePoint::max();
  stream_.close();
}

bool SyslogSession::gave_up() const {
  return listener_->draining.out_of_grace(std::chrono::steady_clock::now());
}

IoAwait<void> SyslogSession::run() {
  const bool welcome = co_await shake_hands();
  if (welcome) co_await read_all();
  stream_.close();
  phase_ = Phase::working;
  co_await send_batch();
  co_await wait_until_in_flight_below(1);
  if (in_flight_ > 0) listener_->draining.cut_short.fetch_add(1);
}

IoAwait<bool> SyslogSession::shake_hands() {
  if (!stream_.is_tls()) co_return true;
  deadline_ = std::chrono::steady_clock::now() + listener_->settings.timeouts.handshake;
  const IoError error = co_await stream_.handshake();
  if (error) {
    if (error != asio::error::operation_aborted) listener_->counts.handshakes_failed.add();
    co_return false;
  }
  const bool allowed = client_name_allowed(stream_.tls(), listener_->settings.client_names);
  if (allowed) co_return true;
  listener_->counts.refused_client_name.add();
  listener_->log.warning("a syslog sender's certificate has none of the names in client_names",
                         {{"listener", listener_->settings.name}, {"sender", peer_.address.text()}});
  co_return false;
}

IoAwait<void> SyslogSession::read_all() {
  for (bool open = true; open;) {
    open = co_await receive();
    phase_ = Phase::working;
    if (!open) framer_.end();
    const bool in_step = co_await take_messages();
    open = open && in_step;
    waiting_bytes_ = open ? stream_.waiting_bytes() : 0;
    if (open && waiting_bytes_ == 0) co_await send_batch();
  }
}

IoAwait<bool> SyslogSession::receive() {
  const SyslogTimeouts& timeouts = listener_->settings.timeouts;
  if (framer_.crowded()) co_await send_batch();
  std::span<char> room = framer_.prepare(std::min(waiting_bytes_, intake_.batch_bytes_max()));
  share_.clear();
  const TimePoint stalled = std::chrono::steady_clock::now() + timeouts.stall;
  // Others hold the budget; one of them will end, or stall.
  while (!share_.grow_to(framer_.held_bytes())) {
    listener_->counts.waits.add();
    co_await send_batch();
    co_await pause(timeouts.retry_max);
    const bool too_long = gave_up() || std::chrono::steady_clock::now() >= stalled;
    if (too_long) co_return false;
    room = framer_.prepare();
  }
  deadline_ = std::chrono::steady_clock::now() + (framer_.mid_message() ? timeouts.stall : timeouts.idle);
  phase_ = Phase::reading;
  const auto [error, size] = co_await stream_.read_some(asio::mutable_buffer(room.data(), room.size()));
  framer_.commit(size);
  co_return !error;
}

IoAwait<bool> SyslogSession::take_messages() {
  std::optional<SyslogFrame> frame = framer_.next();
  if (frame) listener_->last_message.store(std::chrono::steady_clock::now(), std::memory_order_relaxed);
  for (; frame; frame = framer_.next()) {
    const bool in_step = take(*frame);
    if (!in_step) co_return false;
    if (intake_.full(batch_, framer_.taken().size())) co_await send_batch();
  }
  co_return true;
}

bool SyslogSession::take(const SyslogFrame& frame) {
  switch (frame.fault) {
    case SyslogFrame::Fault::none:
      intake_.add_in_place(batch_, *listener_, framer_.taken(), frame.text, peer_.address);
      return true;
    case SyslogFrame::Fault::too_large:
      listener_->counts.messages.add();
      intake_.reject(*listener_, RejectReason::record_too_large, frame.text, peer_.address);
      return true;
    case SyslogFrame::Fault::cut_off:
      take_rest(frame.text);
      return true;
    case SyslogFrame::Fault::out_of_step:
      listener_->counts.bad_count.add();
      listener_->log.warning("a syslog sender announced a message of over 64 MiB; its connection is closed",
                             {{"listener", listener_->settings.name}, {"sender", peer_.address.text()}});
      return false;
  }
  INVARIANT(false);
  return false;
}

// The last line may lack its LF; what ends in its middle will be sent again, whole, on the sender's next connection.
void SyslogSession::take_rest(std::string_view message) {
  const std::string_view payload = syslog_payload(message);
  const bool whole = !payload.empty() && scan_json_value(payload).end == JsonEnd::complete;
  if (whole) return intake_.add_in_place(batch_, *listener_, framer_.taken(), message, peer_.address);
  listener_->counts.cut_off.add();
}

IoAwait<void> SyslogSession::send_batch() {
  SyslogBatch batch = std::exchange(batch_, {});
  batch.text = framer_.release();
  if (batch.empty()) co_return;
  std::unique_ptr<Request> request = read(std::move(batch));
  if (request == nullptr) co_return;
  const std::size_t in_flight_max = listener_->settings.requests_in_flight_max;
  co_await wait_until_in_flight_below(in_flight_max);
  ++in_flight_;
  co_await offer(std::move(request));
}

IoAwait<void> SyslogSession::offer(std::unique_ptr<Request> request) {
  const SyslogTimeouts& timeouts = listener_->settings.timeouts;
  const std::size_t events = request->events.size();
  for (auto wait = timeouts.retry_min;; wait = std::min(2 * wait, timeouts.retry_max)) {
    const SubmitResult result = intake_.submit(request);
    if (result == SubmitResult::accepted) co_return;
    if (gave_up()) break;
    listener_->counts.waits.add();
    co_await pause(wait);
  }
  intake_.count_lost(events);
  listener_->draining.cut_short.fetch_add(1);
  end_in_flight();
}

IoAwait<void> SyslogSession::offer_again(SyslogBatch batch) {
  const auto wait = listener_->settings.timeouts.retry_max;
  co_await pause(wait);
  std::unique_ptr<Request> request = read(std::move(batch));
  if (request == nullptr) {
    end_in_flight();
    co_return;
  }
  co_await offer(std::move(request));
}

IoAwait<void> SyslogSession::pause(std::chrono::milliseconds wait) {
  Timer timer(executor_);
  timer.expires_after(wait);
  co_await timer.async_wait(kAwait);
}

// Or until the grace is over.
IoAwait<void> SyslogSession::wait_until_in_flight_below(std::size_t count) {
  while (in_flight_ >= count && !gave_up()) {
    wake_.expires_at(TimePoint::max());
    co_await wake_.async_wait(kAwait);
  }
}

std::unique_ptr<Request> SyslogSession::read(SyslogBatch batch) {
  return intake_.read(std::move(batch), *listener_, peer_.io_thread,
                      [weak = weak_from_this()](RequestOutcome outcome, SyslogBatch again) {
                        std::shared_ptr<SyslogSession> session = weak.lock();
                        if (session == nullptr) return;
                        const IoExecutor executor = session->executor_;
                        // The session travels along: it must end on its own thread.
                        asio::post(executor,
                                   [session = std::move(session), outcome, again = std::move(again)]() mutable {
                                     session->done(outcome, std::move(again));
                                   });
                      });
}

void SyslogSession::done(RequestOutcome outcome, SyslogBatch batch) {
  if (outcome == RequestOutcome::committed) return end_in_flight();
  listener_->counts.waits.add();
  auto again = [self = shared_from_this(), batch = std::move(batch)]() mutable -> IoAwait<void> {
    co_await self->offer_again(std::move(batch));
  };
  asio::co_spawn(executor_, std::move(again), asio::detached);
}

void SyslogSession::end_in_flight() {
  --in_flight_;
  wake_.cancel();
}

}  // namespace straykey
