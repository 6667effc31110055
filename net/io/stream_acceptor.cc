#include "net/io/stream_acceptor.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <exception>
#include <future>
#include <new>
#include <thread>
#include <utility>

#include "core/base/descriptor.h"

namespace straykey {
namespace {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;
using Acceptor = asio::basic_socket_acceptor<IoSocket::protocol_type, IoExecutor>;
using Timer =
    asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, IoExecutor>;
constexpr auto kAwait = asio::as_tuple(asio::use_awaitable_t<IoExecutor>{});

constexpr std::chrono::milliseconds kAcceptPause{100};
constexpr std::chrono::milliseconds kMemoryPause{1};
constexpr std::chrono::seconds kExhaustionQuiet{60};  // so long without it, and it is told of anew
constexpr std::chrono::seconds kStopPatience{1};
constexpr int kBacklog = 1'024;

// The errors that would come again at once, so that it pays to wait.
bool is_exhaustion(const IoError& error) {
  return error == asio::error::no_descriptors || error == asio::error::no_memory ||
         error == asio::error::no_buffer_space || error == boost::system::errc::too_many_files_open_in_system;
}

// The address as our own type; an IPv4-mapped address becomes IPv4.
IpAddress ip_address_of(const asio::ip::address& address) noexcept {
  const asio::ip::address_v6 v6 =
      address.is_v4() ? asio::ip::make_address_v6(asio::ip::v4_mapped, address.to_v4()) : address.to_v6();
  const auto bytes = v6.to_bytes();
  IpAddress out;
  std::copy(bytes.begin(), bytes.end(), out.bytes.begin());
  return out;
}

}  // namespace

// After the start, all members but the first two lines belong to the first io thread.
struct StreamAcceptor::State {
  IoRuntime& runtime;
  const Settings settings;
  Counter& errors;
  Log& log;
  Acceptor acceptor;
  OnSocket on_socket;
  Descriptor taken_over = {};  // to be listened on
  std::size_t next_io_thread = 0;
  std::chrono::steady_clock::time_point quiet_until{};  // exhaustion has been told of
  bool stopping = false, stopped = false;
  std::promise<void> ended = {};  // accepting has
};

StreamAcceptor::StreamAcceptor(IoRuntime& runtime, Settings settings, Metrics& metrics, Log& log)
    : state_(std::shared_ptr<State>(
          new State{.runtime = runtime,
                    .settings = settings,
                    .errors = metrics.counter("straykey_accept_errors_total", "Failed accepts; accepting goes on.",
                                              {{"listener", settings.name}}),
                    .log = log,
                    .acceptor = Acceptor(runtime.context(0).get_executor()),
                    .on_socket = {}})) {}

Status StreamAcceptor::start(OnSocket on_socket) {
  INVARIANT(!started_);
  if (Status status = state_->settings.path.empty() ? listen_on_port() : listen_on_path(); !status) return status;
  state_->on_socket = std::move(on_socket);
  started_ = true;
  asio::co_spawn(state_->acceptor.get_executor(), accept_all(state_), asio::detached);
  return {};
}

Status StreamAcceptor::listen_on_port() {
  const Settings& settings = state_->settings;
  IoError error;
  const asio::ip::address address = asio::ip::make_address(settings.address, error);
  if (error) return Error{"listener " + settings.name + ": " + settings.address + " is no IP address"};
  const tcp::endpoint endpoint(address, settings.port);
  Acceptor& acceptor = state_->acceptor;
  if (state_->taken_over.is_open()) {
    acceptor.assign(endpoint.protocol(), fcntl(state_->taken_over.number(), F_DUPFD_CLOEXEC, 0), error);
    state_->taken_over = {};
  } else {
    acceptor.open(endpoint.protocol(), error);
    if (!error) acceptor.set_option(asio::socket_base::reuse_address(true), error);
    if (!error) acceptor.bind(endpoint, error);
    if (!error) acceptor.listen(kBacklog, error);
  }
  tcp::endpoint bound;
  if (!error) {
    const auto local = acceptor.local_endpoint(error);
    if (!error) std::memcpy(bound.data(), local.data(), std::min(local.size(), bound.capacity()));
  }
  if (error) {
    return Error{"listener " + settings.name + " cannot listen on " + settings.address + " port " +
                 std::to_string(settings.port) + ": " + error.message()};
  }
  port_ = bound.port();
  listening_ = acceptor.native_handle();
  return {};
}

void StreamAcceptor::take_over(int listening) {
  state_->taken_over = Descriptor(fcntl(listening, F_DUPFD_CLOEXEC, 0));
}

// The mode is set before listen(). Nobody can connect earlier, so nobody connects with another mode.
Status StreamAcceptor::listen_on_path() {
  const Settings& settings = state_->settings;
  const auto failed = [&settings](const std::string& why) {
    return Error{"listener " + settings.name + " cannot listen on " + settings.path + ": " + why};
  };
  using local = asio::local::stream_protocol;
  if (settings.path.size() >= sizeof(sockaddr_un{}.sun_path))
    return failed("the path of a socket is at most 107 bytes");
  struct stat there {};
  if (lstat(settings.path.c_str(), &there) == 0) {
    if (!S_ISSOCK(there.st_mode)) return failed("something that is no socket is there");
    if (unlink(settings.path.c_str()) != 0) return failed(std::strerror(errno));
  }
  IoError error;
  Acceptor& acceptor = state_->acceptor;
  acceptor.open(local(), error);
  if (!error) acceptor.bind(local::endpoint(settings.path), error);
  if (error) return failed(error.message());
  if (chmod(settings.path.c_str(), S_IRUSR | S_IWUSR) != 0) return failed(std::strerror(errno));
  acceptor.listen(kBacklog, error);
  if (error) return failed(error.message());
  return {};
}

// If memory runs out for one connection, accepting must still go on.
void StreamAcceptor::hand_over(State& state, IoSocket socket, std::size_t io_thread) {
  try {
    state.on_socket(std::move(socket), io_thread);
  } catch (const std::exception& thrown) {
    state.errors.add();
    state.log.error("a connection could not be taken", {{"listener", state.settings.name}, {"what", thrown.what()}});
  }
}

// Nobody else sees it: those who would connect wait. Once for as long as it goes on.
void StreamAcceptor::tell_of_exhaustion(State& state, const IoError& error) {
  const auto now = std::chrono::steady_clock::now();
  if (now >= state.quiet_until)
    state.log.error("no connection can be accepted: the process has run out of something",
                    {{"listener", state.settings.name},
                     {"why", error.message()},
                     {"change", "raise the limit of open files (systemd: LimitNOFILE), or lower connections_max"}});
  state.quiet_until = now + kExhaustionQuiet;
}

IoAwait<void> StreamAcceptor::accept_one(State& state) {
  const std::size_t io_thread = state.next_io_thread;
  IoSocket socket(state.runtime.context(io_thread).get_executor());
  const auto [error] = co_await state.acceptor.async_accept(socket, kAwait);
  if (!error) {
    state.next_io_thread = (io_thread + 1) % state.runtime.threads();
    hand_over(state, std::move(socket), io_thread);
    co_return;
  }
  state.stopped = state.stopping;
  if (state.stopped) co_return;
  state.errors.add();
  if (!is_exhaustion(error)) co_return;
  tell_of_exhaustion(state, error);
  Timer pause(state.acceptor.get_executor(), kAcceptPause);
  co_await pause.async_wait(kAwait);
}

IoAwait<void> StreamAcceptor::accept_all(std::shared_ptr<State> state) {
  while (!state->stopped) {
    try {
      co_await accept_one(*state);
      continue;
    } catch (const std::bad_alloc&) {
      state->errors.add();
    }
    std::this_thread::sleep_for(kMemoryPause);  // without memory there is no timer either, and nothing else to do
  }
  state->on_socket = nullptr;
  state->ended.set_value();
}

void StreamAcceptor::stop() {
  if (!started_) return;
  started_ = false;
  listening_ = -1;
  if (!state_->settings.path.empty()) unlink(state_->settings.path.c_str());
  const std::future<void> ended = state_->ended.get_future();
  // What was accepted by then is still handed over: its peer is connected, and would lose its connection.
  asio::post(state_->acceptor.get_executor(), [state = state_] {
    IoError ignored;
    state->stopping = true;
    // Released and then closed: if another acceptor has the same socket, closing alone would leave this one's interest
    // in it with the kernel.
    const Descriptor released(state->acceptor.is_open() ? state->acceptor.release(ignored) : -1);
  });
  // A runtime that is stopped, or was never started, has nothing left to wait for.
  if (!state_->runtime.context(0).stopped()) ended.wait_for(kStopPatience);
}

std::optional<IpAddress> peer_address_of(const IoSocket& socket) noexcept {
  IoError error;
  const auto remote = socket.remote_endpoint(error);
  if (error) return std::nullopt;
  if (remote.protocol().family() == AF_UNIX) return IpAddress::from_v4(INADDR_LOOPBACK);
  tcp::endpoint peer;
  std::memcpy(peer.data(), remote.data(), std::min(remote.size(), peer.capacity()));
  return ip_address_of(peer.address());
}

}  // namespace straykey
