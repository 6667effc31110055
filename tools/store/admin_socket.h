#pragma once
// AdminSocket: asks the server that runs on a data directory, at its local socket.
//
// Shape:  one connection and one HTTP request for each question.
// Thread: one, which it blocks.
// Bounds: kAnswerSeconds for an answer, kAnswerBytesMax of it. A server that has no room for another connection is
//         asked again for kBusyPatienceMs.
// Errors: a sentence; OperatorAnswer's own come back as the server gave them.
#include <optional>
#include <string>
#include <string_view>

#include "core/base/descriptor.h"
#include "core/base/result.h"
#include "core/operate/operations.h"

namespace straykey {

// Where a server on this data directory listens for operators.
[[nodiscard]] std::string admin_socket_path(const std::string& data_dir);

class AdminSocket {
 public:
  static constexpr int kAnswerSeconds = 90;  // the server gives up after 60
  static constexpr int kBusyPatienceMs = 2'000;
  static constexpr std::size_t kAnswerBytesMax = std::size_t{256} << 20;

  explicit AdminSocket(const std::string& data_dir) : path_(admin_socket_path(data_dir)) {}

  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  // Somebody listens there. An error says why that cannot be told.
  [[nodiscard]] Result<bool> is_served() const;
  [[nodiscard]] OperatorAnswer ask(const OperatorRequest& request) const;
  // The body of the reply to a GET. An error has the server's sentence if its status is not 200.
  [[nodiscard]] Result<std::string> get(std::string_view target) const;
  // The body of the reply to a POST of any bytes. An error has the server's sentence if its status is not 200.
  [[nodiscard]] Result<std::string> post(std::string_view target, std::string_view body) const;

 private:
  // Not open: nobody listens there.
  [[nodiscard]] Result<Descriptor> connect() const;
  // Empty: the server closed the connection without a word.
  [[nodiscard]] Result<std::string> exchange(const std::string& request) const;
  [[nodiscard]] Result<std::string> body_of(const Result<std::string>& reply) const;
  // Waits for a connection to become free.
  [[nodiscard]] Result<std::string> exchange_patiently(const std::string& request) const;

  std::string path_;
};

// The answer in a reply, head and body; nothing if it is none of ours.
[[nodiscard]] std::optional<OperatorAnswer> read_operator_reply(std::string_view reply);

}  // namespace straykey
