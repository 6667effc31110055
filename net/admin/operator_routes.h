#pragma once
// What an operator may ask and do, as JSON over HTTP. Each operation of core/operate has an address.
//
// Shape:  a read is GET /api/v1/<operation> with the arguments in the query. A change is POST with the arguments as a
//         JSON object of texts. A new operation needs no change here.
// Thread: io; `ask` is called there and must not block.
// Bounds: kOperatorBodyBytesMax.
// Errors: 400, 404, 500 and 503 for the kinds of OperatorAnswer, with its sentence.
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "core/operate/operations.h"
#include "net/http/http_router.h"

namespace straykey {

inline constexpr std::size_t kOperatorBodyBytesMax = 16 * 1024;

// Must be called once; any thread may call it.
using AskOperator = std::function<void(OperatorRequest request, std::function<void(const OperatorAnswer&)> answer)>;

// Who may ask. Without `required` whoever can reach the listener is an operator.
struct OperatorAccess {
  bool required = false;  // a token: of scope read for what reads, of scope admin for what changes
  // Who may pass without a token, as Route::admit.
  std::function<std::variant<std::monostate, std::string, Refusal>(const RequestHead&, TokenScope needed)> admit = {};
  // How refusals are written, as Route::refuse.
  std::function<HttpReply(const Refusal&, const RequestHead&, std::string_view request_id)> refuse = {};
  // The name of the token, or of the session's token, that a request carries, whatever its scope; empty: none.
  std::function<std::string(const RequestHead&)> who = {};
  // Told of a change that somebody known asked for and that `ask` does not hear of, because he may not, or because what
  // he sent cannot be read. Runs on the io thread; must not block.
  enum class RefusedAs : std::uint8_t { forbidden, bad_request };
  std::function<void(const OperatorRequest& attempt, RefusedAs as, std::string_view why)> refused = {};

  // Sets these of a route that needs the scope.
  void guard(Route& route, TokenScope needed) const;
};
void add_operator_routes(HttpRouter& router, const AskOperator& ask, const OperatorAccess& access);

// {"items":[...],"next":"..."}, with each item on a line of its own, and "next" only if another page follows.
[[nodiscard]] HttpReply operator_reply(const OperatorAnswer& answer, std::string_view request_id);
// The arguments in a query "a=1&b=%2F"; nothing if a name comes twice. '+' is a plus.
[[nodiscard]] std::optional<OperatorArguments> arguments_of_query(std::string_view query);
// Those in a JSON object of texts; nothing if it is none.
[[nodiscard]] std::optional<OperatorArguments> arguments_of_json(std::string_view body);

}  // namespace straykey
