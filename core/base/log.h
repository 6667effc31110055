#pragma once
// Log: one line a record, logfmt or JSON, UTC milliseconds, every field escaped. spdlog carries the lines to stderr.
//
// Thread: any (synchronised inside).
// Bounds: a field value is cut at 1,000 bytes; a message said more than 10 times within 10 s is counted, not repeated.
// Source: no byte under 0x20, no C1 control, no bidi control reaches the terminal.
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

namespace straykey {

enum class LogLevel : std::uint8_t { debug, info, warning, error };

struct LogField {
  std::string_view key;  // our own word
  std::string value;     // may be anything
};

class Log {
 public:
  struct Settings {
    LogLevel level = LogLevel::info;
    bool json = false;
  };
  explicit Log(Settings settings);
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  // `message` is fixed text of ours; what varies goes into fields.
  void debug(std::string_view message, std::initializer_list<LogField> fields = {});
  void info(std::string_view message, std::initializer_list<LogField> fields = {});
  void warning(std::string_view message, std::initializer_list<LogField> fields = {});
  void error(std::string_view message, std::initializer_list<LogField> fields = {});

 private:
  void write(LogLevel level, std::string_view message, std::initializer_list<LogField> fields);

  struct Sink;
  std::unique_ptr<Sink> sink_;
};

// `value` so that it cannot leave its line or fool a terminal: control, C1, bidi and invalid bytes as \xNN, quotes
// escaped.
[[nodiscard]] std::string escape_for_log(std::string_view value, std::size_t size_max = 1'000);

}  // namespace straykey
