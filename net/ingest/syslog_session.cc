#include "net/ingest/syslog_session.h"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "core/event/other_protocol.h"
#include "core/event/syslog_message.h"
#include "net/ingest/syslog_tls.h"

namespace straykey {
namespace {

namespace asio = boost::asio;
using Timer =
    asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, IoExecutor>;
constexpr auto kAwait = asio::as_tuple(asio::use_awaitable_t<IoExecutor>{});

}  // namespace

SyslogSession::SyslogSession(std::shared_ptr<SyslogListener> listener, SyslogIntake& intake, IoSocket socket,
                             const TlsContext& tls, StreamPeer peer)
    : listener_(std::move(listener)),
      intake_(intake),
      peer_(peer),
      executor_(socket.get_executor()),
      feeder_(intake.make_feeder(listener_, executor_, peer.io_thread)),
      stream_(std::move(socket), tls),
      share_(listener_->budget) {}

void SyslogSession::sweep(TimePoint now) {
  if (const auto last = listener_->ends_by(now)) {
    if (linger_until_ == TimePoint::max()) stream_.end_sending();
    linger_until_ = std::min(linger_until_, *last);
  }
  feeder_->wake();
  const bool stalls = progress_.stalls(now, holds_idly(), listener_->settings.timeouts.room_stall);
  if (stalls && listener_->is_crowded(now)) {
    progress_.restart();
    listener_->tell_of_stall(peer_.address);
    return stream_.close();
  }
  if (phase_ == Phase::working || now < std::min(deadline_, linger_until_)) return;
  if (now < linger_until_) listener_->counts.timeouts.add();
  if (phase_ == Phase::handshake) listener_->counts.handshakes_failed.add();
  deadline_ = TimePoint::max();
  stream_.close();
}

// While it waits for room, what its sender has sent waits too, and then it is not the sender who is late.
bool SyslogSession::holds_idly() noexcept {
  if (share_.bytes() == 0 || !framer_.mid_message()) return false;
  return phase_ == Phase::reading || (waits_for_room_ && stream_.waiting_bytes() == 0);
}

bool SyslogSession::gave_up() const {
  return listener_->draining.out_of_grace(std::chrono::steady_clock::now());
}

IoAwait<void> SyslogSession::run() {
  const bool welcome = co_await shake_hands();
  if (welcome) co_await read_all();
  if (ended_well_) stream_.answer_end();
  stream_.close();
  phase_ = Phase::working;
  co_await send_batch();
  co_await feeder_->wait_until_in_flight_below(1);
  if (feeder_->in_flight() > 0) listener_->draining.cut_short.fetch_add(1);
}

IoAwait<bool> SyslogSession::shake_hands() {
  if (!stream_.is_tls()) co_return true;
  deadline_ = std::chrono::steady_clock::now() + listener_->settings.timeouts.handshake;
  const bool welcome = co_await shake_hands_for_syslog(stream_, *listener_, peer_.address);
  co_return welcome;
}

IoAwait<void> SyslogSession::read_all() {
  for (bool open = true; open;) {
    open = co_await receive();
    phase_ = Phase::working;
    if (!open) framer_.end();
    if (open && !protocol_known_ && may_become_other_protocol(framer_.held())) continue;
    open = speaks_syslog() && open;
    const bool in_step = co_await collect_messages();
    open = open && in_step;
    waiting_bytes_ = open ? stream_.waiting_bytes() : 0;
    if (!open || waiting_bytes_ > 0) continue;
    while (const auto frame = framer_.next_unended()) {
      (void)collect(*frame);
      (void)co_await collect_messages();  // behind a message that was cut a whole one may stand
    }
    co_await send_batch();
  }
}

IoAwait<bool> SyslogSession::receive() {
  const SyslogTimeouts& timeouts = listener_->settings.timeouts;
  if (framer_.crowded()) co_await send_batch();
  const std::optional<std::size_t> text_bytes = co_await make_room();
  if (!text_bytes) co_return false;
  const auto now = std::chrono::steady_clock::now();
  deadline_ = now + (framer_.mid_message() ? timeouts.stall : timeouts.idle);
  if (share_.has_turn()) deadline_ = turn_until_ = std::min(turn_until_, now + timeouts.stall);
  const std::span<char> room = framer_.prepare(*text_bytes);
  keep_charged();
  phase_ = Phase::reading;
  if (!framer_.mid_message()) progress_.restart();
  const auto [error, size] = co_await stream_.read_some(asio::mutable_buffer(room.data(), room.size()));
  framer_.commit(size);
  progress_.received(size);
  ended_well_ = error == asio::error::eof;
  co_return !error;
}

// What it holds is charged, and remains so while it waits: other senders of syslog hold the budget. It is not read
// meanwhile, however long that takes, unless its turn comes.
IoAwait<std::optional<std::size_t>> SyslogSession::make_room() {
  const SyslogTimeouts& timeouts = listener_->settings.timeouts;
  const auto needed = [this](std::size_t text_bytes) {
    return connection_bytes_charged(framer_.prepared_bytes(text_bytes));
  };
  const std::size_t expected = std::min(waiting_bytes_, intake_.settings().batch_bytes_max);
  const bool has_room = share_.grow_to(needed(expected));
  if (has_room) co_return expected;
  for (auto wait = timeouts.retry_min;; wait = std::min(2 * wait, timeouts.retry_max)) {
    if (!framer_.taken().empty()) co_await send_batch();
    turn_until_ = share_.has_turn() ? turn_until_ : TimePoint::max();
    if (share_.grow_in_turn_to(needed(0))) co_return 0;
    listener_->counts.waits.add();
    Timer pause(executor_, wait);
    waits_for_room_ = true;
    co_await pause.async_wait(kAwait);
    waits_for_room_ = false;
    const bool ended = gave_up() || !stream_.is_open();
    if (ended) co_return std::nullopt;
  }
}

void SyslogSession::keep_charged() noexcept {
  const std::size_t bytes = connection_bytes_charged(framer_.held_bytes());
  if (bytes > share_.bytes())
    share_.grow_anyway(bytes - share_.bytes());
  else
    share_.give_back(share_.bytes() - bytes);
}

IoAwait<bool> SyslogSession::collect_messages() {
  std::optional<SyslogFrame> frame = framer_.next();
  if (frame) listener_->last_message.store(std::chrono::steady_clock::now(), std::memory_order_relaxed);
  if (frame && !std::exchange(settled_, true) && peer_.place != nullptr) peer_.place->settle();
  for (; frame; frame = framer_.next()) {
    const bool in_step = collect(*frame);
    if (!in_step) co_return false;
    if (intake_.full(batch_, framer_.taken().size())) co_await send_batch();
  }
  co_return true;
}

bool SyslogSession::speaks_syslog() {
  if (std::exchange(protocol_known_, true)) return true;
  const OtherProtocol* const other = other_protocol(framer_.held());
  if (other == nullptr) return true;
  listener_->counts.other_protocol.add();
  listener_->log.warning("a sender speaks something else than syslog", {{"listener", listener_->settings.name},
                                                                        {"sender", peer_.address.text()},
                                                                        {"protocol", std::string(other->name)},
                                                                        {"change", std::string(other->change)}});
  if (!other->readable) framer_.drop();
  if (other->readable) framer_.drop_line();
  return other->readable;
}

bool SyslogSession::collect(const SyslogFrame& frame) {
  const std::size_t before = batch_.items.size();
  const bool in_step = sort_in(frame);
  // A count that is too small cuts a message, which shows only behind it. So whatever is cut on a connection with a
  // wrong count is put down to that: its length would suggest limits that nobody reached.
  const bool advised = frame.several_lines || warned_of_count_;
  const std::size_t first = frame.fault == SyslogFrame::Fault::bad_count ? 0 : before;
  for (std::size_t i = first; advised && i < batch_.items.size(); ++i) batch_.items[i].advised = true;
  return in_step;
}

bool SyslogSession::sort_in(const SyslogFrame& frame) {
  if (frame.several_lines) warn_of_lines();
  switch (frame.fault) {
    case SyslogFrame::Fault::none:
      intake_.add_in_place(batch_, *listener_, framer_.taken(), frame.text, peer_.address);
      return true;
    case SyslogFrame::Fault::too_large:
      listener_->counts.messages.add();
      intake_.reject(*listener_, RejectReason::record_too_large, frame.text, peer_.address);
      return true;
    case SyslogFrame::Fault::cut_off:
      collect_last(frame.text);
      return true;
    case SyslogFrame::Fault::bad_count:
      collect_miscounted(frame.text);
      return true;
    case SyslogFrame::Fault::out_of_step:
      listener_->counts.bad_count.add();
      listener_->log.warning(
          "a syslog sender announced a message of over 64 MiB, or its messages cannot be found; its connection is "
          "closed",
          {{"listener", listener_->settings.name}, {"sender", peer_.address.text()}});
      return false;
  }
  INVARIANT(false);
  return false;
}

void SyslogSession::collect_miscounted(std::string_view message) {
  listener_->counts.bad_count.add();
  if (!std::exchange(warned_of_count_, true)) {
    listener_->log.warning("the octet count of a syslog message is wrong; reading goes on at the next message",
                           {{"listener", listener_->settings.name},
                            {"sender", peer_.address.text()},
                            {"change",
                             "the sender counts before it cuts or changes the message, or counts characters: let it "
                             "count the bytes that it sends, or end each message with a line feed instead"}});
  }
  if (!message.empty()) intake_.add_in_place(batch_, *listener_, framer_.taken(), message, peer_.address);
}

void SyslogSession::warn_of_lines() {
  if (std::exchange(warned_of_lines_, true)) return;
  listener_->log.warning("a syslog sender prints a record over several lines; they are put together as well as can be",
                         {{"listener", listener_->settings.name},
                          {"sender", peer_.address.text()},
                          {"change", "send one record a line (jq -c), or octet counts"}});
}

// The last line may lack its LF; what ends in its middle will be sent again, whole, on the sender's next connection.
void SyslogSession::collect_last(std::string_view message) {
  if (ends_whole(message)) return intake_.add_in_place(batch_, *listener_, framer_.taken(), message, peer_.address);
  listener_->counts.cut_off.add();
}

// Without a batch to carry them on, the share and the turn remain with what the framer holds: a turn that ended while
// the memory stays would go round, and every connection would go over the budget in it.
IoAwait<void> SyslogSession::send_batch() {
  SentText batch = std::exchange(batch_, {});
  batch.text = framer_.release();
  if (batch.items.empty()) {
    if (!batch.text.empty()) share_.end_turn();  // its message has ended, and was a reject
    co_return keep_charged();
  }
  BudgetShare share(std::move(share_));  // the text's
  keep_charged();
  for (const SentText::Item& item : batch.items) blank_escaped_lines({batch.text.data() + item.begin, item.size});
  co_await feeder_->feed(std::move(batch), std::move(share));
}

}  // namespace straykey
