#pragma once
// WebhookInbox: receives Standard Webhooks messages over plain HTTP and keeps them by id.
//
// Shape:  it answers 200 for a message that it keeps, 401 for a wrong signature, and 400 for a body that is no JSON
//         object. If an id comes again, it is counted, and its bytes are compared with those that came first.
// Order:  start(), ..., stop().
// Thread: start-up constructs, starts and stops; the rest any (synchronised inside). on_new runs on the io thread.
// Bounds: messages of 1 MiB, all of them in memory.
#include <cstdint>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "net/deliver/webhook_signature.h"
#include "net/http/http_server.h"
#include "tools/config/config_text.h"

namespace straykey {

struct InboxCounts {
  std::uint64_t messages = 0;   // kept, repeats included
  std::uint64_t different = 0;  // ids
  std::uint64_t alerts = 0;     // of them, of type alert.created
  std::uint64_t repeats = 0;    // the same id and the same bytes again
  std::uint64_t changed = 0;    // the same id and other bytes
  std::uint64_t wrong_signature = 0;
  std::uint64_t unreadable = 0;
};

class WebhookInbox {
 public:
  struct Settings {
    ListenAddress listen = {};
    std::vector<WebhookSecret> secrets = {};  // none: signatures are not checked
    std::string out = {};                     // a file that gets every message as a line of JSON; may be empty
    std::function<void(const std::string& body)> on_new = {};  // may be empty
  };
  explicit WebhookInbox(Settings settings);
  ~WebhookInbox();

  Status start();
  void stop();
  // "http://127.0.0.1:8080/". REQUIRES: start() succeeded.
  [[nodiscard]] std::string url() const;

  // Keeps the message, and returns the HTTP status for the answer.
  unsigned receive(const std::string& id, const std::string& timestamp, const std::string& signature,
                   const std::string& body);
  [[nodiscard]] InboxCounts counts() const;
  // The first body of each id.
  [[nodiscard]] std::vector<std::string> bodies() const;

 private:
  Settings settings_;
  mutable std::mutex mutex_;
  std::ofstream out_;
  std::map<std::string, std::string> bodies_;
  InboxCounts counts_;
  Log log_;
  Metrics metrics_;
  std::unique_ptr<IoRuntime> runtime_;
  std::unique_ptr<HttpServer> server_;
};

// Of a message's body: "alert.created", "alert.test", ...; empty if it has none.
[[nodiscard]] std::string message_type(const std::string& body);
// The secret in a file, for Settings::secrets.
[[nodiscard]] Result<WebhookSecret> read_webhook_secret(const std::string& path);
// A message in one line that is safe for a terminal. Of an alert it shows severity, variation, identity and the first
// reason; of other messages the type.
[[nodiscard]] std::string alert_line(const std::string& body);

}  // namespace straykey
