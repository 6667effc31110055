#pragma once
// RecordReader: reads CloudTrail files, folders or lines of the standard input, and gives their records in the order of
// delivery.
//
// Shape:  a file is {"Records":[...]}, an array, one value a line or values without separator, plain or gzip. Its
//         records are cut out and not parsed. Files whose names hold a delivery time (..._20261122T0305Z_...) are
//         ordered by the day of that time, so that the folders of several accounts and regions are read side by side.
//         Within a day, or without a time, the path decides.
// Order:  a record's text is one line: line ends between its members become spaces.
// Thread: one owner.
// Bounds: one file (a piece of one, for plain lines) in memory.
// Errors: a file that cannot be read ends reading with a sentence. Everything behind a broken value in a file counts as
//         one record.
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/base/time.h"
#include "core/event/decoding.h"
#include "core/event/json_index.h"
#include "tools/scan/event_files.h"

namespace straykey {

struct ReadRecord {
  std::string_view text;        // lives as long as the call
  std::optional<Seconds> time;  // its first eventTime. A value without one may hold any number of events
};

class RecordReader {
 public:
  // False: stop reading.
  using Visit = std::function<bool(const ReadRecord&)>;

  // "-" is the standard input. Finds the files.
  [[nodiscard]] Status open(const std::vector<std::string>& paths);
  [[nodiscard]] Status read(const Visit& visit);
  // The newest day in the last file. REQUIRES: open() succeeded. Errors: standard input; no time in it.
  [[nodiscard]] Result<Day> last_day();

  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }

 private:
  [[nodiscard]] Status read_file(const EventFile& file, const Visit& visit);
  [[nodiscard]] Status read_lines(const Visit& visit);
  Status split(std::string text, const std::string& name, const Visit& visit);
  bool split_values(std::string_view text, const Visit& visit);
  bool split_delivered(std::string_view text, std::size_t array_at, std::size_t& size, const Visit& visit);
  bool split_array(std::string_view array, std::size_t& size, const Visit& visit);
  [[nodiscard]] std::size_t indexed_size(std::string_view text);
  bool give(std::string_view text, const Visit& visit);

  std::vector<EventFile> files_;
  std::uint64_t bytes_ = 0;
  bool standard_input_ = false;
  bool stopped_ = false;
  Inflater inflater_;
  JsonIndex index_;
  std::string inflated_, line_;
};

// Of a path's name: the delivery day, 0 if there is none.
[[nodiscard]] Day delivery_day(std::string_view path) noexcept;
// The value of the first "eventTime" member in a record's text.
[[nodiscard]] std::optional<Seconds> event_time_in(std::string_view record) noexcept;

}  // namespace straykey
