#pragma once
// The short way from a record to its Event: along the positions of JsonIndex, each byte of structure looked at once.
//
// Shape:  takes plain records only: whole, correct JSON with each member once and of its type. Anything odd is left to
//         RecordParser, which says what it is; where the walk takes a record, RecordParser would give the same Event.
// Order:  texts in any order; records of a body one after the other use one index.
// Bounds: nested at most 50 deep; RecordParser reads deeper ones.
// Errors: none: 0 means "ask RecordParser", for whatever reason.
// Thread: one RecordWalk a thread; its memory is reused.
// Source: JSON by RFC 8259: stage 1 has checked UTF-8 and control bytes; the walk checks the grammar, literals, numbers
//         and escapes, also in what it does not read. tests/core/record_walk_test.cc and tests/fuzz/record_fuzz.cc hold
//         it against RecordParser.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/event/agent_cache.h"
#include "core/event/cloudtrail.h"
#include "core/event/json_index.h"

namespace straykey {

class RecordWalk {
 public:
  // Call before the bytes of earlier texts change.
  void forget() noexcept { index_.forget(); }
  // Limits the work of the index: see there.
  void expect(std::size_t text_bytes) noexcept { index_.expect(text_bytes); }
  // By its index, since it was made.
  [[nodiscard]] std::uint64_t bytes_looked_at() const noexcept { return index_.bytes_looked_at(); }

  // If `text` begins with a plain record, fills `event` and returns the record's bytes; otherwise returns 0, and
  // `event` holds nothing of use. Views of the Event point into `text` or `arena`.
  // REQUIRES: text begins with '{'; kJsonPadding readable bytes behind it. A new `event`.
  [[nodiscard]] std::size_t read(std::string_view text, TextArena& arena, Seconds now, Event& event);

  // The same for an object that wraps one plain record as an object (WrapperMember): returns the bytes of all of it. 0:
  // ask open_envelope.
  [[nodiscard]] std::size_t read_wrapped(std::string_view text, TextArena& arena, Seconds now, Event& event);

 private:
  template <bool kWrapped>
  [[nodiscard]] std::size_t read_at(std::string_view text, TextArena& arena, Seconds now, Event& event);

  JsonIndex index_;
  AgentCache agents_;
  std::string unescaped_;
};

}  // namespace straykey
