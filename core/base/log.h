#pragma once
// Log: writes one line for each record, as logfmt or JSON, with the time in UTC milliseconds and every field escaped.
// spdlog carries the lines to stderr.
//
// Thread: any (synchronised inside).
// Bounds: a field value is cut at 1,000 bytes. A message that comes more than 10 times within 10 s is counted and not
//         repeated; how many lines that were is told with its next one, or with any line after the 10 s, or at the end.
// Source: no byte below 0x20, no C1 control and no bidi control reaches the terminal.
#include <cstddef>
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

  // From the next line on. Any thread.
  void use(Settings settings);

  // `message` is a fixed text of ours. What varies goes into fields.
  void debug(std::string_view message, std::initializer_list<LogField> fields = {});
  void info(std::string_view message, std::initializer_list<LogField> fields = {});
  void warning(std::string_view message, std::initializer_list<LogField> fields = {});
  void error(std::string_view message, std::initializer_list<LogField> fields = {});
  // As info, but held back by no level and no repetition: for what must be found again.
  void always(std::string_view message, std::initializer_list<LogField> fields = {});

 private:
  void write(LogLevel level, std::string_view message, std::initializer_list<LogField> fields);
  void tell_held_back(bool at_end);
  void put(LogLevel level, std::string_view message, std::initializer_list<LogField> fields, std::size_t held_back);

  struct Sink;
  std::unique_ptr<Sink> sink_;
};

// `value`, changed so that it cannot leave its line or fool a terminal: control, C1, bidi and invalid bytes become
// \xNN, and quotes are escaped.
[[nodiscard]] std::string escape_for_log(std::string_view value, std::size_t size_max = 1'000);

}  // namespace straykey
