#pragma once
// OperatorSession: where a command's questions are answered: by the server that runs on the data directory, or from the
// store itself if none does. The answers are the same.
//
// Thread: one.
// Bounds: a store that another command has is waited for as long as kCommandPatienceMs says.
// Errors: a sentence: no store, no server that answers, a directory in use by something that is no server.
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "core/base/result.h"
#include "core/operate/operations.h"
#include "storage/data_directory.h"
#include "tools/store/admin_socket.h"

namespace straykey {

class OperatorSession {
 public:
  using OnItem = std::function<void(const std::string& json)>;

  // `path`: the data directory.
  [[nodiscard]] static Result<std::unique_ptr<OperatorSession>> open(const std::string& path);
  OperatorSession(const OperatorSession&) = delete;
  OperatorSession& operator=(const OperatorSession&) = delete;

  // Asks, page after page or for the first one, and gives each item of the answer to `on_item`. The answer returned has
  // none.
  enum class Pages : std::uint8_t { all, first };
  [[nodiscard]] OperatorAnswer ask(OperatorRequest request, const OnItem& on_item, Pages pages = Pages::all);

 private:
  OperatorSession(AdminSocket socket, std::unique_ptr<DataDirectory> data)
      : socket_(std::move(socket)), data_(std::move(data)) {}
  [[nodiscard]] OperatorAnswer ask_once(const OperatorRequest& request);

  AdminSocket socket_;
  std::unique_ptr<DataDirectory> data_;  // null: a server has it
};

// The exit code that goes with an answer; says on stderr why it is not done.
[[nodiscard]] int exit_code_of(const OperatorAnswer& answer);

}  // namespace straykey
