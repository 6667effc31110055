#pragma once
// HttpRequest and HttpReply: what a route is given and what it gives back.
//
// Thread: any (values; a request cannot be copied). An HttpRequest is handed over on its io thread; its reply may come
//         from any thread.
// Bounds: a reply is a whole body in memory; nothing is streamed.
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/time.h"
#include "core/location/ip_address.h"
#include "net/http/request_guard.h"
#include "net/io/connection_table.h"

namespace straykey {

struct HttpRequest {
  const RequestHead& head;  // lives as long as the handler's call: copy what is needed later
  std::string body;         // as sent: chunks joined, not inflated
  std::string source;       // name of the token; "" on an open route
  IpAddress peer;
  std::size_t io_thread =
      0;  // which of IoRuntime's threads runs the call: index of what a route keeps for each of them
  std::string request_id;
  std::string_view pattern = {};        // the route's path: for path_segment(); query_parameter() reads head.target
  std::chrono::milliseconds waited{0};  // for room, while its body was received
  BudgetShare share = {};  // holds the bytes of the body; whoever goes on working on it keeps this, and grows it
};

struct ReplyHeader {
  std::string_view name;  // our own text
  std::string value;      // REQUIRES: no byte under 0x20
};

struct HttpReply {
  unsigned status = 200;
  std::string_view content_type = "application/json";
  std::string body;
  std::vector<ReplyHeader> headers;
  bool cut = false;  // nothing is answered and the connection closed: for senders that lose what they get an answer to
};

// To be called once, from any thread; later calls, and calls after the connection ended, have no effect.
using ReplyTo = std::function<void(HttpReply)>;

// `{"error":{"code":..,"message":..,"request_id":..}}`, with Retry-After, WWW-Authenticate where the status asks for
// one.
[[nodiscard]] HttpReply error_reply(const Refusal& refusal, std::string_view request_id);
// The headers that go with a refusal, for protocols with a body of their own.
[[nodiscard]] std::vector<ReplyHeader> refusal_headers(const Refusal& refusal);

// Status line and headers, with Content-Length and the empty line. `now` is UTC seconds, for Date.
[[nodiscard]] std::string render_head(const HttpReply& reply, bool keep_alive, Seconds now);

}  // namespace straykey
