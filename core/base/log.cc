#include "core/base/log.h"

#include <fmt/format.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <chrono>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/base/terminal_text.h"

namespace straykey {
namespace {

constexpr std::size_t kRepeatsMax = 10;
constexpr std::chrono::seconds kRepeatWindow{10};
constexpr std::size_t kMessagesTracked = 1'000;

constexpr std::string_view name_of(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return "debug";
    case LogLevel::info:
      return "info";
    case LogLevel::warning:
      return "warning";
    case LogLevel::error:
      return "error";
  }
  return "error";
}

spdlog::level::level_enum spdlog_level(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return spdlog::level::debug;
    case LogLevel::info:
      return spdlog::level::info;
    case LogLevel::warning:
      return spdlog::level::warn;
    case LogLevel::error:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

}  // namespace

std::string escape_for_log(std::string_view value, std::size_t size_max) {
  std::string out;
  const bool cut = value.size() > size_max;
  if (cut) value = value.substr(0, size_max);
  while (!value.empty()) {
    const Utf8Character character = first_character(value);
    const std::size_t take = character.bytes == 0 ? 1 : character.bytes;
    if (character.bytes == 0 || may_fool_a_terminal(character.code_point)) {
      for (std::size_t i = 0; i < take; ++i) out += fmt::format("\\x{:02x}", static_cast<unsigned char>(value[i]));
    } else {
      if (value[0] == '"' || value[0] == '\\') out += '\\';
      out.append(value.substr(0, take));
    }
    value.remove_prefix(take);
  }
  if (cut) out += "...";
  return out;
}

struct Log::Sink {
  std::atomic<LogLevel> level{LogLevel::info};
  std::atomic<bool> json{false};
  std::shared_ptr<spdlog::logger> logger;
  std::mutex mutex;
  struct Repeat {
    std::chrono::steady_clock::time_point since;
    std::size_t count = 0;
  };
  std::unordered_map<std::string, Repeat> repeats;
  std::chrono::steady_clock::time_point looked_at = std::chrono::steady_clock::now();

  struct HeldBack {
    std::string message;
    std::size_t lines = 0;
  };
  // What was held back and is over, or all of it at the end: lines whose like may never come again.
  std::vector<HeldBack> take_held_back(bool at_end) {
    const auto now = std::chrono::steady_clock::now();
    const std::lock_guard lock(mutex);
    std::vector<HeldBack> all;
    if (!at_end && now - looked_at <= kRepeatWindow) return all;
    looked_at = now;
    std::erase_if(repeats, [&](const auto& entry) {
      const auto& [message, repeat] = entry;
      const bool is_over = at_end || now - repeat.since > kRepeatWindow;
      if (is_over && repeat.count > kRepeatsMax) all.push_back({message, repeat.count - kRepeatsMax});
      return is_over;
    });
    return all;
  }

  // How many lines like this one were held back just before it, or nothing if this one must be held back, too.
  std::optional<std::size_t> admit(std::string_view message) {
    const auto now = std::chrono::steady_clock::now();
    const std::lock_guard lock(mutex);
    if (repeats.size() > kMessagesTracked) repeats.clear();
    Repeat& repeat = repeats[std::string(message)];
    std::size_t held_back = 0;
    if (repeat.count == 0 || now - repeat.since > kRepeatWindow) {
      held_back = repeat.count > kRepeatsMax ? repeat.count - kRepeatsMax : 0;
      repeat = {now, 0};
    }
    if (++repeat.count > kRepeatsMax) return std::nullopt;
    return held_back;
  }
};

Log::Log(Settings settings) : sink_(std::make_unique<Sink>()) {
  sink_->logger = std::make_shared<spdlog::logger>("straykey", std::make_shared<spdlog::sinks::stderr_sink_mt>());
  sink_->logger->set_pattern("%v");
  sink_->logger->set_level(spdlog::level::trace);
  sink_->logger->flush_on(spdlog::level::info);
  use(settings);
}

void Log::use(Settings settings) {
  sink_->level = settings.level;
  sink_->json = settings.json;
}

Log::~Log() {
  tell_held_back(true);
}

void Log::tell_held_back(bool at_end) {
  for (const Sink::HeldBack& held : sink_->take_held_back(at_end))
    put(LogLevel::info, "lines were held back, because they repeated",
        {{"of", held.message}, {"lines", std::to_string(held.lines)}}, 0);
}

void Log::write(LogLevel level, std::string_view message, std::initializer_list<LogField> fields) {
  if (level < sink_->level.load()) return;
  const auto held_back = sink_->admit(message);
  tell_held_back(false);
  if (held_back) put(level, message, fields, *held_back);
}

void Log::put(LogLevel level, std::string_view message, std::initializer_list<LogField> fields, std::size_t held_back) {
  const auto now = std::chrono::system_clock::now();
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count();
  const auto seconds = ms / 1000;
  const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{seconds / 86400}}};
  const std::string time = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                                       seconds % 86400 / 3600, seconds % 3600 / 60, seconds % 60, ms % 1000);
  const bool json = sink_->json;
  std::string line =
      json ? fmt::format(R"({{"time":"{}","level":"{}","msg":"{}")", time, name_of(level), escape_for_log(message))
           : fmt::format(R"(time={} level={} msg="{}")", time, name_of(level), escape_for_log(message));
  const auto append = [&](std::string_view key, std::string_view value) {
    std::string text = escape_for_log(value);
    if (json) {  // \xNN is no JSON escape: its backslash is doubled
      std::string doubled;
      for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\\' && i + 1 < text.size() && text[i + 1] == 'x') doubled += '\\';
        doubled += text[i];
        if (text[i] == '\\' && i + 1 < text.size() && text[i + 1] != 'x') doubled += text[++i];
      }
      line += fmt::format(R"(,"{}":"{}")", key, doubled);
    } else {
      line += fmt::format(R"( {}="{}")", key, text);
    }
  };
  for (const LogField& field : fields) append(field.key, field.value);
  if (held_back > 0) append("repeated_before", std::to_string(held_back));
  if (json) line += '}';
  // What may be written is decided above, so the logger itself lets everything through.
  sink_->logger->log(spdlog_level(level), "{}", line);
}

void Log::always(std::string_view message, std::initializer_list<LogField> fields) {
  put(LogLevel::info, message, fields, 0);
}

void Log::debug(std::string_view message, std::initializer_list<LogField> fields) {
  write(LogLevel::debug, message, fields);
}
void Log::info(std::string_view message, std::initializer_list<LogField> fields) {
  write(LogLevel::info, message, fields);
}
void Log::warning(std::string_view message, std::initializer_list<LogField> fields) {
  write(LogLevel::warning, message, fields);
}
void Log::error(std::string_view message, std::initializer_list<LogField> fields) {
  write(LogLevel::error, message, fields);
}

}  // namespace straykey
