#pragma once
// Reads bytes with and without the short way (core/event/record_walk.h) and says where the answers differ.
//
// Thread: one at a time.
#include <optional>
#include <string>
#include <string_view>

#include "core/event/payload.h"
#include "core/event/record_walk.h"

namespace straykey {

class TwoReadings {
 public:
  TwoReadings();

  // A difference between RecordWalk and RecordParser on `record`, as text; nothing if the walk leaves it to the parser
  // or both give the same Event.
  [[nodiscard]] std::optional<std::string> differ_on_record(std::string_view record);
  // A difference between PayloadReaders with and without the walk.
  [[nodiscard]] std::optional<std::string> differ_on_body(std::string_view body, ContentEncoding encoding);

  // Records that the walk was asked for, and those that it took, in differ_on_record.
  [[nodiscard]] std::size_t asked() const noexcept { return asked_; }
  [[nodiscard]] std::size_t taken() const noexcept { return taken_; }

 private:
  static std::string read(PayloadReader& reader, std::string_view body, ContentEncoding encoding);

  RecordParser parser_;
  RecordWalk walk_;
  PayloadReader with_, without_;
  std::size_t asked_ = 0, taken_ = 0;
};

}  // namespace straykey
