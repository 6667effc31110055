#include "tools/scan/event_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "core/base/uncleared.h"
#include "tools/scan/file_kind.h"

namespace straykey {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kLinkedFolder = "a link to a folder, which is not followed";

// Puts a path that is no folder where it belongs.
Status sort_in(const std::string& path, FoundFiles& found) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (!fs::exists(status)) {
    if (status.type() != fs::file_type::not_found) return Error{fmt::format("{}: {}", path, error.message())};
    found.skipped.push_back({path, "a link to nothing"});
    return {};
  }
  if (!fs::is_regular_file(status)) {
    found.skipped.push_back({path, fs::is_directory(status) ? std::string(kLinkedFolder) : "a pipe, socket or device"});
    return {};
  }
  auto kind = look_into(path);
  if (!kind) return kind.error();
  if (!kind->not_events.empty()) {
    found.skipped.push_back({path, std::move(kind->not_events)});
    return {};
  }
  found.files.push_back({path, fs::file_size(path, error), kind->lines});
  return error ? Status(Error{fmt::format("{}: {}", path, error.message())}) : Status();
}

Status search_folder(const std::string& folder, FoundFiles& found) {
  std::error_code error;
  for (auto at = fs::recursive_directory_iterator(folder, error); !error && at != fs::recursive_directory_iterator();
       at.increment(error)) {
    std::error_code of_entry;
    if (at->is_directory(of_entry) && !at->is_symlink(of_entry)) continue;
    if (const Status status = sort_in(at->path().string(), found); !status.ok()) return status;
  }
  return error ? Status(Error{fmt::format("{}: {}", folder, error.message())}) : Status();
}

// By path, each once.
template <class File>
void put_in_order(std::vector<File>& files) {
  std::sort(files.begin(), files.end(), [](const File& a, const File& b) { return a.path < b.path; });
  files.erase(std::unique(files.begin(), files.end(), [](const File& a, const File& b) { return a.path == b.path; }),
              files.end());
}

// Where a piece of lines may end: before the last line that begins a value. Lines within a value are indented or begin
// with what closes or continues one. npos: nowhere.
std::size_t last_line_end(std::string_view text) {
  constexpr std::string_view kContinues = " \t\r\n}],\"";
  for (std::size_t at = text.rfind('\n'); at != std::string_view::npos && at > 0; at = text.rfind('\n', at - 1))
    if (at + 1 < text.size() && kContinues.find(text[at + 1]) == std::string_view::npos) return at;
  return std::string_view::npos;
}

}  // namespace

Result<FoundFiles> find_event_files(const std::vector<std::string>& paths) {
  FoundFiles found;
  for (const std::string& path : paths) {
    std::error_code error;
    const fs::file_status status = fs::status(path, error);
    if (!fs::exists(status)) return Error{fmt::format("{}: no such file or folder", path)};
    const Status done = fs::is_directory(status) ? search_folder(path, found) : sort_in(path, found);
    if (!done.ok()) return done.error();
  }
  put_in_order(found.files);
  put_in_order(found.skipped);
  return found;
}

Status read_event_file(const EventFile& file, const std::function<void(std::string)>& visit) {
  errno = 0;
  std::ifstream in(file.path, std::ios::binary);
  if (!in) return Error{fmt::format("{}: {}", file.path, std::strerror(errno))};
  if (!file.lines) {
    std::string text;
    text.reserve(file.bytes + 64);  // room behind it for the JSON parser's padding
    resize_uncleared(text, file.bytes);
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(in.gcount()));
    if (in.bad()) return Error{fmt::format("{}: cannot be read: {}", file.path, std::strerror(errno))};
    visit(std::move(text));
    return {};
  }
  // One byte more than a small file has, so that reading it meets its end. What grows meanwhile is read as well.
  const std::size_t piece_bytes = std::min<std::size_t>(kPieceBytes, file.bytes + 1);
  std::string rest;
  while (in) {
    const std::size_t held = rest.size();
    resize_uncleared(rest, held + piece_bytes);
    in.read(rest.data() + held, static_cast<std::streamsize>(piece_bytes));
    rest.resize(held + static_cast<std::size_t>(in.gcount()));
    if (in.bad()) return Error{fmt::format("{}: cannot be read: {}", file.path, std::strerror(errno))};
    const std::size_t end = in ? last_line_end(rest) : rest.size();
    if (end == std::string::npos) continue;
    std::string piece = rest.substr(0, end);
    rest.erase(0, end);
    visit(std::move(piece));
  }
  return {};
}

}  // namespace straykey
