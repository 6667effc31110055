#pragma once
// EndpointDesk: what operators do with the webhooks of the running server: list, test, pause and resume them.
//
// Thread: ask() may be called on any thread and does not block. The answer comes at once, or on the sender's strand; a
//         test's, when its attempt has ended. If the server stops meanwhile, it does not come.
// Bounds: a test is one attempt, within the time limits of WebhookSettings.
#include <functional>
#include <vector>

#include "core/engine/outbox.h"
#include "core/operate/operations.h"
#include "net/deliver/webhook_sender.h"

namespace straykey {

class EndpointDesk {
 public:
  using Answer = std::function<void(const OperatorAnswer&)>;
  // Everything here is borrowed and outlives the desk.
  struct Dependencies {
    WebhookSender& sender;
    const std::vector<WebhookRoute>& routes;
    std::function<Seconds()> now;
  };

  explicit EndpointDesk(Dependencies dependencies);

  // REQUIRES: the request is of_endpoints, and nothing objects to it.
  void ask(const OperatorRequest& request, Answer answer);

 private:
  void list(Answer answer);
  void test(const WebhookRoute& route, Answer answer);

  Dependencies dependencies_;
};

}  // namespace straykey
