#pragma once
// RequestBuilder: makes the requests to send from records, with one record a line. It gives them the plan's times, and
// faults that the seed draws.
//
// Shape:  each record gives one line for each copy (fan-out). Faults of records: a duplicate is sent again later on the
//         same day; a disordered record is sent later than it came; a cut or broken copy is sent beside the whole
//         record, so that the alerts stay the same. Faults of requests: the connection breaks before all is sent; the
//         first attempt has a wrong token; the request is sent slowly.
// Order:  a request holds lines of one day of sending, which is the newest day of any record so far. Days follow one
//         another.
// Thread: one owner.
// Bounds: a request is closed at `batch` lines or body_bytes_max. At most kHeldMax records wait to be sent late.
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "tools/replay/pacing.h"
#include "tools/replay/record_reader.h"
#include "tools/replay/record_rewriter.h"
#include "tools/simulate/random.h"

namespace straykey {

// Shares of records (the first four) or of requests.
struct FaultSettings {
  double duplicates = 0, disorder = 0, truncate = 0, bad_json = 0;
  double disconnect = 0, bad_token = 0, slow = 0;
};

struct FaultCounts {
  std::uint64_t duplicates = 0, disordered = 0, truncated = 0, bad_json = 0;
};

struct OutgoingRequest {
  std::string body;           // lines, each with its end
  std::uint32_t records = 0;  // lines
  std::uint32_t broken = 0;   // of them, made to be rejected
  std::uint32_t opaque = 0;   // of them, that may hold any number of events
  Day day = 0;
  double due_s = -1;  // since the start; below 0: as soon as it can be
  bool break_off_first = false, bad_token_first = false;
  bool slow = false;        // in pieces, with pauses
  double break_off_at = 0;  // share of its bytes
};

struct BuilderSettings {
  std::uint32_t batch = 500;
  std::uint32_t copies = 1;  // 1: no fan-out
  std::size_t body_bytes_max = 8u << 20;
  std::uint64_t seed = 1;
  FaultSettings faults = {};
  Pacing pacing = {};
};

class RequestBuilder {
 public:
  static constexpr std::size_t kHeldMax = 1'000;
  // Returns false if nothing more is wanted.
  using Give = std::function<bool(OutgoingRequest&&)>;

  RequestBuilder(BuilderSettings settings, RecordRewriter rewriter, Give give);

  // Returns false once Give has returned false.
  bool add(const ReadRecord& record);
  // Gives the rest. REQUIRES: called once, last.
  bool finish();

  [[nodiscard]] const FaultCounts& faults() const noexcept { return faults_; }
  [[nodiscard]] std::uint64_t records() const noexcept { return records_; }

 private:
  struct Line {
    std::string text;
    Seconds time = 0;
    bool opaque = false;
  };
  bool add_copy(const ReadRecord& record, std::uint32_t copy);
  bool begin_day(Day day);
  bool release_held(std::size_t leave);
  bool put(const Line& line);
  bool put_text(std::string_view text, Seconds time, bool broken, bool opaque);
  bool close();

  BuilderSettings settings_;
  RecordRewriter rewriter_;
  Give give_;
  Random random_;
  SendPlan plan_;
  OutgoingRequest open_;
  Seconds first_time_ = 0, newest_time_ = 0;  // in the open request
  Day day_ = 0;
  Seconds time_ = 0;  // of the last record that had one
  Line in_hand_;      // its memory is used again
  std::vector<Line> held_;
  FaultCounts faults_;
  std::uint64_t records_ = 0;  // lines put
  bool wanted_ = true;
};

}  // namespace straykey
