#include "tools/replay/record_reader.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "core/event/cloudtrail.h"
#include "core/event/json_text.h"
#include "tools/replay/find_text.h"

namespace straykey {
namespace {

constexpr std::size_t kInflatedMax = std::size_t{4} << 30;
constexpr std::size_t kReadBytes = 1u << 20;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Where the array begins in {"Records":[...]}; 0: it is something else.
std::size_t delivered_array(std::string_view text) {
  std::string_view rest = text;
  for (const std::string_view token : {"{", "\"Records\"", ":"}) {
    if (!rest.starts_with(token)) return 0;
    rest = skip_json_space(rest.substr(token.size()));
  }
  return rest.starts_with('[') ? text.size() - rest.size() : 0;
}

}  // namespace

Day delivery_day(std::string_view path) noexcept {
  const std::string_view name = path.substr(path.rfind('/') + 1);
  constexpr std::string_view kForm = "_ddddddddTddddZ_";
  for (std::size_t at = name.find('_'); at != std::string_view::npos; at = name.find('_', at + 1)) {
    const std::string_view text = name.substr(at, kForm.size());
    if (text.size() < kForm.size()) return 0;
    bool matches = true;
    for (std::size_t i = 0; i < kForm.size() && matches; ++i)
      matches = kForm[i] == 'd' ? is_digit(text[i]) : text[i] == kForm[i];
    if (!matches) continue;
    return parse_day(fmt::format("{}-{}-{}", text.substr(1, 4), text.substr(5, 2), text.substr(7, 2))).value_or(0);
  }
  return 0;
}

std::optional<Seconds> event_time_in(std::string_view record) noexcept {
  constexpr std::string_view kName = "\"eventTime\"";
  const std::size_t found = find_text(record, kName, kName.find('T'));
  if (found == std::string_view::npos) return std::nullopt;
  std::string_view rest = skip_json_space(record.substr(found + kName.size()));
  if (!rest.starts_with(':')) return std::nullopt;
  rest = skip_json_space(rest.substr(1));
  if (!rest.starts_with('"')) return std::nullopt;
  rest.remove_prefix(1);
  return parse_time(rest.substr(0, rest.find('"')));
}

Status RecordReader::open(const std::vector<std::string>& paths) {
  if (paths.size() == 1 && paths.front() == "-") {
    standard_input_ = true;
    return {};
  }
  auto found = find_event_files(paths);
  if (!found) return found.error();
  if (!found->unreadable.empty())
    return Error{fmt::format("{}: {}", found->unreadable.front().path, found->unreadable.front().reason)};
  files_ = std::move(found->files);
  if (files_.empty()) return Error{"no CloudTrail files are there"};
  std::stable_sort(files_.begin(), files_.end(),
                   [](const EventFile& a, const EventFile& b) { return delivery_day(a.path) < delivery_day(b.path); });
  for (const EventFile& file : files_) bytes_ += file.bytes;
  return {};
}

Status RecordReader::read(const Visit& visit) {
  stopped_ = false;
  if (standard_input_) return read_lines(visit);
  for (const EventFile& file : files_) {
    if (Status status = read_file(file, visit); !status.ok()) return status;
    if (stopped_) break;
  }
  return {};
}

Result<Day> RecordReader::last_day() {
  if (standard_input_) return Error{"the newest day of the standard input is not known beforehand"};
  Day newest = 0;
  stopped_ = false;
  const Status status = read_file(files_.back(), [&newest](const ReadRecord& record) {
    if (record.time) newest = std::max(newest, day_of(*record.time));
    return true;
  });
  if (!status.ok()) return status.error();
  if (newest == 0) return Error{fmt::format("{}: no event time in it", files_.back().path)};
  return newest;
}

Status RecordReader::read_file(const EventFile& file, const Visit& visit) {
  Status split_status;
  const Status status = read_event_file(file, [&](std::string text) {
    if (!stopped_ && split_status.ok()) split_status = split(std::move(text), file.path, visit);
  });
  if (!status.ok()) return Error{fmt::format("{}: cannot be read: {}", file.path, status.error().message)};
  return split_status;
}

Status RecordReader::read_lines(const Visit& visit) {
  std::string held;
  std::size_t scanned = 0;
  while (!stopped_) {
    const std::size_t size = held.size();
    held.resize(size + kReadBytes);
    const ssize_t count = ::read(STDIN_FILENO, held.data() + size, kReadBytes);
    held.resize(size + static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Error{fmt::format("the standard input cannot be read: {}", std::strerror(errno))};
    if (count == 0) return split(std::move(held), "standard input", visit);
    const std::size_t end = held.rfind('\n');
    if (end == std::string::npos || end < scanned) {
      scanned = held.size();
      continue;
    }
    if (Status status = split(held.substr(0, end), "standard input", visit); !status.ok()) return status;
    held.erase(0, end + 1);
    scanned = 0;
  }
  return {};
}

Status RecordReader::split(std::string text, const std::string& name, const Visit& visit) {
  std::string_view content = text;
  if (has_gzip_magic(content)) {
    if (inflater_.gunzip(content, kInflatedMax, kJsonPadding, inflated_) != Decoded::ok)
      return Error{fmt::format("{}: cannot be inflated", name)};
    content = inflated_;
  } else {
    text.reserve(text.size() + kJsonPadding);
    content = text;
  }
  index_.forget();
  if (content.starts_with("\xef\xbb\xbf")) content.remove_prefix(3);
  stopped_ = !split_values(content, visit);
  return {};
}

bool RecordReader::split_values(std::string_view text, const Visit& visit) {
  for (text = skip_json_space(text); !text.empty(); text = skip_json_space(text)) {
    std::size_t size = 0;
    if (text.front() == '[') {
      if (!split_array(text, size, visit)) return false;
    } else if (const std::size_t array_at = delivered_array(text); array_at > 0) {
      if (!split_delivered(text, array_at, size, visit)) return false;
    } else {
      size = indexed_size(text);
      if (size == 0) {
        const JsonExtent extent = scan_json_value(text);
        size = extent.end == JsonEnd::complete ? extent.size : std::min(text.find('\n'), text.size());
      }
      if (!give(text.substr(0, size), visit)) return false;
    }
    text.remove_prefix(std::max<std::size_t>(size, 1));
  }
  return true;
}

bool RecordReader::split_delivered(std::string_view text, std::size_t array_at, std::size_t& size, const Visit& visit) {
  std::size_t array_size = 0;
  if (!split_array(text.substr(array_at), array_size, visit)) return false;
  const std::string_view behind = skip_json_space(text.substr(array_at + array_size));
  // Other members behind the records do not matter.
  size = behind.starts_with('}') ? text.size() - behind.size() + 1
         : behind.empty()        ? text.size()
                                 : scan_json_value(text).size;
  return true;
}

bool RecordReader::split_array(std::string_view array, std::size_t& size, const Visit& visit) {
  std::size_t effort = array.size() * 4;
  JsonElements elements(array, effort);
  while (true) {
    const std::string_view rest = elements.rest();
    JsonSlice element{rest.substr(0, rest.empty() ? 0 : indexed_size(rest)), JsonEnd::complete};
    if (!element.text.empty())
      elements.skip(element.text.size());
    else if (!elements.next(element))
      break;
    if (!give(element.text, visit)) return false;
  }
  size = elements.consumed();
  return true;
}

// The size of the object or array at the front of `text`. 0: the index does not show it, because the text is broken.
std::size_t RecordReader::indexed_size(std::string_view text) {
  for (bool there = index_.seek(text); there; there = index_.widen(text)) {
    const char* const base = index_.text();
    std::size_t depth = 0;
    char before = ',';
    for (const std::uint32_t* at = index_.at(); at < index_.end(); ++at) {
      const char c = base[*at];
      if (c == '{' || c == '[') {
        if (std::string_view("{[,:").find(before) == std::string_view::npos) return 0;
        ++depth;
      } else if (depth == 0) {
        return 0;
      } else if ((c == '}' || c == ']') && --depth == 0) {
        index_.pass(at + 1);
        return static_cast<std::size_t>(base + *at + 1 - text.data());
      }
      before = c;
    }
  }
  return 0;
}

bool RecordReader::give(std::string_view text, const Visit& visit) {
  text = trim_json(text);
  if (text.empty()) return true;
  if (text.find('\n') != std::string_view::npos || text.find('\r') != std::string_view::npos) {
    line_ = text;
    std::replace_if(
        line_.begin(), line_.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
    text = line_;
  }
  return visit({text, event_time_in(text)});
}

}  // namespace straykey
