#pragma once
// AwsCaller: signed requests to AWS's services, one at a time, tried again where that may help.
//
// Shape:  it keeps one connection for each origin it has asked. A request that was throttled, or found the service
//         broken, is sent again after a pause that doubles, with jitter. One whose credentials were refused is sent
//         again with new ones, one that came at the wrong time with AWS's clock.
// Thread: one owner, whose thread it blocks. What several callers share (the keeper of the credentials, the counters)
//         is synchronised inside.
// Bounds: attempts_max for a call, one for a reply that is too long; connections_max connections; a reply of
//         Call::reply_bytes_max, which takes no longer than reply_time and a second for each 64 KiB.
// Errors: a sentence if there was no reply. A reply that is no success is given with AWS's code, for the caller to
//         judge. Redirects are not followed, no environment variable and no proxy is looked at, and no metadata address
//         is connected to (net/aws/service_address.h).
#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <string>

#include "core/base/metrics.h"
#include "core/base/result.h"
#include "net/aws/aws_reply.h"
#include "net/aws/credentials.h"
#include "net/client/http_client.h"

namespace straykey {

struct AwsCall {
  std::string origin;  // "https://sqs.eu-central-1.amazonaws.com"
  AwsRequest request;  // without its host
  SigningScope scope;  // without its time
  std::uint64_t reply_bytes_max = 1u << 20;
  int io_ms = 20'000;  // for a reply to begin, and between its parts
};

struct AwsReply {
  unsigned status = 0;
  std::string body;
  AwsError error;  // of a reply that is no success
  AwsTrouble trouble = AwsTrouble::none;
  std::string bucket_region;  // where a bucket is, if S3 said so

  [[nodiscard]] bool ok() const noexcept { return trouble == AwsTrouble::none; }
  // "403 AccessDenied: ..." for the log.
  [[nodiscard]] std::string text() const;
};

class AwsCaller {
 public:
  struct Settings {
    int attempts_max = 5;
    std::chrono::milliseconds pause_min{100}, pause_max{5'000};
    std::size_t connections_max = 4;
    int connect_ms = 5'000;
    std::chrono::milliseconds reply_time{60'000};  // HttpClient::limit_time()
  };
  struct Dependencies {
    AwsCredentialKeeper& credentials;
    std::shared_ptr<const TlsTrust> trust;
    std::function<Seconds()> now;
    // Waits, or returns at once when its owner stops.
    std::function<void(std::chrono::milliseconds)> pause;
    std::function<bool()> stopped;
    Counter& retries;
  };
  AwsCaller(Settings settings, Dependencies dependencies);
  ~AwsCaller();
  AwsCaller(const AwsCaller&) = delete;
  AwsCaller& operator=(const AwsCaller&) = delete;

  [[nodiscard]] Result<AwsReply> call(const AwsCall& call);

 private:
  struct Connection;
  struct Attempt;
  [[nodiscard]] Attempt try_once(const AwsCall& call, const Url& origin);
  // Whether, and after which pause, the call is worth another attempt.
  [[nodiscard]] bool prepare_again(Attempt& attempt, int attempts);
  [[nodiscard]] Connection& connection_to(const AwsCall& call, const Url& origin);

  const Settings settings_;
  const Dependencies dependencies_;
  std::list<std::unique_ptr<Connection>> connections_;  // the one used last is the first
  Seconds clock_offset_ = 0;                            // AWS's clock less ours
  std::uint64_t jitter_ = 0x9e3779b97f4a7c15;
};

}  // namespace straykey
