#pragma once
// FakeAws: a server on 127.0.0.1 that answers requests as a test says, on a thread of its own, and keeps what it heard.
//
// Thread: the answer is called on the server's thread; requests() any.
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/webhook_receiver.h"

namespace straykey {

class FakeAws {
 public:
  using Request = WebhookReceiver::Request;
  using Reply = WebhookReceiver::Reply;

  explicit FakeAws(WebhookReceiver::Answer answer)
      : receiver_(io_,
                  [this, answer = std::move(answer)](const Request& request) {
                    {
                      const std::lock_guard lock(mutex_);
                      requests_.push_back(request);
                    }
                    return answer(request);
                  }),
        origin_("http://127.0.0.1:" + std::to_string(receiver_.port())),
        work_(io_.get_executor()),
        thread_([this] { io_.run(); }) {}
  ~FakeAws() {
    io_.stop();
    thread_.join();
  }

  [[nodiscard]] const std::string& origin() const noexcept { return origin_; }
  [[nodiscard]] std::vector<Request> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

  [[nodiscard]] static Reply reply(int status, const std::string& body, const std::string& headers = {}) {
    return {"HTTP/1.1 " + std::to_string(status) + " Status\r\nContent-Length: " + std::to_string(body.size()) +
                "\r\n" + headers + "\r\n" + body,
            false, false};
  }

 private:
  boost::asio::io_context io_;
  mutable std::mutex mutex_;
  std::vector<Request> requests_;
  WebhookReceiver receiver_;
  const std::string origin_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  std::thread thread_;
};

}  // namespace straykey
