#pragma once
// TrailWriter: writes calls of known callers as records into the trail, and keeps every workload's current token.
//
// Shape:  the first call with a token writes the token's issuing event too (in a late file for workloads that are
//         issued late), so each key in the trail has its proof, unless AWS names the workload in the record itself.
// Thread: one owner.
#include <cstdint>
#include <string>
#include <vector>

#include "tools/simulate/api_calls.h"
#include "tools/simulate/organisation.h"
#include "tools/simulate/trail_files.h"
#include "tools/simulate/workload_tokens.h"

namespace straykey {

class TrailWriter {
 public:
  // Both outlive the writer.
  TrailWriter(const Organisation& organisation, TrailFiles& files, std::uint64_t seed);

  void begin_slot(Seconds slot) noexcept { slot_ = slot; }

  // Writes the record to the stream of (account, region).
  void write(const Record& record, std::string_view account, std::string_view region,
             TrailFiles::Delivery delivery = TrailFiles::Delivery::on_time);

  // The token that the instance holds at `time`, its issuing event written. Valid until the next call. REQUIRES:
  // instance exists.
  const Token& token(std::size_t workload, std::uint32_t instance, Seconds time);

  // An ordinary call of the workload, from where it lives. `agent` empty: its own.
  void call_from_home(std::size_t workload, std::uint32_t instance, Seconds time, const ApiCall& call,
                      std::string_view agent = "");

  void write_issuing_event(const IssuingEvent& event, const Workload& workload, Seconds time,
                           TrailFiles::Delivery delivery);

  [[nodiscard]] Random& random() noexcept { return random_; }
  [[nodiscard]] std::uint64_t events() const noexcept { return events_; }  // duplicates counted
  [[nodiscard]] std::uint64_t duplicates() const noexcept { return duplicates_; }
  // Returns a text of the writer that lives until this function's next call.
  std::string_view request_of(const ApiCall& call);

 private:
  void put(std::uint32_t stream, TrailFiles::Delivery delivery);
  void fill(Record& record, const ApiCall& call);

  const Organisation& organisation_;
  TrailFiles& files_;
  RecordWriter records_;
  Random random_;
  Seconds slot_ = 0;
  std::vector<std::vector<Token>> tokens_;   // by workload, instance
  std::vector<std::uint32_t> home_streams_;  // by workload
  std::string record_, request_;
  std::uint64_t events_ = 0, duplicates_ = 0;
};

}  // namespace straykey
