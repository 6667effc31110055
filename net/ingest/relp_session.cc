#include "net/ingest/relp_session.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/uncleared.h"
#include "core/event/relp_frame.h"
#include "net/ingest/feeder.h"
#include "net/ingest/syslog_intake.h"
#include "net/ingest/syslog_tls.h"

namespace straykey {
namespace {

namespace asio = boost::asio;
using Timer =
    asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, IoExecutor>;
constexpr auto kAwait = asio::as_tuple(asio::use_awaitable_t<IoExecutor>{});

constexpr std::size_t kReadBytesMin = 4 * 1024, kReadBytesMax = 64 * 1024;
// The frame that announces data of more bytes than this cannot be passed over.
constexpr std::size_t kPassedOverBytesMax = 64u << 20;
constexpr std::size_t kAnswersBytesMax = 64 * 1024;  // that the sender has not read, while more frames are taken
constexpr std::string_view kStored = "200 OK";
constexpr std::string_view kServerClose = "0 serverclose 0\n";

// The value of `name=` in the lines of an offer.
std::string_view offered(std::string_view offers, std::string_view name) {
  for (std::size_t at = 0; at < offers.size();) {
    const std::size_t end = std::min(offers.find('\n', at), offers.size());
    std::string_view line = offers.substr(at, end - at);
    at = end + 1;
    if (line.starts_with(name) && line.substr(name.size()).starts_with('=')) return line.substr(name.size() + 1);
  }
  return {};
}

class RelpSession final : public StreamSession, public std::enable_shared_from_this<RelpSession> {
 public:
  RelpSession(std::shared_ptr<SyslogListener> listener, SyslogIntake& intake, IoSocket socket, const TlsContext& tls,
              StreamPeer peer);

  IoAwait<void> run() override;
  void sweep(TimePoint now) override;
  void give_way() override { stream_.close(); }

 private:
  IoAwait<void> read_all();
  // False: the connection has ended, or the time to wait for room is over.
  IoAwait<bool> receive();
  // False: the time to wait for room is over.
  IoAwait<bool> make_room();
  // What was received, and the batch that is made of it.
  void keep_charged() noexcept;
  // False: nothing more is to be read.
  IoAwait<bool> take_all_frames();
  // The same. It stops before the end where the sender has too many answers to read.
  [[nodiscard]] bool take_frames();
  [[nodiscard]] bool take(const RelpFrame& frame);
  void open(const RelpFrame& frame);
  IoAwait<void> send_batch();
  IoAwait<void> wait_for_reader();
  void on_stored(std::uint64_t number);
  // Answers are written by one coroutine at a time.
  void answer(std::string text);
  IoAwait<void> write_answers();
  [[nodiscard]] bool gave_up() const;
  [[nodiscard]] bool holds_idly() noexcept;
  void warn(std::string_view what) const;

  const std::shared_ptr<SyslogListener> listener_;
  SyslogIntake& intake_;
  const StreamPeer peer_;
  const IoExecutor executor_;
  std::shared_ptr<Feeder> feeder_;
  PeerStream stream_;
  BudgetShare share_;  // of what it holds
  TimePoint read_until_ = TimePoint::max(), write_until_ = TimePoint::max();
  TimePoint linger_until_ = TimePoint::max();
  TimePoint turn_until_ = TimePoint::max();  // it may go over the budget until then, and no further

  std::string received_;  // from the first frame that is not whole
  std::size_t read_bytes_ = kReadBytesMin;
  SyslogProgress progress_;
  bool is_mid_frame_ = false, waits_for_room_ = false, waits_for_reader_ = false;
  std::size_t passed_over_ = 0;  // bytes of a frame too large that are still to come
  SentText batch_;
  std::vector<std::uint32_t> transactions_;                         // of the batch
  std::map<std::uint64_t, std::vector<std::uint32_t>> unanswered_;  // by the Feeder's number
  std::string answers_;
  std::size_t unread_answers_bytes_ = 0;  // of answers_, and of what is being written
  bool writes_ = false;
  std::uint32_t close_transaction_ = 0;
  bool closes_ = false, is_open_ = false;
};

RelpSession::RelpSession(std::shared_ptr<SyslogListener> listener, SyslogIntake& intake, IoSocket socket,
                         const TlsContext& tls, StreamPeer peer)
    : listener_(std::move(listener)),
      intake_(intake),
      peer_(peer),
      executor_(socket.get_executor()),
      stream_(std::move(socket), tls),
      share_(listener_->budget) {}

bool RelpSession::gave_up() const {
  return listener_->draining.out_of_grace(std::chrono::steady_clock::now());
}

// While it waits for room, what its sender has sent waits too, and then it is not the sender who is late.
bool RelpSession::holds_idly() noexcept {
  if (share_.bytes() == 0) return false;
  if (waits_for_reader_) return true;
  if (!is_mid_frame_) return false;
  return read_until_ != TimePoint::max() || (waits_for_room_ && stream_.waiting_bytes() == 0);
}

void RelpSession::warn(std::string_view what) const {
  listener_->log.warning(what, {{"listener", listener_->settings.name}, {"sender", peer_.address.text()}});
}

void RelpSession::sweep(TimePoint now) {
  if (const auto last = listener_->ends_by(now)) {
    if (linger_until_ == TimePoint::max()) answer(std::string(kServerClose));
    linger_until_ = std::min(linger_until_, *last);
  }
  if (feeder_) feeder_->wake();
  const bool idles = progress_.stalls(now, holds_idly(), listener_->settings.timeouts.room_stall);
  if (idles && listener_->is_crowded(now)) {
    progress_.restart();
    listener_->tell_of_stall(peer_.address);
    return stream_.close();
  }
  const bool waits_for_sender = read_until_ != TimePoint::max();
  const bool stalls = now >= std::min(read_until_, write_until_);
  if (!stalls && !(waits_for_sender && now >= linger_until_)) return;
  if (stalls) listener_->counts.timeouts.add();
  read_until_ = write_until_ = TimePoint::max();
  stream_.close();
}

IoAwait<void> RelpSession::run() {
  const SyslogListenerSettings& settings = listener_->settings;
  feeder_ = intake_.make_feeder(listener_, executor_, peer_.io_thread,
                                [weak = weak_from_this()](std::uint64_t number, const ItemOutcomes&) {
                                  if (const auto session = weak.lock()) session->on_stored(number);
                                });

  read_until_ = std::chrono::steady_clock::now() + settings.timeouts.handshake;
  bool welcome = true;
  if (stream_.is_tls()) welcome = co_await shake_hands_for_syslog(stream_, *listener_, peer_.address);
  if (welcome) co_await read_all();
  read_until_ = TimePoint::max();
  co_await send_batch();
  co_await feeder_->wait_until_in_flight_below(1);
  if (closes_) answer(relp_response(close_transaction_, ""));
  while (writes_) {
    Timer pause(executor_, settings.timeouts.retry_min);
    co_await pause.async_wait(kAwait);
  }
  co_await stream_.shut_down();
  stream_.close();
}

IoAwait<void> RelpSession::read_all() {
  for (bool goes_on = true; goes_on;) {
    goes_on = co_await receive();
    const bool in_step = co_await take_all_frames();
    goes_on = goes_on && in_step;
    const bool is_full =
        intake_.full(batch_, batch_.text.size()) || transactions_.size() >= intake_.settings().batch_messages_max;
    if (goes_on && stream_.waiting_bytes() > 0 && !is_full) continue;
    co_await send_batch();
    co_await wait_for_reader();
  }
}

// One read may hold ten thousand commands, and each answer is ten times as long.
IoAwait<bool> RelpSession::take_all_frames() {
  bool in_step = take_frames();
  keep_charged();
  while (in_step && unread_answers_bytes_ > kAnswersBytesMax && !gave_up()) {
    co_await send_batch();
    co_await wait_for_reader();
    in_step = take_frames();
    keep_charged();
  }
  co_return in_step;
}

// A sender that does not read its answers is not read any more; in the end it has stalled.
IoAwait<void> RelpSession::wait_for_reader() {
  waits_for_reader_ = true;
  while (unread_answers_bytes_ > kAnswersBytesMax && !gave_up()) {
    Timer pause(executor_, listener_->settings.timeouts.retry_min);
    co_await pause.async_wait(kAwait);
  }
  waits_for_reader_ = false;
}

IoAwait<bool> RelpSession::receive() {
  const SyslogTimeouts& timeouts = listener_->settings.timeouts;
  is_mid_frame_ = !received_.empty() || passed_over_ > 0;
  const bool has_room = co_await make_room();
  if (!has_room) co_return false;
  const std::size_t held = received_.size();
  const auto now = std::chrono::steady_clock::now();
  read_until_ = now + (held > 0 ? timeouts.stall : timeouts.idle);
  if (share_.has_turn()) read_until_ = turn_until_ = std::min(turn_until_, now + timeouts.stall);
  resize_uncleared(received_, held + read_bytes_);
  keep_charged();
  if (!is_mid_frame_) progress_.restart();
  const auto [error, size] = co_await stream_.read_some(asio::buffer(received_.data() + held, read_bytes_));
  progress_.received(size);
  received_.resize(held + size);
  read_until_ = TimePoint::max();
  read_bytes_ = size == read_bytes_ ? std::min(2 * read_bytes_, kReadBytesMax)
                                    : std::max(size < read_bytes_ / 4 ? read_bytes_ / 2 : read_bytes_, kReadBytesMin);
  co_return !error;
}

// What it holds is charged, and remains so while it waits. It is not read meanwhile, unless its turn comes.
IoAwait<bool> RelpSession::make_room() {
  const SyslogTimeouts& timeouts = listener_->settings.timeouts;
  const auto needed = [this] {
    const std::size_t bytes = received_.size() + read_bytes_;
    const std::size_t grown = bytes <= received_.capacity() ? received_.capacity() : 2 * bytes;
    return connection_bytes_charged(grown + batch_.text.capacity() + unread_answers_bytes_);
  };
  for (auto wait = timeouts.retry_min; !share_.grow_to(needed()); wait = std::min(2 * wait, timeouts.retry_max)) {
    co_await send_batch();
    turn_until_ = share_.has_turn() ? turn_until_ : TimePoint::max();
    if (share_.grow_in_turn_to(needed())) co_return true;
    listener_->counts.waits.add();
    Timer pause(executor_, wait);
    waits_for_room_ = true;
    co_await pause.async_wait(kAwait);
    waits_for_room_ = false;
    const bool ended = gave_up() || !stream_.is_open();
    if (ended) co_return false;
  }
  co_return true;
}

void RelpSession::keep_charged() noexcept {
  const std::size_t bytes =
      connection_bytes_charged(received_.capacity() + batch_.text.capacity() + unread_answers_bytes_);
  if (bytes > share_.bytes())
    share_.grow_anyway(bytes - share_.bytes());
  else
    share_.give_back(share_.bytes() - bytes);
}

bool RelpSession::take_frames() {
  std::string_view rest = received_;
  bool goes_on = true;
  while (goes_on && !rest.empty() && unread_answers_bytes_ <= kAnswersBytesMax) {
    if (passed_over_ > 0) {
      const std::size_t passed = std::min(passed_over_, rest.size());
      rest.remove_prefix(passed);
      passed_over_ -= passed;
      continue;
    }
    const RelpFrame frame = read_relp_frame(rest);
    if (frame.verdict == RelpFrame::Verdict::incomplete) break;
    goes_on = take(frame);
    rest.remove_prefix(std::min(frame.bytes, rest.size()));
  }
  received_.erase(0, received_.size() - rest.size());
  if (received_.empty() && received_.capacity() > 4 * read_bytes_) std::string().swap(received_);
  return goes_on;
}

bool RelpSession::take(const RelpFrame& frame) {
  if (frame.verdict == RelpFrame::Verdict::broken ||
      (frame.verdict == RelpFrame::Verdict::too_large && frame.data_bytes > kPassedOverBytesMax)) {
    (is_open_ ? listener_->counts.bad_count : listener_->counts.other_protocol).add();
    warn(is_open_ ? "a RELP frame does not end where its length says, or is over 64 MiB; the connection is closed, so "
                    "that the sender sends again what was not answered. Its sender or a relay counts wrongly"
                  : "a sender does not speak RELP; its connection is closed");
    return false;
  }
  if (frame.verdict == RelpFrame::Verdict::too_large) passed_over_ = frame.data_bytes + 1;
  if (frame.command == "open") {
    open(frame);
    return true;
  }
  if (frame.command == "close") {
    closes_ = true;
    close_transaction_ = frame.transaction;
    return false;
  }
  if (frame.command != "syslog" || !is_open_) {
    answer(relp_response(frame.transaction, "500 unknown command, or no session is open"));
    return is_open_;
  }
  listener_->last_message.store(std::chrono::steady_clock::now(), std::memory_order_relaxed);
  transactions_.push_back(frame.transaction);
  if (frame.verdict == RelpFrame::Verdict::too_large) {
    listener_->counts.messages.add();
    intake_.reject(*listener_, RejectReason::record_too_large, {}, peer_.address);
  } else {
    intake_.add(batch_, *listener_, frame.data, peer_.address);
  }
  return true;
}

void RelpSession::open(const RelpFrame& frame) {
  is_open_ = true;
  if (peer_.place != nullptr) peer_.place->settle();
  const std::string_view version = offered(frame.data, "relp_version");
  const bool is_number =
      !version.empty() && version.size() < 4 && version.find_first_not_of("0123456789") == std::string_view::npos;
  answer(
      relp_response(frame.transaction, fmt::format("200 OK\nrelp_version={}\nrelp_software=straykey\ncommands=syslog",
                                                   is_number ? version : std::string_view("0"))));
}

IoAwait<void> RelpSession::send_batch() {
  std::vector<std::uint32_t> transactions = std::exchange(transactions_, {});
  SentText batch = std::exchange(batch_, {});
  if (transactions.empty()) {
    if (received_.empty()) share_.end_turn();
    co_return;
  }
  if (batch.items.empty()) {  // nothing to store: all of them were rejects
    share_.end_turn();
    for (const std::uint32_t transaction : transactions) answer(relp_response(transaction, kStored));
    co_return;
  }
  BudgetShare share(std::move(share_));  // the batch's
  keep_charged();
  unanswered_.emplace(feeder_->next_number(), std::move(transactions));
  co_await feeder_->feed(std::move(batch), std::move(share));
}

void RelpSession::on_stored(std::uint64_t number) {
  const auto stored = unanswered_.extract(number);
  if (stored.empty()) return;
  std::string text;
  for (const std::uint32_t transaction : stored.mapped()) text += relp_response(transaction, kStored);
  answer(std::move(text));
}

void RelpSession::answer(std::string text) {
  answers_ += text;
  unread_answers_bytes_ += text.size();
  if (std::exchange(writes_, true)) return;
  auto write = [self = shared_from_this()]() -> IoAwait<void> { co_await self->write_answers(); };
  asio::co_spawn(executor_, std::move(write), asio::detached);
}

IoAwait<void> RelpSession::write_answers() {
  while (!answers_.empty()) {
    const std::string text = std::exchange(answers_, {});
    write_until_ = std::chrono::steady_clock::now() + listener_->settings.timeouts.stall;
    const IoError error = co_await stream_.write(text);
    write_until_ = TimePoint::max();
    unread_answers_bytes_ -= text.size();
    progress_.received(text.size());
    if (error) {
      unread_answers_bytes_ -= answers_.size();
      answers_.clear();
      stream_.close();
    }
  }
  writes_ = false;
}

}  // namespace

std::shared_ptr<StreamSession> make_relp_session(std::shared_ptr<SyslogListener> listener, SyslogIntake& intake,
                                                 IoSocket socket, const TlsContext& tls, StreamPeer peer) {
  return std::make_shared<RelpSession>(std::move(listener), intake, std::move(socket), tls, peer);
}

}  // namespace straykey
