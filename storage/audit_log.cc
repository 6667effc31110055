#include "storage/audit_log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <string_view>
#include <vector>

namespace straykey {
namespace {

constexpr std::string_view kBegin = "{\"number\":";

Error failed(const std::string& path, std::string_view doing) {
  return Error{path + ": cannot be " + std::string(doing) + ": " + std::strerror(errno)};
}

// Every line has its number first (audit_json). 0: it is no line of ours.
std::uint64_t number_of(std::string_view line) {
  if (!line.starts_with(kBegin) || !line.ends_with('}')) return 0;
  line.remove_prefix(kBegin.size());
  std::uint64_t number = 0;
  std::from_chars(line.data(), line.data() + line.size(), number);
  return number;
}

// The whole lines of `text`, oldest first.
std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  for (std::size_t end = text.find('\n'); end != std::string_view::npos; end = text.find('\n')) {
    if (number_of(text.substr(0, end)) != 0) lines.push_back(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
  return lines;
}

std::uint64_t last_number(std::string_view text) {
  const std::vector<std::string_view> lines = lines_of(text);
  return lines.empty() ? 0 : number_of(lines.back());
}

}  // namespace

Result<std::unique_ptr<AuditLog>> AuditLog::open(const std::string& directory, std::uint64_t bytes_max) {
  std::unique_ptr<AuditLog> log(new AuditLog(directory, bytes_max));
  if (const Status status = log->open_file(); !status.ok()) return status.error();
  return log;
}

Status AuditLog::open_file() {
  file_ = Descriptor(::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file_.is_open()) return failed(path_, "opened");
  const auto present = read(path_), old = read(path_ + ".old");
  for (const auto* text : {&present, &old})
    if (!text->ok()) return text->error();
  next_number_ = std::max(last_number(present.value()), last_number(old.value())) + 1;
  const std::size_t whole = present.value().rfind('\n') == std::string::npos ? 0 : present.value().rfind('\n') + 1;
  bytes_ = whole;
  if (whole != present.value().size() && ::ftruncate(file_.number(), static_cast<off_t>(whole)) != 0)
    return failed(path_, "cut");
  return {};
}

Status AuditLog::begin_anew() {
  if (std::rename(path_.c_str(), (path_ + ".old").c_str()) != 0) return failed(path_, "renamed");
  file_ = Descriptor(::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600));
  bytes_ = 0;
  return file_.is_open() ? Status{} : failed(path_, "opened");
}

Status AuditLog::append(const AuditEntry& entry) {
  const std::lock_guard lock(mutex_);
  const std::string line = audit_json(next_number_, entry) + "\n";
  if (bytes_ > 0 && bytes_ + line.size() > bytes_max_)
    if (Status status = begin_anew(); !status.ok()) return status;
  const auto written = ::write(file_.number(), line.data(), line.size());
  if (written != static_cast<ssize_t>(line.size())) {
    const Error error = failed(path_, "written");
    if (written > 0) (void)!::ftruncate(file_.number(), static_cast<off_t>(bytes_));
    return error;
  }
  bytes_ += line.size();
  ++next_number_;
  return {};
}

Result<std::string> AuditLog::read(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (!file.is_open()) {
    if (errno == ENOENT) return std::string();
    return failed(path, "opened");
  }
  std::string text;
  std::array<char, 64 * 1024> piece{};
  for (ssize_t got = 0; (got = ::read(file.number(), piece.data(), piece.size())) != 0;) {
    if (got < 0) return failed(path, "read");
    text.append(piece.data(), static_cast<std::size_t>(got));
  }
  return text;
}

Result<AuditStore::Newest> AuditLog::newest(std::uint64_t before) {
  const std::lock_guard lock(mutex_);
  Newest page;
  std::uint64_t last = 0;
  for (const std::string& path : {path_, path_ + ".old"}) {
    const auto text = read(path);
    if (!text) return text.error();
    const std::vector<std::string_view> lines = lines_of(text.value());
    for (auto line = lines.rbegin(); line != lines.rend(); ++line) {
      const std::uint64_t number = number_of(*line);
      if (before != 0 && number >= before) continue;
      if (page.lines.size() == kPageRows) {
        page.next = last;
        return page;
      }
      page.lines.emplace_back(*line);
      last = number;
    }
  }
  return page;
}

}  // namespace straykey
