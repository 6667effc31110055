#pragma once
// NameLookup: finds the addresses of one host name. It asks again for every attempt, and a slow lookup delays no other
// name's.
//
// Shape:  it runs the C library's resolver on a thread of its own. Asio's resolver has one thread for the whole
//         process, so one dead name server would slow every endpoint.
// Thread: ask() the strand given to the constructor, on which the answers arrive too; close() any.
// Bounds: one lookup at a time; whoever asks while it runs gets its answer. A lookup ends within the resolver's own
//         time limits (resolv.conf), however long the asker waits.
// Errors: an empty list of addresses.
#include <boost/asio/any_io_executor.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/location/ip_address.h"

namespace straykey {

// Every address of a name, blocking; empty if there is none. The system's resolver, or a test's.
using ResolveName = std::function<std::vector<IpAddress>(const std::string& host)>;
[[nodiscard]] std::vector<IpAddress> resolve_with_system(const std::string& host);

class NameLookup {
 public:
  using Done = std::function<void(const std::vector<IpAddress>&)>;

  NameLookup(boost::asio::any_io_executor strand, std::string host, ResolveName resolve);
  NameLookup(const NameLookup&) = delete;
  NameLookup& operator=(const NameLookup&) = delete;
  ~NameLookup();

  void ask(Done done);

  // After it has returned, nothing is posted to the strand. So the event loop may be destroyed while a lookup is still
  // running.
  void close();

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;
};

}  // namespace straykey
