#include "tools/commands/operator_session.h"

#include <utility>

#include "tools/commands/commands.h"
#include "tools/store/open_directory.h"
#include "tools/store/stopped_store.h"
#include "tools/terminal/clock.h"

namespace straykey {

Result<std::unique_ptr<OperatorSession>> OperatorSession::open(const std::string& path) {
  AdminSocket socket(path);
  auto served = socket.is_served();
  if (!served) return served.error();
  if (served.value()) return std::unique_ptr<OperatorSession>(new OperatorSession(std::move(socket), nullptr));
  auto data = open_existing(path);
  if (data) return std::unique_ptr<OperatorSession>(new OperatorSession(std::move(socket), std::move(data).value()));
  if (!is_in_use(data.error())) return data.error();
  // A server may have started meanwhile.
  served = socket.is_served();
  if (served.ok() && served.value())
    return std::unique_ptr<OperatorSession>(new OperatorSession(std::move(socket), nullptr));
  return Error{data.error().message + ", and no server answers at " + socket.path() +
               ": it starts or stops, or this is another command"};
}

OperatorAnswer OperatorSession::ask_once(const OperatorRequest& request) {
  return data_ == nullptr ? socket_.ask(request) : ask_stopped_store(*data_, request, wall_clock());
}

OperatorAnswer OperatorSession::ask(OperatorRequest request, const OnItem& on_item, Pages pages) {
  while (true) {
    OperatorAnswer answer = ask_once(request);
    for (const std::string& item : answer.items) on_item(item);
    answer.items.clear();
    if (answer.kind != OperatorAnswer::Kind::done || answer.next.empty() || pages == Pages::first) return answer;
    request.arguments["after"] = std::move(answer.next);
  }
}

int exit_code_of(const OperatorAnswer& answer) {
  switch (answer.kind) {
    case OperatorAnswer::Kind::done:
      return kExitWell;
    case OperatorAnswer::Kind::bad_request:
      return fail(answer.sentence, kExitUsage);
    case OperatorAnswer::Kind::not_found:
    case OperatorAnswer::Kind::conflict:
    case OperatorAnswer::Kind::failed:
    case OperatorAnswer::Kind::stopped:
      break;
  }
  return fail(answer.sentence);
}

}  // namespace straykey
