#pragma once
// POST /sns: Amazon SNS with an HTTPS subscription. Off unless topics are configured. The subscription's URL carries
// Basic credentials, which are checked before the body is read; its signature comes on top.
//
// Thread: filled at start-up; certificates any (synchronised inside).
// Bounds: kSnsCertificatesMax certificates; when more are asked for, all are forgotten.
// Errors: 400 for what is no SNS message; 403 for another topic, for an address that is none of SNS's, for a wrong
//         signature; 503 while the certificate is being fetched: SNS posts again at once and then for hours.
#include <cstddef>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "net/ingest/http_ingest.h"

namespace straykey {

inline constexpr std::size_t kSnsCertificatesMax = 16;

// Certificates that SNS signs with, by their URL.
class SnsCertificates {
 public:
  // `fetch` is called for each URL that is not known, and asked again until put(). It must not block.
  explicit SnsCertificates(std::function<void(const std::string& url)> fetch) : fetch_(std::move(fetch)) {}

  // nullopt: it is asked for.
  [[nodiscard]] std::optional<std::string> find(const std::string& url);
  void put(const std::string& url, std::string pem);

 private:
  const std::function<void(const std::string& url)> fetch_;
  std::mutex mutex_;
  std::map<std::string, std::string> by_url_;
};

struct SnsSettings {
  std::vector<std::string> topics;  // ARNs; of no other topic is anything taken or confirmed
};
struct SnsDependencies {
  SnsCertificates& certificates;
  std::function<void(const std::string& url)> confirm;  // visits a subscription's URL; must not block
  std::function<Seconds()> now;
};

// The certificates outlive the router. Of `limits`, those of what a message carries.
void add_sns_route(HttpRouter& router, HttpIngest& ingest, const Intake::Limits& limits, const SnsSettings& sns,
                   const SnsDependencies& dependencies);

}  // namespace straykey
