#pragma once
// What an operator sets of a KafkaSource.
//
// Thread: any (a value).
#include <cstdint>
#include <string>
#include <vector>

#include "net/ingest/intake.h"

namespace straykey {

struct KafkaSourceSettings {
  std::string name;
  std::string brokers;
  std::vector<std::string> topics;
  std::string group;          // empty: "straykey-" and the installation's id
  bool from_the_end = false;  // where a group without positions begins
  std::size_t concurrency = 4;
  std::uint64_t bytes_in_flight_max = 256u << 20;
  Intake::Limits limits{.inflated_bytes_max = std::size_t{512} << 20,
                        .records_max = 10'000'000,
                        .rejects_listed_max = 4'096,
                        .cut = true};
};

}  // namespace straykey
