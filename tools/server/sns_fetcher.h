#pragma once
// SnsFetcher: what /sns needs of the world: certificates that SNS signs with, and visits to the URLs that confirm
// subscriptions.
//
// Thread: one of its own, where on_certificate is called; fetch() and confirm() any. Destroying it waits for a fetch
//         under way, at most kTotalMs.
// Bounds: kWaitingMax URLs wait; beyond them, and for a URL that waits already, nothing is done: SNS posts again.
// Errors: a failed fetch is logged; SNS posts again.
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "core/base/log.h"

namespace straykey {

class SnsFetcher {
 public:
  static constexpr std::size_t kWaitingMax = 32;
  static constexpr int kTotalMs = 10'000;
  using OnCertificate = std::function<void(const std::string& url, std::string pem)>;

  SnsFetcher(Log& log, OnCertificate on_certificate);
  ~SnsFetcher();
  SnsFetcher(const SnsFetcher&) = delete;
  SnsFetcher& operator=(const SnsFetcher&) = delete;

  void fetch(const std::string& url) { add({url, false}); }
  void confirm(const std::string& url) { add({url, true}); }

 private:
  struct Visit {
    std::string url;
    bool confirms;
    bool operator==(const Visit&) const = default;
  };
  void add(Visit visit);
  void run();
  void make(const Visit& visit);

  Log& log_;
  const OnCertificate on_certificate_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Visit> waiting_;  // the first may be under way
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace straykey
