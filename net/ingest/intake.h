#pragma once
// Intake: what a sender sent -> a Request for the pipeline, and what became of every item in it. All ways in, whatever
// their protocol, read by this one object.
//
// Shape:  a SentText is one text in any framing and envelope, or a number of items in it that are read each by itself,
//         so that a broken one does not touch its neighbours. read() decodes it, counts its events, signs each as it is
//         read, and hands every reject to on_reject.
//         A text that holds more than one Request takes (kRequestEventsMax, kRequestArenaBytesMax) is cut. For a thread
//         that must not wait read() gives the first Request, and read_rest() reads the text once more and gives the
//         others; for one that may wait read() hands over each as it is full, and gives the last.
// Order:  items are read in their order. A text that is read again after a failed commit (read_before) counts nothing
//         and hands no reject over a second time.
// Thread: read() on io threads or on one that may wait, read_rest() on one that may wait. Each of them has a desk, with
//         a PayloadReader of its own; the counts any. It outlives the io threads and the pipeline.
// Bounds: Limits, of the route or source; the first rejects_listed_max rejects are listed, all are counted. Memory is
//         asked for before it is taken (MayHold): what is inflated or copied, and that of the events.
// Errors: a PayloadError if the text as a whole cannot be read; a RejectReason for each record that cannot; no_room if
//         the memory was refused.
#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/metrics.h"
#include "core/engine/submit.h"
#include "core/event/payload.h"
#include "core/location/ip_address.h"

namespace straykey {

struct SentText {
  struct Item {
    std::size_t begin = 0, size = 0;  // in the text, once that is decoded
    std::size_t message_bytes = 0;    // with what its protocol puts around it; 0: unknown
    IpAddress sender;                 // names the origin of its rejects, where it is known; else all zeros
    std::uint8_t header = 0;          // its kind, in the words of its protocol
    bool advised = false;             // its sender has been told what to change
  };
  // Finds the items of a text that had to be decoded first, and at most one more than `items_max`.
  using Split = void (*)(std::string_view text, std::size_t items_max, std::vector<Item>& items);

  std::string text = {};
  ContentEncoding encoding = ContentEncoding::identity;
  Split split = nullptr;
  std::vector<Item> items = {};  // without any, and without `split`: the whole text, in whatever framing it comes
  bool read_before = false;

  [[nodiscard]] bool by_items() const noexcept { return split != nullptr || !items.empty(); }
};

// What became of the items of a text. An item that stands in no whole reject was accepted.
struct ItemOutcomes {
  struct Reject {
    std::uint32_t item = 0;  // as the sender counts, 0 first
    RejectReason reason{};
    bool whole =
        true;  // nothing of the item was taken; false: others of its records were, or this is not its first reject
  };
  std::optional<PayloadError> error;  // the text as a whole cannot be read; nothing else counts then
  std::size_t accepted = 0;           // events
  std::size_t rejected = 0;           // records
  std::size_t not_judged = 0;   // of the accepted: nobody can tell who called, or from where (core/event/not_judged.h)
  std::size_t ignored = 0;      // records of a harmless class (is_harmless): neither accepted nor rejected
  std::vector<Reject> rejects;  // the first of them, in the order of the items
  std::string item_kinds;       // of a text that was split: SentText::Item::header of each item
  std::array<std::uint64_t, kRejectReasonCount> tally{};  // of all rejected and ignored, by reason
  std::array<std::uint64_t, kNotJudgedCount> not_judged_tally{};
};

class Intake {
 public:
  struct Limits {
    std::size_t inflated_bytes_max = 128u << 20;
    std::size_t records_max = 1'000'000;
    std::size_t rejects_listed_max = 100;  // a protocol that answers item by item: records_max
    // Whether a text may be cut into several Requests. If not, what one Request does not take is rejected as
    // inflated_too_large.
    bool cut = false;

    bool operator==(const Limits&) const = default;
  };
  struct Callbacks {
    std::function<Seconds()> now;
    std::function<void(Request&)> sign;  // after each event; may be empty: see core/engine/route.h
    // Called for each rejected record, on io threads, before its sender hears of it; may be empty. A text that was
    // refused and is sent again is seen again.
    std::function<void(RejectReason reason, std::string_view record, std::string_view source)> on_reject;
  };
  // Of `limits`, what Limits names is overruled by each read(). `desks` is how many threads read.
  Intake(PayloadLimits limits, std::size_t desks, Callbacks callbacks, Metrics& metrics);
  ~Intake();

  using MayHold = PayloadReader::MayHold;
  // What of a text is still to be read.
  struct Rest;
  struct FreeRest {
    void operator()(Rest* rest) const noexcept;
  };
  struct Reading {
    std::unique_ptr<Request> request;  // nullptr: there is nothing to store
    ItemOutcomes outcome;
    std::unique_ptr<Rest, FreeRest> rest;  // nullptr: that was all
    bool no_room = false;                  // then nothing else of it counts, and `sent` has its bytes again
  };
  struct RestCallbacks {
    // Takes a Request, and returns when the next one may be built. False: nothing more is to be read.
    std::function<bool(std::unique_ptr<Request>)> take;
    MayHold may_hold;  // of what is inflated and copied; the events of a Request are the affair of take()
  };
  // `source` is the name of the token or listener. Takes the bytes of `sent` over, which the Request's events point
  // into, and leaves its items unless there is a rest. REQUIRES: `desk` is the caller's.
  // With `going_on` there is never a rest: what a Request does not take goes into the next. If it ends early then
  // (no_room), or with an error, what was handed over stays handed over, and `sent` may have lost its text.
  [[nodiscard]] Reading read(SentText& sent, const Limits& limits, const std::string& source, std::size_t desk,
                             const MayHold& may_hold = {}, const RestCallbacks* going_on = nullptr);

  // ItemOutcomes::item_kinds of a text that has `split`, which is not read and is used up. Empty: it cannot be decoded;
  // nullopt: `may_hold` said no. REQUIRES: `desk` is the caller's.
  [[nodiscard]] std::optional<std::string> item_kinds(SentText& sent, const Limits& limits, std::size_t desk,
                                                      const MayHold& may_hold = {});

  // Reads what read() left, and completes its outcome. False: it ended early, because memory or take() said so.
  [[nodiscard]] bool read_rest(Rest& rest, ItemOutcomes& outcome, std::size_t desk, const RestCallbacks& callbacks);

  // Rejects, and what was ignored or cannot be judged, are counted once their sender will not send the same text again.
  void count_rejects(const ItemOutcomes& outcome) noexcept;
  // A message that is a reject before anything of it can be read. `sender` as in SentText::Item.
  void reject(RejectReason reason, std::string_view record, const std::string& source, const IpAddress& sender);
  // Events that were read and not stored: their sender has to send them again, or they are lost.
  void count_refused(std::size_t events) noexcept { refused_.add(events); }
  // The counter of a source exists from now on, although nothing has come from it.
  void announce(const std::string& source);
  struct Received {
    std::uint64_t events = 0;
    std::optional<Seconds> lag_s;  // of its last request; nullopt: there was none
  };
  // What came from a source. Announces it.
  [[nodiscard]] Received received_from(const std::string& source) const;
  struct Keys {
    std::uint64_t issuing = 0, of_roles = 0;  // events that issued the key of a role; events by keys of roles
  };
  [[nodiscard]] Keys keys() const noexcept { return {issuing_.value(), of_roles_.value()}; }

 private:
  // What one thread keeps.
  struct Desk;
  // One text being read.
  struct Pass;
  // Counts what came from the source, what of it HealthWatch wants to know, and how late it was.
  void count_received(Desk& desk, const std::string& source, const Request& request);
  [[nodiscard]] std::optional<PayloadError> decode(Pass& pass, SentText& sent, std::string_view& text);
  [[nodiscard]] static std::optional<PayloadError> read_text(Pass& pass, std::string_view text);
  [[nodiscard]] static std::optional<PayloadError> read_items(Pass& pass, std::string_view text);
  [[nodiscard]] static std::unique_ptr<Rest, FreeRest> leave(Pass& pass, SentText& sent, std::string_view text);
  void hand_over(RejectReason reason, std::string_view record, const std::string& source, const IpAddress& sender);

  const Callbacks callbacks_;
  Metrics& metrics_;
  const std::array<Counter*, kRejectReasonCount> rejected_;  // or ignored, for a harmless class
  const std::array<Counter*, kNotJudgedCount> not_judged_;
  Counter& refused_;
  Counter& issuing_;
  Counter& of_roles_;
  std::vector<std::unique_ptr<Desk>> desks_;
};

}  // namespace straykey
