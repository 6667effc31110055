#pragma once
// RecordWriter: writes one call as one CloudTrail record, as JSON text.
//
// Shape:  every text that it gets must be JSON-safe already (no quote, backslash or control character). user_identity,
//         request and response are JSON values.
// Thread: one owner.
// Source: CloudTrail record contents, version 1.11; field order and absences as delivered.
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/time.h"
#include "tools/simulate/random.h"

namespace straykey {

struct Record {
  Seconds time = 0;
  std::string_view user_identity = "{}";
  std::string_view service = {};  // "s3": eventSource without its domain
  std::string_view name = {};
  std::string_view region = {};
  std::string_view source_ip = {};
  std::string_view user_agent = {};
  std::string_view error_code = {};
  std::string_view request = "null";
  std::string_view response = "null";
  std::string_view recipient = {};
  std::string_view shared_event_id = {};
  std::string_view vpc_endpoint = {};
  std::string_view vpc_endpoint_account = {};
  std::string_view type = "AwsApiCall";
  bool read_only = true;
  bool is_data_event = false;
  bool console_session = false;
};

// An id of the form that CloudTrail uses (UUID version 4), from two words.
[[nodiscard]] std::string uuid_text(std::uint64_t high, std::uint64_t low);
// The first `digits` hex digits of a hash of `word`. REQUIRES: digits <= 32.
[[nodiscard]] std::string hex_text(std::uint64_t word, std::size_t digits);
// `count` characters of A-Z2-7, from `word`. REQUIRES: count <= 24.
[[nodiscard]] std::string base32_text(std::uint64_t word, std::size_t count);
// 20 characters that end in EXAMPLE, so that no scanner takes them for a real key.
[[nodiscard]] std::string temporary_key(std::uint64_t word);

class RecordWriter {
 public:
  explicit RecordWriter(std::uint64_t seed) : random_(mix(seed, 0x7265636f7264)) {}

  // Appends the record, with event and request ids of its own.
  void append(std::string& out, const Record& record);

 private:
  void append_time(std::string& out, Seconds time);
  void append_uuid(std::string& out);

  Random random_;
  Day day_ = 0;
  std::string day_text_;
};

}  // namespace straykey
