#include "net/client/name_lookup.h"

#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <boost/asio/post.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

namespace straykey {
namespace {

std::optional<IpAddress> address_of(const sockaddr* address) {
  if (address->sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, address, sizeof v4);
    return IpAddress::from_v4(ntohl(v4.sin_addr.s_addr));
  }
  if (address->sa_family != AF_INET6) return std::nullopt;
  sockaddr_in6 v6{};
  std::memcpy(&v6, address, sizeof v6);
  IpAddress result;
  std::memcpy(result.bytes.data(), &v6.sin6_addr, result.bytes.size());
  return result;
}

}  // namespace

std::vector<IpAddress> resolve_with_system(const std::string& host) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  addrinfo* found = nullptr;
  std::vector<IpAddress> addresses;
  if (getaddrinfo(host.c_str(), nullptr, &hints, &found) != 0) return addresses;
  for (const addrinfo* at = found; at != nullptr; at = at->ai_next) {
    const auto address = address_of(at->ai_addr);
    if (address && std::find(addresses.begin(), addresses.end(), *address) == addresses.end())
      addresses.push_back(*address);
  }
  freeaddrinfo(found);
  return addresses;
}

// The strand and the lookup's thread share this. The thread may outlive the NameLookup and the event loop.
struct NameLookup::Shared {
  std::mutex mutex;
  bool closed = false;                  // under mutex: no post() any more
  boost::asio::any_io_executor strand;  // under mutex; emptied by close()
  std::vector<Done> waiting;            // strand only
  std::string host;
  ResolveName resolve;
};

NameLookup::NameLookup(boost::asio::any_io_executor strand, std::string host, ResolveName resolve)
    : shared_(std::make_shared<Shared>()) {
  shared_->strand = std::move(strand);
  shared_->host = std::move(host);
  shared_->resolve = std::move(resolve);
}

NameLookup::~NameLookup() {
  close();
}

void NameLookup::ask(Done done) {
  shared_->waiting.push_back(std::move(done));
  if (shared_->waiting.size() > 1) return;

  const auto answer = [](const std::shared_ptr<Shared>& shared, std::vector<IpAddress> addresses) {
    const std::lock_guard lock(shared->mutex);
    if (shared->closed) return;
    boost::asio::post(shared->strand, [weak = std::weak_ptr(shared), addresses = std::move(addresses)] {
      const auto alive = weak.lock();
      if (!alive) return;
      for (const Done& waiting : std::exchange(alive->waiting, {})) waiting(addresses);
    });
  };
  try {
    // The thread is detached, because getaddrinfo cannot be cancelled and stopping must not wait for a dead name
    // server.
    std::thread([shared = shared_, answer] { answer(shared, shared->resolve(shared->host)); }).detach();
  } catch (const std::system_error&) {
    answer(shared_, {});  // there is no thread for it, which is treated as a name without addresses
  }
}

void NameLookup::close() {
  const std::lock_guard lock(shared_->mutex);
  shared_->closed = true;
  shared_->strand = {};
}

}  // namespace straykey
