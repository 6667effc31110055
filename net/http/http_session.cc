#include "net/http/http_session.h"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/http/error.hpp>
#include <ctime>
#include <utility>

#include "core/base/uncleared.h"
#include "core/event/text_arena.h"
#include "net/http/forwarded_for.h"
#include "net/io/client_certificate.h"

namespace straykey {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;

constexpr std::size_t kHeadReadBytes = 4 * 1024;
// Of a counted body, at once: as much as came so far, between these.
constexpr std::size_t kBodyReadBytesMin = 16 * 1024;
constexpr std::size_t kBodyReadBytesMax = 256 * 1024;
// A refused body that is not longer is read and dropped: its sender writes all of it before it looks for the refusal.
constexpr std::size_t kDrainBytesMax = 8u << 20;

constexpr Refusal kHostNotAllowed{403, "host_not_allowed", "This listener does not answer to that Host."};
constexpr Refusal kClientName{403, "client_name_not_allowed",
                              "The certificate of this client has none of the names in client_names."};
constexpr Refusal kForeignPage{403, "foreign_page", "A browser sent this for a page of another origin."};
constexpr Refusal kBodyOfOptions{413, "body_too_large", "OPTIONS takes no body."};
constexpr Refusal kBusy{503, "busy", "Too many bytes are in flight; send the same request again.", 1};
constexpr Refusal kBadRequest{400, "bad_request", "The request cannot be read."};
constexpr Refusal kBadChunk{400, "bad_chunk",
                            "The chunked body is malformed, or its extensions or trailers are too long."};
constexpr Refusal kNoAnswer{503, "not_committed_in_time", "The request was not committed in time; send it again.", 1};

Seconds unix_seconds() {
  return std::time(nullptr);
}

std::string_view view_of(const boost::beast::flat_buffer& buffer) {
  return {static_cast<const char*>(buffer.data().data()), buffer.size()};
}

bool has_bare_lf(std::string_view bytes) {
  for (std::size_t at = bytes.find('\n'); at != std::string_view::npos; at = bytes.find('\n', at + 1))
    if (at == 0 || bytes[at - 1] != '\r') return true;
  return false;
}

std::size_t buffer_bytes_max(const HeadLimits& head) {
  const std::size_t block = std::max(head.block_bytes_max, head.large_path.empty() ? 0 : head.large_block_bytes_max);
  return std::max(kReadBufferBytes, block + kHeadReadBytes);
}

}  // namespace

HttpSession::HttpSession(std::shared_ptr<HttpListener> listener, IoSocket socket, const TlsContext& tls,
                         StreamPeer peer)
    : listener_(std::move(listener)),
      peer_(peer),
      executor_(socket.get_executor()),
      stream_(std::move(socket), tls),
      wake_(executor_),
      buffer_(buffer_bytes_max(listener_->settings.head)),
      share_(listener_->budget) {}

void HttpSession::enter(Phase phase, std::chrono::milliseconds limit) {
  phase_ = phase;
  deadline_ = std::chrono::steady_clock::now() + limit;
}

bool HttpSession::holds_idly(TimePoint now) const noexcept {
  constexpr std::chrono::seconds kRecently{1};
  if (phase_ != Phase::body || share_.bytes() == 0) return false;
  const bool stalls = now - body_moved_at_ >= listener_->settings.timeouts.body_stall;
  return stalls && now < listener_->budget->refused_at() + kRecently;
}

void HttpSession::sweep(TimePoint now) {
  if (phase_ == Phase::hold) return look_for_room(now);
  StreamDraining& end = listener_->draining;
  const bool draining = end.begun.load() && !end.patient.load();  // a patient end lets each peer have one more answer
  if (draining && phase_ == Phase::idle) return stream_.close();
  // Whoever has not said who he is must not delay the end.
  if (draining && (phase_ == Phase::handshake || phase_ == Phase::head))
    deadline_ = std::min(deadline_, now + listener_->settings.timeouts.head_at_end);
  const bool out_of_grace = end.out_of_grace(now);
  if (now < deadline_ && !out_of_grace && !holds_idly(now)) return;
  if (out_of_grace && phase_ != Phase::linger) end.cut_short.fetch_add(1);
  if (phase_ != Phase::idle && phase_ != Phase::linger) listener_->counts.timeouts.add();
  if (phase_ == Phase::answer) return settle(serial_, refusal_reply(kNoAnswer));
  if (phase_ == Phase::handshake) listener_->counts.handshakes_failed.add();
  deadline_ = TimePoint::max();
  stream_.close();
}

// Who shows a certificate with a name that is not allowed hears so in the reply to its first request: a sender whose
// handshake fails does not learn why.
IoAwait<bool> HttpSession::shake_hands() {
  enter(Phase::handshake, listener_->settings.timeouts.handshake);
  const IoError error = co_await stream_.handshake();
  if (error) {
    if (error != asio::error::operation_aborted) listener_->counts.handshakes_failed.add();
    stream_.close();
    co_return false;
  }
  client_name_refused_ =
      shows_certificate(stream_.tls()) && !client_name_allowed(stream_.tls(), listener_->settings.client_names);
  if (client_name_refused_) listener_->counts.client_names_refused.add();
  co_return true;
}

IoAwait<void> HttpSession::run() {
  if (stream_.is_tls()) {
    const bool welcome = co_await shake_hands();
    if (!welcome) co_return;
  }
  enter(Phase::head, listener_->settings.timeouts.head);
  for (;;) {
    const Step step = co_await serve_request();
    if (step == Step::ended) co_return;
    // The next request: those already received need no waiting.
    const HttpTimeouts& timeouts = listener_->settings.timeouts;
    if (buffer_.size() > 0) {
      enter(Phase::head, timeouts.head);
    } else {
      enter(Phase::idle, timeouts.idle);
      if (buffer_.capacity() > kHeadReadBytes) buffer_.shrink_to_fit();
    }
  }
}

IoAwait<HttpSession::Step> HttpSession::serve_request() {
  ++serial_;
  refusal_.reset();
  reply_.reset();
  parser_.reset();
  body_.clear();
  head_.clear();
  match_ = {};
  keep_alive_ = false;
  waited_ = {};
  large_head_.give_back();
  Step step = co_await receive_head();
  if (step == Step::ended) co_return step;
  head_at_ = std::chrono::steady_clock::now();
  request_id_ = listener_->next_request_id();
  if (!refusal_) refusal_ = examine_head();
  // Each co_await stands in a statement of its own: GCC 12 destroys temporaries twice in `condition ? value : co_await
  // ...`.
  if (!refusal_) {
    step = co_await receive_body();
    if (step == Step::ended) co_return step;
  }
  if (refusal_) {
    reply_ = refusal_reply(*refusal_);
  } else {
    co_await answer();
  }
  share_.clear();
  co_return co_await send_reply();
}

IoAwait<HttpSession::Step> HttpSession::receive_head() {
  HeadScanner scanner(listener_->settings.head);
  for (;;) {
    const HeadScanner::Verdict verdict = scanner.scan(view_of(buffer_));
    if (verdict == HeadScanner::Verdict::refused) {
      refusal_ = scanner.refusal();
      co_return Step::done;
    }
    if (verdict == HeadScanner::Verdict::complete) {
      head_block_.assign(view_of(buffer_).substr(scanner.begin(), scanner.end() - scanner.begin()));
      buffer_.consume(scanner.end());
      co_return Step::done;
    }
    if (buffer_.size() > listener_->settings.head.block_bytes_max + kHeadReadBytes && !large_head_.is_taken()) {
      refusal_ = examine_large_head(scanner.begin());
      if (refusal_) co_return Step::done;
    }
    const Step step = co_await read_more(kHeadReadBytes);
    if (step == Step::ended) co_return step;
    if (phase_ == Phase::idle) enter(Phase::head, listener_->settings.timeouts.head);
  }
}

// Who shows a bad token hears so at once, and who shows none yet shares a bound with others of the kind.
std::optional<Refusal> HttpSession::examine_large_head(std::size_t begin) {
  if (auto refusal = read_begun_head(view_of(buffer_).substr(begin), listener_->settings.head, head_)) return refusal;
  match_ = listener_->router.find(head_.method, head_.path);
  if (match_.refusal) return match_.refusal;
  client_ = client_of(head_, peer_.address, listener_->settings.proxies.trusted);
  const Route& route = *match_.route;
  const bool shows_token = route.scope && listener_->auth->presents_credential(head_, route.credentials);
  if (shows_token) {
    const auto checked = listener_->auth->check(head_, *route.scope, route.credentials, client_, unix_seconds());
    if (const Refusal* refusal = std::get_if<Refusal>(&checked)) return *refusal;
  }
  if (!large_head_.take(shows_token ? listener_->large_heads_with_token : listener_->large_heads)) return kBusy;
  head_.clear();  // its views end with the next read
  match_ = {};
  return std::nullopt;
}

IoAwait<HttpSession::Step> HttpSession::read_more(std::size_t bytes_max) {
  const std::size_t space = buffer_.max_size() - buffer_.size();
  INVARIANT(space > 0);
  const auto [error, size] = co_await stream_.read_some(buffer_.prepare(std::min(space, bytes_max)));
  if (error) {
    stream_.close();
    co_return Step::ended;
  }
  buffer_.commit(size);
  co_return Step::done;
}

std::optional<Refusal> HttpSession::examine_head() {
  const HttpListenerSettings& settings = listener_->settings;
  if (auto refusal = read_head(head_block_, settings.head, head_)) return refusal;
  client_ = client_of(head_, peer_.address, settings.proxies.trusted);
  if (client_name_refused_) return kClientName;
  // Bytes of a body that is not going to be read would be taken for the next request.
  keep_alive_ = head_.keep_alive && !head_.has_body();
  const auto same_host = [this](const std::string& host) { return equal_ignoring_case(host, head_.host); };
  if (!settings.allowed_hosts.empty() &&
      std::none_of(settings.allowed_hosts.begin(), settings.allowed_hosts.end(), same_host)) {
    return kHostNotAllowed;
  }
  if (head_.method == HttpMethod::options && head_.has_body()) return kBodyOfOptions;
  if (head_.method == HttpMethod::options) return std::nullopt;
  match_ = listener_->router.find(head_.method, head_.path);
  if (match_.refusal) return match_.refusal;
  if (auto refusal = authenticate()) return refusal;
  return begin_body();
}

std::optional<Refusal> HttpSession::authenticate() {
  source_.clear();
  const Route& route = *match_.route;
  if (!route.scope) return std::nullopt;
  // A probe may come without a token; with a wrong one it should hear so.
  if (match_.probe && !listener_->auth->presents_credential(head_, route.credentials)) return std::nullopt;
  if (route.admit && head_.method == HttpMethod::post && is_of_foreign_page(head_)) return kForeignPage;
  // Who sends a token is judged by the token, whatever cookie comes with it.
  if (route.admit && !listener_->auth->presents_credential(head_, route.credentials)) {
    auto admitted = route.admit(head_);
    if (const Refusal* refusal = std::get_if<Refusal>(&admitted)) return *refusal;
    if (std::string* const name = std::get_if<std::string>(&admitted)) {
      source_ = std::move(*name);
      stand(true);
      return std::nullopt;
    }
  }
  auto checked = listener_->auth->check(head_, *route.scope, route.credentials, client_, unix_seconds());
  if (const Refusal* refusal = std::get_if<Refusal>(&checked)) return *refusal;
  source_ = std::get<std::string>(std::move(checked));
  stand(true);
  const bool limited = listener_->rates != nullptr && *route.scope == TokenScope::ingest;
  if (!limited || match_.probe || route.rate_checked_later) return std::nullopt;
  return listener_->rates->check(source_, client_);
}

void HttpSession::stand(bool settled) {
  if (settled == settled_ || peer_.place == nullptr) return;
  settled_ = settled;
  if (settled) peer_.place->settle();
  if (!settled) peer_.place->doubt();
}

Refusal HttpSession::too_large() const {
  return {match_.route->too_large_status, "body_too_large", match_.route->too_large_message};
}

std::optional<Refusal> HttpSession::begin_body() {
  const std::size_t bytes_max = match_.probe ? 0 : match_.route->body_bytes_max;
  const std::uint64_t length = head_.content_length.value_or(0);
  if (length > bytes_max) return too_large();
  if (!head_.chunked) {
    // Memory that nobody writes to is none.
    body_.reserve(static_cast<std::size_t>(length) + kJsonPadding);
    return std::nullopt;
  }
  parser_.emplace();
  parser_->header_limit(static_cast<std::uint32_t>(kReadBufferBytes));
  parser_->body_limit(bytes_max);
  IoError error;
  parser_->put(asio::buffer(head_block_), error);
  if (error == http::error::need_more) error = {};
  if (error || !parser_->is_header_done()) return kBadRequest;
  parser_->eager(true);
  return std::nullopt;
}

IoAwait<HttpSession::Step> HttpSession::receive_body() {
  body_noted_bytes_ = 0;
  body_moved_at_ = std::chrono::steady_clock::now();
  if (head_.has_body()) enter(Phase::body, listener_->settings.timeouts.body);
  if (head_.has_body() && head_.expects_continue && buffer_.size() == 0) {
    const IoError error = co_await stream_.write("HTTP/1.1 100 Continue\r\n\r\n");
    if (error) {
      stream_.close();
      co_return Step::ended;
    }
  }
  Step step = Step::done;
  if (head_.chunked) {
    step = co_await receive_chunks();
  } else {
    step = co_await receive_counted_body();
  }
  if (step == Step::done && !refusal_) keep_alive_ = head_.keep_alive;
  co_return step;
}

// What the buffer does not hold yet is read into its place.
IoAwait<HttpSession::Step> HttpSession::receive_counted_body() {
  const auto length = static_cast<std::size_t>(head_.content_length.value_or(0));
  std::size_t received = std::min(buffer_.size(), length);
  body_.assign(view_of(buffer_).substr(0, received));
  buffer_.consume(received);
  if (received < length) resize_uncleared(body_, length);
  for (std::size_t granted = 0;;) {
    if (received >= granted) {
      granted = std::min(length, received + std::clamp(received, kBodyReadBytesMin, kBodyReadBytesMax));
      refusal_ = expect_body_bytes(received, granted - received);
      if (refusal_) co_await wait_for_room();
    }
    if (refusal_ || received == length) co_return Step::done;
    const auto [error, size] = co_await stream_.read_some(asio::buffer(body_.data() + received, granted - received));
    if (error) {
      stream_.close();
      co_return Step::ended;
    }
    received += size;
    note_progress(received);
  }
}

IoAwait<HttpSession::Step> HttpSession::receive_chunks() {
  for (;;) {
    refusal_ = take_body_bytes();
    if (refusal_ && refusal_->code == kBusy.code) co_await wait_for_room();
    if (refusal_) co_return Step::done;
    if (parser_->is_done()) break;
    const Step step = co_await read_more(kReadBufferBytes - buffer_.size());
    if (step == Step::ended) co_return step;
  }
  body_ = std::move(parser_->get().body());
  co_return Step::done;
}

// Feeds the parser what has been received, and makes room in the budget for what may come next.
std::optional<Refusal> HttpSession::take_body_bytes() {
  IoError error;
  buffer_.consume(parser_->put(buffer_.data(), error));
  if (error == http::error::body_limit) {
    return too_large();
  }
  if (error && error != http::error::need_more) return kBadChunk;
  if (parser_->is_done()) return std::nullopt;
  if (buffer_.size() >= kReadBufferBytes) return kBadChunk;
  // What the parser leaves is the start of a chunk header or trailer. It would wait for a CR that a sender of LF never
  // sends.
  if (has_bare_lf(view_of(buffer_))) return kBadChunk;
  const std::size_t received = parser_->get().body().size();
  return expect_body_bytes(received, kReadBufferBytes);
}

// Single bytes are no progress: a sender that drips them would hold its memory for ever.
void HttpSession::note_progress(std::size_t received) {
  if (received - body_noted_bytes_ < kBodyReadBytesMin) return;
  body_noted_bytes_ = received;
  body_moved_at_ = std::chrono::steady_clock::now();
}

std::optional<Refusal> HttpSession::expect_body_bytes(std::size_t received, std::size_t next) {
  bytes_wanted_ = received + next;
  if (!share_.grow_to(bytes_wanted_)) return kBusy;
  note_progress(received);
  const HttpTimeouts& timeouts = listener_->settings.timeouts;
  deadline_ =
      head_at_ + waited_ + timeouts.body + timeouts.body_per_64_kib * static_cast<std::int64_t>(received / (64 * 1024));
  return std::nullopt;
}

// What it holds stays counted, and nothing more is received meanwhile. Bodies that wait for each other end one after
// the other, each when its own time is over, and each leaves its room to the others.
IoAwait<void> HttpSession::wait_for_room() {
  const std::chrono::milliseconds left = listener_->settings.timeouts.hold - waited_;
  if (left <= std::chrono::milliseconds(0) || listener_->draining.begun.load()) co_return;
  listener_->counts.waits.add();
  const TimePoint began = std::chrono::steady_clock::now();
  const TimePoint before = deadline_;
  enter(Phase::hold, left);
  while (phase_ == Phase::hold) {
    wake_.expires_at(TimePoint::max());
    co_await wake_.async_wait(asio::as_tuple(asio::use_awaitable_t<IoExecutor>{}));
  }
  body_moved_at_ = std::chrono::steady_clock::now();
  const auto waited = std::chrono::ceil<std::chrono::milliseconds>(body_moved_at_ - began);
  waited_ += waited;
  deadline_ = before + waited;
}

void HttpSession::look_for_room(TimePoint now) {
  const bool room = share_.grow_to(bytes_wanted_);
  if (room) refusal_.reset();
  if (!room && now < deadline_ && !listener_->draining.begun.load()) return;
  phase_ = Phase::body;
  wake_.cancel();
}

IoAwait<void> HttpSession::answer() {
  if (head_.method == HttpMethod::options) {
    reply_.emplace();
    reply_->status = 204;
    reply_->headers.push_back({"Allow", listener_->router.allowed(head_.path)});
    co_return;
  }
  if (match_.probe) {
    reply_.emplace();
    co_return;
  }
  enter(Phase::answer, listener_->settings.timeouts.answer);
  call_handler();
  while (!reply_) {
    wake_.expires_at(TimePoint::max());
    co_await wake_.async_wait(asio::as_tuple(asio::use_awaitable_t<IoExecutor>{}));
  }
}

void HttpSession::call_handler() {
  match_.route->handle(HttpRequest{head_, std::exchange(body_, {}), source_, client_, peer_.io_thread, request_id_,
                                   match_.route->path, waited_, std::move(share_)},
                       reply_callback());
}

ReplyTo HttpSession::reply_callback() {
  return [weak = weak_from_this(), serial = serial_](HttpReply reply) {
    std::shared_ptr<HttpSession> session = weak.lock();
    if (session == nullptr) return;
    const IoExecutor executor = session->executor_;
    // The session travels along: it must end on its own thread.
    asio::dispatch(executor, [session = std::move(session), serial, reply = std::move(reply)]() mutable {
      session->settle(serial, std::move(reply));
    });
  };
}

void HttpSession::settle(std::uint64_t serial, HttpReply reply) {
  if (serial != serial_ || reply_ || phase_ != Phase::answer) return;
  reply_ = std::move(reply);
  wake_.cancel();
}

HttpReply HttpSession::refusal_reply(const Refusal& refusal) {
  const bool own_body = match_.route != nullptr && match_.route->refuse;
  if (match_.route != nullptr && match_.route->refused) match_.route->refused(refusal, head_, client_, request_id_);
  HttpReply reply = own_body ? match_.route->refuse(refusal, head_, request_id_) : error_reply(refusal, request_id_);
  // A head that was refused before its route was looked for hears what the server has at all.
  if (refusal.status == 405)
    reply.headers.push_back({"Allow", match_.allow.empty() ? listener_->router.allowed("") : match_.allow});
  return reply;
}

IoAwait<HttpSession::Step> HttpSession::send_reply() {
  const HttpTimeouts& timeouts = listener_->settings.timeouts;
  enter(Phase::reply, timeouts.reply);
  keep_alive_ = keep_alive_ && !listener_->draining.begun.load();
  if (reply_->cut) {
    listener_->counts.count_reply(reply_->status);
    stream_.close();
    co_return Step::ended;
  }
  std::string bytes = render_head(*reply_, keep_alive_, unix_seconds());
  if (head_.method != HttpMethod::head) bytes += reply_->body;
  const IoError error = co_await stream_.write(bytes);
  listener_->counts.count_reply(reply_->status);
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - head_at_;
  listener_->counts.request_seconds.observe(taken.count());
  if (error) {
    stream_.close();
    co_return Step::ended;
  }
  if (keep_alive_) co_return Step::done;
  enter(Phase::linger, timeouts.linger);
  stand(false);
  if (refusal_ || buffer_.size() > 0) {
    co_await stream_.drain_and_shut_down(kDrainBytesMax);
  } else {
    co_await stream_.shut_down();
  }
  co_return Step::ended;
}

}  // namespace straykey
