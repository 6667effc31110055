#pragma once
// SqsQueue: one queue of Amazon SQS: messages are received, held, let go, and deleted.
//
// Shape:  AWS's JSON protocol (application/x-amz-json-1.0), each call one request of an AwsCaller.
// Thread: its owner's.
// Bounds: 10 messages a receive, of 1 MiB together as SQS limits them; a wait of 20 s.
// Errors: a sentence with AWS's code and the permission that is missing.
// Source: the API reference of SQS.
#include <cstdint>
#include <string>
#include <vector>

#include "net/aws/aws_caller.h"

namespace straykey {

struct SqsMessage {
  std::string id;
  std::string receipt;  // good for this receiving of it
  std::string body;
  std::uint32_t receive_count = 0;  // 1: the first time; 0: the queue did not say
  std::int64_t sent_at_ms = 0;      // since 1970; 0: the queue did not say
};

struct SqsAttributes {
  Seconds visibility_s = 30;
  std::uint64_t waiting = 0, in_flight = 0;  // about
  std::uint32_t receives_max = 0;            // of the redrive policy; 0: there is none
};

class SqsQueue {
 public:
  static constexpr int kMessagesMax = 10;

  SqsQueue(AwsCaller& caller, std::string url, std::string region);

  [[nodiscard]] Result<std::vector<SqsMessage>> receive(int messages_max, int wait_s, Seconds visibility_s);
  [[nodiscard]] Status erase(const std::string& receipt);
  // 0: it is there for others at once.
  [[nodiscard]] Status hold(const std::string& receipt, Seconds visibility_s);
  [[nodiscard]] Result<SqsAttributes> attributes();

 private:
  [[nodiscard]] Result<std::string> call(std::string_view action, std::string_view permission, std::string body,
                                         int io_ms);

  AwsCaller& caller_;
  const std::string url_, region_;
  std::string origin_, path_;
};

}  // namespace straykey
