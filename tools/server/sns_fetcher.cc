#include "tools/server/sns_fetcher.h"

#include <algorithm>
#include <utility>

#include "net/client/https_fetch.h"

namespace straykey {

SnsFetcher::SnsFetcher(Log& log, OnCertificate on_certificate)
    : log_(log), on_certificate_(std::move(on_certificate)), thread_([this] { run(); }) {}

SnsFetcher::~SnsFetcher() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void SnsFetcher::add(Visit visit) {
  const std::lock_guard lock(mutex_);
  const bool waits = std::find(waiting_.begin(), waiting_.end(), visit) != waiting_.end();
  if (waits || waiting_.size() >= kWaitingMax) return;
  waiting_.push_back(std::move(visit));
  wake_.notify_all();
}

void SnsFetcher::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    if (stopping_) return;
    const Visit visit = waiting_.front();
    lock.unlock();
    make(visit);
    lock.lock();
    waiting_.pop_front();
  }
}

// The URL that confirms carries a token: it is not logged.
void SnsFetcher::make(const Visit& visit) {
  FetchSettings settings;
  settings.url = visit.url;
  settings.bytes_max = 64 * 1024;
  settings.total_ms = kTotalMs;
  auto fetched = fetch_https(settings);
  const char* const what = visit.confirms ? "subscription" : "certificate";
  if (!fetched) {
    return log_.warning("SNS could not be asked; it posts again",
                        {{"for", what}, {"reason", visit.confirms ? "the visit failed" : fetched.error().message}});
  }
  if (!visit.confirms) return on_certificate_(visit.url, std::move(*fetched));
  log_.info("a subscription of SNS is confirmed");
}

}  // namespace straykey
