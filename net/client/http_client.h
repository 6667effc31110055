#pragma once
// HttpClient: one keep-alive HTTP/1.1 connection of a tool to one server. It sends one request at a time and waits for
// its reply.
//
// Shape:  requests are rendered once (render_post(), render_get()) and sent as often as needed; of a reply status,
//         Retry-After, body and the headers of keep() are kept. A connection that the server closed while it was idle
//         is opened again, once.
// Thread: one owner, whose thread it blocks.
// Bounds: ClientSocket's time limits; 16 KiB of reply header, kReplyBytesMax of reply body or what limit_reply() says.
// Errors: if there is no reply, a sentence says why and the connection is closed. The server may still have taken the
//         request.
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "net/client/client_socket.h"
#include "net/client/url.h"

namespace straykey {

struct HttpClientHeader {
  std::string name;
  std::string value;
};

// The head of a POST with a body of `body_bytes`, or of a GET.
[[nodiscard]] std::string render_post(const Url& url, const std::vector<HttpClientHeader>& headers,
                                      std::size_t body_bytes);
[[nodiscard]] std::string render_get(const Url& url, const std::vector<HttpClientHeader>& headers);
// The same of another method.
[[nodiscard]] std::string render_put(const Url& url, const std::vector<HttpClientHeader>& headers,
                                     std::size_t body_bytes);

struct HttpClientReply {
  unsigned status = 0;
  std::string retry_after;
  std::string body;
  std::vector<HttpClientHeader> headers = {};  // those of keep() that it has
};

class HttpClient {
 public:
  static constexpr std::uint64_t kReplyBytesMax = 16u << 20;
  static constexpr std::uint64_t kBytesPerSecondMin = 64u << 10;

  // `tls` is needed for an https URL.
  HttpClient(Url url, std::shared_ptr<const TlsTrust> tls, ClientSocket::Limits limits = {});

  // Which headers of replies are kept, and how long a body may be, from now on.
  void keep(std::vector<std::string> headers) { kept_ = std::move(headers); }
  void limit_reply(std::uint64_t body_bytes_max) noexcept { reply_bytes_max_ = body_bytes_max; }

  // From now on a reply is given up that takes longer than this and a second for each kBytesPerSecondMin that came.
  void limit_time(std::chrono::milliseconds time) noexcept { reply_time_ = time; }

  // Sends `head` and `body`, connecting first if need be, and waits for the reply.
  [[nodiscard]] Result<HttpClientReply> exchange(std::string_view head, std::string_view body);
  // Sends the request in `pieces`, with a pause behind each, like a sender on a bad line. REQUIRES: pieces >= 1.
  [[nodiscard]] Result<HttpClientReply> exchange_slowly(std::string_view head, std::string_view body,
                                                        std::size_t pieces, int pause_ms);
  // Sends the first `bytes` of a request and breaks the connection, like a sender that dies.
  Status break_off(std::string_view head, std::string_view body, std::size_t bytes);

  // Whether the last exchange failed because the body is longer than limit_reply() allows.
  [[nodiscard]] bool was_too_long() const noexcept { return was_too_long_; }
  [[nodiscard]] const Url& url() const noexcept { return url_; }
  // Connections opened so far.
  [[nodiscard]] std::uint64_t connections() const noexcept { return connections_; }

 private:
  struct Parser;
  Status open();
  [[nodiscard]] Result<HttpClientReply> read_reply(bool& got_bytes);
  [[nodiscard]] HttpClientReply reply_of(Parser& parser) const;

  Url url_;
  ClientSocket socket_;
  std::vector<char> received_;  // bytes behind the last reply, if any
  std::uint64_t connections_ = 0;
  std::vector<std::string> kept_;
  std::uint64_t reply_bytes_max_ = kReplyBytesMax;
  bool was_too_long_ = false;
  std::optional<std::chrono::milliseconds> reply_time_;
};

}  // namespace straykey
