#pragma once
// Feeder: brings what one sender sent into the pipeline, and does not lose any of it. Every connection of a protocol
// without a reply of its own, and every source that is polled, has one.
//
// Shape:  feed() reads a text by the Intake, offers it until the pipeline takes it, and offers it again when its commit
//         failed. Each text has a number, 0 first, in the order of feed(); on_stored hands it back with what became of
//         the items, so that a protocol can acknowledge in its own words.
// Order:  on_stored comes in the order of the commits, not of the numbers. stored_below() is for senders that can only
//         acknowledge in order: all texts below it are stored.
// Thread: io (the sender's own), all of it. What the pipeline says from its threads is posted there.
// Bounds: Settings::in_flight_max texts; feed() waits while there are as many, and until the budget has room for the
//         text and its events, or the reserve has room for one of at most 16 KiB.
// Errors: nothing is given up but by gave_up(), at the end of a drain; what is lost then is counted and told.
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "net/ingest/intake.h"
#include "net/io/connection_table.h"
#include "net/io/io_runtime.h"

namespace straykey {

class Feeder : public std::enable_shared_from_this<Feeder> {
 public:
  struct Settings {
    std::string source;  // of the Intake: names its counters and rejects
    std::size_t io_thread = 0;
    Intake::Limits limits;
    std::size_t in_flight_max = 12;
    std::chrono::milliseconds retry_min{5};    // what found the queues full is offered again after this, ...
    std::chrono::milliseconds retry_max{500};  // ... twice as long each time, up to this
  };
  struct Dependencies {
    IoExecutor executor;  // of that io thread
    Intake& intake;
    const Submit& submit;
    Counter& waits;  // times that the sender was made to wait
    std::shared_ptr<ByteBudget> budget;
    std::shared_ptr<ByteBudget> reserve = nullptr;  // for one small text of each sender while the budget is spent
  };
  // They are called by work that may outlive the sender, so they keep alive what they refer to, or hold it weakly.
  struct Callbacks {
    std::function<bool()> gave_up;  // true: what has not been taken by now is lost
    // After each text was read, its rejects are counted; the items are still known. May be empty.
    std::function<void(const SentText& sent, const ItemOutcomes& outcome)> on_read;
    std::function<void(std::uint64_t number, const ItemOutcomes& outcome)> on_stored;  // may be empty
    std::function<void(std::uint64_t number)> on_lost;                                 // may be empty
  };

  // Held by a shared_ptr: commits that are on their way refer to it weakly.
  Feeder(Settings settings, Dependencies dependencies, Callbacks callbacks);
  Feeder(const Feeder&) = delete;
  Feeder& operator=(const Feeder&) = delete;

  // Returns once the pipeline has taken the text, or there is nothing in it to store, or it is lost.
  IoAwait<void> feed(SentText sent);
  // `share`: what the text was charged while it was received; it is kept, and grows by what is made of the text.
  IoAwait<void> feed(SentText sent, BudgetShare share);
  // Or until gave_up().
  IoAwait<void> wait_until_in_flight_below(std::size_t count);
  // Looks at gave_up() again. Called at each tick of the sender.
  void wake();

  // Texts offered or taken, and not yet stored.
  [[nodiscard]] std::size_t in_flight() const noexcept { return in_flight_; }
  // The number of the next text.
  [[nodiscard]] std::uint64_t next_number() const noexcept { return next_number_; }
  [[nodiscard]] std::uint64_t stored_below() const noexcept;

 private:
  using Timer = boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                                  boost::asio::wait_traits<std::chrono::steady_clock>, IoExecutor>;
  // A text on its way.
  struct Fed {
    std::uint64_t number = 0;
    SentText sent;
    BudgetShare share;
    BudgetShare of_reserve;  // what it is charged instead, if it is anything
    ItemOutcomes outcome;
  };

  // Until the budget has room for it, or, if it holds something of it, its turn comes. If the sender gives up before,
  // it is read all the same.
  IoAwait<void> make_room(Fed& fed);
  [[nodiscard]] std::unique_ptr<Request> read(const std::shared_ptr<Fed>& fed);
  IoAwait<void> offer(std::shared_ptr<Fed> fed, std::unique_ptr<Request> request);
  IoAwait<void> offer_again(std::shared_ptr<Fed> fed);
  IoAwait<void> pause(std::chrono::milliseconds wait);
  void committed_or_failed(RequestOutcome outcome, const std::shared_ptr<Fed>& fed);
  void stored(const Fed& fed);
  void lose(const Fed& fed, std::size_t events);
  void end_in_flight(std::uint64_t number);
  void settle(std::uint64_t number);

  const Settings settings_;
  const Dependencies dependencies_;
  const Callbacks callbacks_;
  Timer wake_;
  std::uint64_t next_number_ = 0;
  std::size_t in_flight_ = 0;
  std::vector<std::uint64_t> unsettled_;  // numbers given out and not yet stored or lost, ascending
  std::optional<std::uint64_t> first_lost_;
};

}  // namespace straykey
