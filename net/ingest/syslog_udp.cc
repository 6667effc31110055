#include "net/ingest/syslog_udp.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/basic_datagram_socket.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstring>
#include <future>
#include <utility>

#include "core/base/descriptor.h"

namespace straykey {
namespace {

namespace asio = boost::asio;
using udp = asio::ip::udp;
using Socket = asio::basic_datagram_socket<udp, IoExecutor>;
using Timer =
    asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, IoExecutor>;
constexpr auto kAwait = asio::as_tuple(asio::use_awaitable_t<IoExecutor>{});

constexpr std::size_t kDatagramsAtOnce = 64;
constexpr std::size_t kDatagramBytesMax = 64 * 1024;
constexpr std::chrono::milliseconds kErrorPause{100};
// Batches in one go while draining: more than any kernel buffer holds.
constexpr int kDrainBatchesMax = 1'000;

IpAddress sender_of(const sockaddr_storage& from) {
  IpAddress address;
  if (from.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(from);
    return IpAddress::from_v4(ntohl(v4.sin_addr.s_addr));
  }
  const auto& v6 = reinterpret_cast<const sockaddr_in6&>(from);
  std::memcpy(address.bytes.data(), &v6.sin6_addr, address.bytes.size());
  return address;
}

// The kernel's count of datagrams that this socket lost so far, modulo 2^32.
std::optional<std::uint32_t> kernel_drops(msghdr& header) {
  for (cmsghdr* part = CMSG_FIRSTHDR(&header); part != nullptr; part = CMSG_NXTHDR(&header, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SO_RXQ_OVFL) continue;
    std::uint32_t count = 0;
    std::memcpy(&count, CMSG_DATA(part), sizeof count);
    return count;
  }
  return std::nullopt;
}

// Buffers for one recvmmsg().
class Datagrams {
 public:
  Datagrams() : bytes_(std::make_unique_for_overwrite<char[]>(kDatagramsAtOnce * kDatagramBytesMax)) {}

  // How many were there; 0: none, or an error that the next wait will show.
  std::size_t receive(int socket) {
    for (std::size_t i = 0; i < kDatagramsAtOnce; ++i) {
      pieces_[i] = {bytes_.get() + i * kDatagramBytesMax, kDatagramBytesMax};
      msghdr& header = headers_[i].msg_hdr;
      header = {};
      header.msg_name = &from_[i];
      header.msg_namelen = sizeof from_[i];
      header.msg_iov = &pieces_[i];
      header.msg_iovlen = 1;
      header.msg_control = controls_[i].bytes;
      header.msg_controllen = sizeof controls_[i].bytes;
    }
    const int count = recvmmsg(socket, headers_.data(), kDatagramsAtOnce, MSG_DONTWAIT, nullptr);
    return count > 0 ? static_cast<std::size_t>(count) : 0;
  }
  [[nodiscard]] std::string_view text(std::size_t i) const {
    return {bytes_.get() + i * kDatagramBytesMax, headers_[i].msg_len};
  }
  [[nodiscard]] IpAddress sender(std::size_t i) const { return sender_of(from_[i]); }
  [[nodiscard]] std::optional<std::uint32_t> drops(std::size_t i) { return kernel_drops(headers_[i].msg_hdr); }

 private:
  struct Control {
    alignas(cmsghdr) char bytes[CMSG_SPACE(sizeof(std::uint32_t))];
  };
  std::unique_ptr<char[]> bytes_;
  std::array<mmsghdr, kDatagramsAtOnce> headers_{};
  std::array<iovec, kDatagramsAtOnce> pieces_{};
  std::array<sockaddr_storage, kDatagramsAtOnce> from_{};
  std::array<Control, kDatagramsAtOnce> controls_{};
};

}  // namespace

// Belongs to the first io thread once started.
struct SyslogUdp::State {
  State(IoRuntime& runtime, SyslogListenerSettings settings, const SyslogDependencies& dependencies)
      : intake(dependencies.intake),
        listener(std::move(settings), dependencies.budget, dependencies.metrics, dependencies.log),
        socket(runtime.context(0).get_executor()) {}

  Status open();
  std::size_t grow_receive_buffer();
  // Reads until nothing waits or a batch is full, and hands that to the pipeline. False: nothing waited.
  bool submit_batch();
  void collect_datagrams(std::size_t count);

  SyslogIntake& intake;
  SyslogListener listener;
  Socket socket;
  Descriptor taken_over;  // to be listened on
  Datagrams datagrams;
  SentText batch;
  std::uint32_t kernel_drops_seen = 0;
  bool stopped = false;
};

// Twice what is asked is granted, for the kernel's own use; without privilege at most net.core.rmem_max.
std::size_t SyslogUdp::State::grow_receive_buffer() {
  const int wanted = static_cast<int>(listener.settings.receive_buffer_bytes);
  const int descriptor = socket.native_handle();
  if (setsockopt(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, &wanted, sizeof wanted) != 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &wanted, sizeof wanted);
  int granted = 0;
  socklen_t size = sizeof granted;
  getsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &granted, &size);
  return static_cast<std::size_t>(granted) / 2;
}

Status SyslogUdp::State::open() {
  const SyslogListenerSettings& settings = listener.settings;
  IoError error;
  const asio::ip::address address = asio::ip::make_address(settings.address, error);
  if (error) return Error{"listener " + settings.name + ": " + settings.address + " is no IP address"};
  const udp::endpoint endpoint(address, settings.port);
  if (taken_over.is_open()) {
    socket.assign(endpoint.protocol(), fcntl(taken_over.number(), F_DUPFD_CLOEXEC, 0), error);
    taken_over = {};
  } else {
    socket.open(endpoint.protocol(), error);
    if (!error) socket.bind(endpoint, error);
  }
  if (!error) socket.non_blocking(true, error);
  if (error) {
    return Error{"listener " + settings.name + " cannot listen on " + settings.address + " port " +
                 std::to_string(settings.port) + ": " + error.message()};
  }
  const int on = 1;
  setsockopt(socket.native_handle(), SOL_SOCKET, SO_RXQ_OVFL, &on, sizeof on);
  const std::size_t granted = grow_receive_buffer();
  if (granted < settings.receive_buffer_bytes) {
    listener.log.warning(
        "the kernel grants syslog over UDP a small buffer, so bursts are lost: raise net.core.rmem_max",
        {{"granted_bytes", std::to_string(granted)}, {"wanted_bytes", std::to_string(settings.receive_buffer_bytes)}});
  }
  return {};
}

void SyslogUdp::State::collect_datagrams(std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    if (const auto drops = datagrams.drops(i)) {
      listener.counts.dropped_kernel.add(*drops - kernel_drops_seen);
      kernel_drops_seen = *drops;
    }
    const IpAddress sender = datagrams.sender(i);
    if (listener.admits(sender))
      intake.add_datagram(batch, listener, datagrams.text(i), sender);
    else
      listener.counts.refused_network.add();
  }
  listener.last_message.store(std::chrono::steady_clock::now(), std::memory_order_relaxed);
}

bool SyslogUdp::State::submit_batch() {
  bool any = false;
  while (!intake.full(batch, batch.text.size())) {
    const std::size_t count = datagrams.receive(socket.native_handle());
    if (count == 0) break;
    any = true;
    collect_datagrams(count);
  }
  if (batch.items.empty()) return any;
  const std::size_t messages = batch.items.size();
  Intake& reader = intake.intake();
  auto share = std::make_shared<BudgetShare>(listener.budget);
  if (!share->grow_to(batch.text.size() + messages * Request::event_bytes())) {
    listener.counts.dropped_overload.add(messages);
    batch = {};
    return any;
  }
  auto [request, outcome, rest, no_room] = reader.read(batch, intake.settings().limits, listener.settings.name, 0);
  reader.count_rejects(outcome);
  intake.advise(listener, batch, outcome);
  batch = {};
  if (request == nullptr) return any;
  request->is_reserved = true;
  request->may_be_forged = true;
  request->on_done = [&reader, messages, share = std::move(share)](RequestOutcome result) {
    if (result == RequestOutcome::failed) reader.count_refused(messages);
  };
  if (intake.submit()(request) != SubmitResult::accepted) listener.counts.dropped_overload.add(messages);
  return any;
}

SyslogUdp::SyslogUdp(IoRuntime& runtime, SyslogListenerSettings settings, SyslogDependencies dependencies)
    : runtime_(runtime), state_(std::make_shared<State>(runtime, std::move(settings), dependencies)) {
  INVARIANT(!state_->listener.settings.tls);
  state_->intake.intake().announce(state_->listener.settings.name);
}

SyslogUdp::~SyslogUdp() {
  drain(std::chrono::milliseconds(0));
}

std::string_view SyslogUdp::name() const {
  return state_->listener.settings.name;
}

std::string SyslogUdp::url() const {
  return "udp://" + state_->listener.settings.address + ":" + std::to_string(port_);
}

Status SyslogUdp::start(Seconds) {
  if (auto status = state_->open(); !status) return status;
  IoError ignored;
  port_ = state_->socket.local_endpoint(ignored).port();
  listening_ = state_->socket.native_handle();
  started_ = true;
  asio::co_spawn(state_->socket.get_executor(), receive_all(state_), asio::detached);
  asio::co_spawn(state_->socket.get_executor(), tick(state_), asio::detached);
  return {};
}

IoAwait<void> SyslogUdp::receive_all(std::shared_ptr<State> state) {
  Timer pause(state->socket.get_executor());
  while (!state->stopped) {
    const auto [error] = co_await state->socket.async_wait(Socket::wait_read, kAwait);
    if (state->stopped) break;
    if (!error) {
      state->submit_batch();
      continue;
    }
    pause.expires_after(kErrorPause);
    co_await pause.async_wait(kAwait);
  }
}

IoAwait<void> SyslogUdp::tick(std::shared_ptr<State> state) {
  Timer timer(state->socket.get_executor());
  while (!state->stopped) {
    timer.expires_after(state->listener.settings.timeouts.tick);
    co_await timer.async_wait(kAwait);
    state->listener.show_state(std::chrono::steady_clock::now());
  }
}

void SyslogUdp::take_over(int socket) {
  state_->taken_over = Descriptor(fcntl(socket, F_DUPFD_CLOEXEC, 0));
}

bool SyslogUdp::drain(std::chrono::milliseconds grace) {
  if (!started_) return true;
  started_ = false;
  listening_ = -1;
  const auto deadline = std::chrono::steady_clock::now() + grace;
  auto closed = std::make_shared<std::promise<void>>();
  const std::future<void> done = closed->get_future();
  asio::post(state_->socket.get_executor(), [state = state_, closed, deadline] {
    for (int i = 0; i < kDrainBatchesMax && std::chrono::steady_clock::now() < deadline; ++i)
      if (!state->submit_batch()) break;
    IoError ignored;
    state->stopped = true;
    // As in StreamAcceptor::stop(): its successor may have the same socket.
    const Descriptor released(state->socket.is_open() ? state->socket.release(ignored) : -1);
    closed->set_value();
  });
  // A runtime that is stopped, or was never started, has nothing left to wait for.
  if (!runtime_.context(0).stopped()) done.wait_until(deadline + std::chrono::seconds(1));
  return true;
}

}  // namespace straykey
