#pragma once
// HttpSession: one connection, from its handshake to its end; its requests one after the other.
//
// Shape:  head -> guard -> route -> authenticate -> size -> (100 Continue) -> body -> handler -> reply, and again.
// Order:  nothing of a request without a valid token is read beyond its head. Pipelined requests are answered in their
//         order.
// Thread: io (its own); only the ReplyTo given to a handler may be called from elsewhere.
// Bounds: HttpTimeouts (one deadline, armed anew at each phase), kReadBufferBytes, the route's body_bytes_max. A body
//         takes of the byte budget what was received of it, whatever it announces, and gets time for that.
// Errors: a Refusal is answered, and the connection closed if bytes of its request may still come; a peer that breaks
//         off or is too slow is closed without a word.
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "net/http/http_listener.h"
#include "net/http/http_message.h"
#include "net/io/peer_stream.h"

namespace straykey {

class HttpSession final : public StreamSession, public std::enable_shared_from_this<HttpSession> {
 public:
  HttpSession(std::shared_ptr<HttpListener> listener, IoSocket socket, const TlsContext& tls, StreamPeer peer);

  IoAwait<void> run() override;
  // Enforces the deadline of the phase, and draining.
  void sweep(TimePoint now) override;
  void give_way() override { stream_.close(); }

 private:
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;
  using Timer = boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                                  boost::asio::wait_traits<std::chrono::steady_clock>, IoExecutor>;
  enum class Phase : std::uint8_t { handshake, head, idle, body, hold, answer, reply, linger };

  void enter(Phase phase, std::chrono::milliseconds limit);
  // It holds memory for a body of which nothing comes, while others are refused.
  [[nodiscard]] bool holds_idly(TimePoint now) const noexcept;
  // What a step came to: go on, or the connection has ended.
  enum class Step : std::uint8_t { done, ended };

  // False: the connection has ended.
  IoAwait<bool> shake_hands();
  IoAwait<Step> serve_request();
  IoAwait<Step> receive_head();
  // The head in the buffer is a large one: looks at what has come of it, and takes a place for it.
  std::optional<Refusal> examine_large_head(std::size_t begin);
  // Guard, host, route, token, size: all that is decided before the body.
  std::optional<Refusal> examine_head();
  std::optional<Refusal> authenticate();
  // The connection has shown a valid token, or was refused: what its place in the server is worth.
  void stand(bool settled);
  std::optional<Refusal> begin_body();
  // REQUIRES: there is a route.
  [[nodiscard]] Refusal too_large() const;
  IoAwait<Step> receive_body();
  IoAwait<Step> receive_chunks();
  IoAwait<Step> receive_counted_body();
  std::optional<Refusal> take_body_bytes();
  // Makes room in the budget for what may be received next, and gives the sender time for it.
  std::optional<Refusal> expect_body_bytes(std::size_t received, std::size_t next);
  void note_progress(std::size_t received);
  // After a refusal for want of room: waits a moment for it, and takes the refusal back if it comes.
  IoAwait<void> wait_for_room();
  void look_for_room(TimePoint now);
  // Calls the route's handler and waits until reply_ is there.
  IoAwait<void> answer();
  void call_handler();
  IoAwait<Step> send_reply();
  IoAwait<Step> read_more(std::size_t bytes_max);
  [[nodiscard]] HttpReply refusal_reply(const Refusal& refusal);
  [[nodiscard]] ReplyTo reply_callback();
  void settle(std::uint64_t serial, HttpReply reply);

  const std::shared_ptr<HttpListener> listener_;
  const StreamPeer peer_;
  const IoExecutor executor_;
  PeerStream stream_;
  Timer wake_;
  Phase phase_ = Phase::head;
  TimePoint deadline_ = TimePoint::max();
  boost::beast::flat_buffer buffer_;

  // Of the request in hand.
  std::uint64_t serial_ = 0;
  std::string request_id_;
  std::string head_block_;
  LargeHead large_head_;
  RequestHead head_;
  HttpRouter::Match match_;
  std::string source_;
  IpAddress client_;  // the peer, or who is behind a trusted proxy
  std::string body_;
  std::optional<Parser> parser_;  // of chunks
  BudgetShare share_;
  std::optional<Refusal> refusal_;
  std::optional<HttpReply> reply_;
  TimePoint head_at_, body_moved_at_;
  std::size_t body_noted_bytes_ = 0;  // of the body, at body_moved_at_
  std::size_t bytes_wanted_ = 0;      // of the share, when there was no room
  std::chrono::milliseconds waited_{0};
  bool keep_alive_ = false;
  bool settled_ = false;              // of the connection
  bool client_name_refused_ = false;  // the same
};

}  // namespace straykey
