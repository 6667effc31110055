#pragma once
// StandbyStatus: what people are told of a node of [standby].
//
// Thread: any (a value).
#include <cstdint>
#include <string>
#include <vector>

#include "core/base/time.h"

namespace straykey {

struct StandbyStatus {
  bool judges = false;
  Seconds since = 0;                 // since when `judges` is as it is, in this run; 0: nothing is known yet
  bool is_read = false;              // the log has been read to its end at least once
  std::string judge;                 // the name of the node whose term was the last that was read; empty: none so far
  std::uint64_t position = 0;        // what lies before it in the log is in this node's store
  std::uint64_t behind = 0;          // and so much lies behind it
  std::vector<std::string> differs;  // what is not as the judge has it
  std::string waits_for;             // why this node can neither follow nor judge, in a sentence; empty: it can
};

}  // namespace straykey
