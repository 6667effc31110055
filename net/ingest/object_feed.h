#pragma once
// ObjectFeed: brings a whole object into the pipeline and waits until all of it is stored. For sources that pull: they
// may wait, and forget nothing meanwhile.
//
// Shape:  the text is read by the Intake, once; an object of more events than one Request takes becomes several.
// Order:  the Requests of an object are built one after the other and may be stored in any order. feed() returns when
//         none of them is on its way any more.
// Thread: one owner, whose thread it blocks, with a desk of the Intake. The pipeline answers from its own threads.
// Bounds: memory is asked of the budget before it is taken, and waited for; requests_in_flight_max Requests of one
//         besides the one being built. One object at a time may go beyond the budget (ByteBudget's turn).
// Errors: Outcome::end. What is not `stored` has to come again, which never harms.
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "net/ingest/intake.h"
#include "net/io/connection_table.h"

namespace straykey {

class ObjectFeed {
 public:
  struct Settings {
    std::string source;    // of the Intake: names its counters and rejects
    std::size_t desk = 0;  // of the Intake
    Intake::Limits limits;
    std::size_t requests_in_flight_max = 2;
    std::chrono::milliseconds look{20};  // how often room that others give back is looked for
  };
  struct Dependencies {
    Intake& intake;
    const Submit& submit;
    std::shared_ptr<ByteBudget> budget;
    Counter& waits;                 // times that an object found no room
    std::function<bool()> gave_up;  // true: nothing is waited for any more
    std::function<void(std::chrono::milliseconds)> pause;
  };
  enum class End : std::uint8_t {
    stored,      // all of it, or there was nothing in it to store
    unreadable,  // Outcome::items.error says why
    failed,      // a commit failed
    stopped,     // the pipeline takes nothing, or gave_up()
  };
  struct Outcome {
    End end = End::stored;
    ItemOutcomes items;
  };

  ObjectFeed(Settings settings, Dependencies dependencies);

  // Room for an object that is still to be fetched. False: gave_up().
  [[nodiscard]] bool reserve(BudgetShare& share, std::size_t bytes);
  // `share`: what was reserved for the text.
  [[nodiscard]] Outcome feed(std::string text, BudgetShare share);
  // The same of a text of many items. One that cannot be read is a reject, and touches none of the others.
  [[nodiscard]] Outcome feed(SentText sent, BudgetShare share);

 private:
  struct Flight;
  [[nodiscard]] bool hold(Flight& flight, std::size_t bytes);
  [[nodiscard]] bool take(const std::shared_ptr<Flight>& flight, std::unique_ptr<Request> request);
  [[nodiscard]] bool submit(Flight& flight, std::unique_ptr<Request>& request);

  const Settings settings_;
  const Dependencies dependencies_;
};

}  // namespace straykey
