#pragma once
// EndpointDesk: what operators do with the webhooks of the running server: list, test, pause and resume them.
//
// Thread: ask() may be called on any thread and does not block. The answer comes at once, or on the sender's strand; a
//         test's, when its attempt has ended. If the server stops meanwhile, it does not come.
// Bounds: a test is one attempt, within the time limits of WebhookSettings; kTestsMax at once.
#include <atomic>
#include <functional>
#include <memory>
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
    std::function<std::shared_ptr<const std::vector<WebhookRoute>>()> routes;  // those of now
    std::function<Seconds()> now;
  };

  explicit EndpointDesk(Dependencies dependencies);

  // REQUIRES: the request is of_endpoints, and nothing objects to it.
  void ask(const OperatorRequest& request, Answer answer);

 private:
  static constexpr int kTestsMax = 16;

  void list(Answer answer);
  void test(const WebhookRoute& route, Answer answer);

  Dependencies dependencies_;
  std::shared_ptr<std::atomic<int>> tests_ = std::make_shared<std::atomic<int>>(0);  // that are not answered yet
};

}  // namespace straykey
