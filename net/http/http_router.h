#pragma once
// HttpRouter: which route a method and a path mean. Another protocol is another route, nothing else.
//
// Shape:  a list of routes; a segment `{}` of a path stands for any one segment: "/{}/_bulk".
//         A path of nothing but `{}` is for what nobody else wants: no segment may begin with `_`, the first may begin
//         no other route's path, and to another method there is nothing.
// Order:  routes without `{}` go before routes with it, else the first added wins.
// Thread: filled at start-up, then any (immutable).
// Errors: find() names the refusal: 404 for an unknown path, with the address that was probably meant; 405 with the
//         path's purpose and an Allow header for a wrong method.
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "net/http/auth.h"
#include "net/http/http_message.h"
#include "net/http/request_guard.h"

namespace straykey {

struct Route {
  HttpMethod method = HttpMethod::post;
  std::string path;
  std::optional<TokenScope> scope;     // nullopt: open to all
  std::string purpose;                 // what this URL is for: the sentence of its 405
  std::size_t body_bytes_max = 0;      // over it: 413, or too_large_status
  unsigned too_large_status = 413;     // 400 where the sender would drop the batch on 413
  std::string too_large_setting = {};  // which setting says body_bytes_max
  CredentialPlace credentials;
  // Asked before a token is looked for, if there is a scope: the name of whoever may pass without one, or a refusal.
  std::function<std::variant<std::monostate, std::string, Refusal>(const RequestHead&)> admit = {};
  bool rate_checked_later = false;  // by what handles it, and not before its body
  // Bodies of refusals where the protocol prescribes them, for every reply of this address: those of the session (401,
  // 413, 503) and 405 too; empty: error_reply. Runs on the io thread.
  std::function<HttpReply(const Refusal&, const RequestHead&, std::string_view request_id)> refuse;
  // Told of each refusal of a request to this address, before its reply. Runs on the io thread; must not block.
  std::function<void(const Refusal&, const RequestHead&, const IpAddress& client, std::string_view request_id)> refused;
  // Made of the others by add(): the sentences of a 404 at an address like this one, and of a 413.
  std::string near_message = {}, too_large_message = {};
  // Called on the io thread with the whole body; must not block. It, or something it started, calls `reply` once.
  std::function<void(HttpRequest request, const ReplyTo& reply)> handle;
};

class HttpRouter {
 public:
  void add(Route route);

  struct Match {
    const Route* route = nullptr;  // nullptr: unknown path
    bool probe = false;            // HEAD on a path that takes bodies: 200 with an empty body says that it is there
    std::optional<Refusal> refusal;
    std::string allow;  // with 405
  };
  // Views in the refusal live as long as the router.
  [[nodiscard]] Match find(HttpMethod method, std::string_view path) const;
  // What OPTIONS is answered with: the methods of the path, or of all paths where it is unknown.
  [[nodiscard]] std::string allowed(std::string_view path) const;

 private:
  [[nodiscard]] Refusal unknown(std::string_view path) const;
  [[nodiscard]] bool is_at(const Route& route, std::string_view path) const;

  std::vector<Route> routes_;
};

}  // namespace straykey
