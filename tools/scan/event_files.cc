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

// What can be done with a file that holds no text. Tables are named without advice.
std::string with_advice(std::string kind) {
  if (kind == "a Parquet file" || kind == "a SQLite database")
    kind += "; export its rows as lines of JSON (DuckDB: COPY (SELECT * FROM 'FILE') TO 'rows.json')";
  return kind;
}

// "a/b: Permission denied" of "a/b" -> "Permission denied".
std::string without_path(const std::string& message, const std::string& path) {
  return message.starts_with(path + ": ") ? message.substr(path.size() + 2) : message;
}

// Puts a path that is no folder where it belongs.
void sort_in(const std::string& path, FoundFiles& found) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (status.type() == fs::file_type::not_found) return found.skipped.push_back({path, "a link to nothing"});
  if (!fs::exists(status)) return found.unreadable.push_back({path, error.message()});
  if (!fs::is_regular_file(status)) {
    const std::string what = fs::is_directory(status) ? std::string(kLinkedFolder) : "a pipe, socket or device";
    return found.skipped.push_back({path, what});
  }
  auto kind = look_into(path);
  if (!kind) return found.unreadable.push_back({path, without_path(kind.error().message, path)});
  if (!kind->not_events.empty()) return found.skipped.push_back({path, with_advice(std::move(kind->not_events))});
  const std::uintmax_t bytes = fs::file_size(path, error);
  if (error) return found.unreadable.push_back({path, error.message()});
  found.files.push_back({path, bytes, kind->lines});
}

// One folder is open at a time, however deep they are.
void search_folder(const std::string& top, FoundFiles& found) {
  std::vector<std::string> folders{top};
  while (!folders.empty()) {
    const std::string folder = std::move(folders.back());
    folders.pop_back();
    std::error_code error;
    for (auto at = fs::directory_iterator(folder, error); !error && at != fs::directory_iterator();
         at.increment(error)) {
      std::error_code of_entry;
      if (at->is_directory(of_entry) && !at->is_symlink(of_entry))
        folders.push_back(at->path().string());
      else
        sort_in(at->path().string(), found);
    }
    if (error) found.unreadable.push_back({folder, error.message()});
  }
}

// By path, each once.
template <class File>
void put_in_order(std::vector<File>& files) {
  std::sort(files.begin(), files.end(), [](const File& a, const File& b) { return a.path < b.path; });
  files.erase(std::unique(files.begin(), files.end(), [](const File& a, const File& b) { return a.path == b.path; }),
              files.end());
}

}  // namespace

// Lines within a value are indented or begin with what closes or continues one.
std::size_t last_line_end(std::string_view text) {
  constexpr std::string_view kContinues = " \t\r\n}],\"";
  for (std::size_t at = text.rfind('\n'); at != std::string_view::npos && at > 0; at = text.rfind('\n', at - 1))
    if (at + 1 < text.size() && kContinues.find(text[at + 1]) == std::string_view::npos) return at;
  return std::string_view::npos;
}

Result<FoundFiles> find_event_files(const std::vector<std::string>& paths) {
  FoundFiles found;
  for (const std::string& path : paths) {
    std::error_code error;
    const fs::file_status status = fs::status(path, error);
    if (status.type() == fs::file_type::not_found) return Error{fmt::format("{}: no such file or folder", path)};
    fs::is_directory(status) ? search_folder(path, found) : sort_in(path, found);
  }
  put_in_order(found.files);
  put_in_order(found.skipped);
  put_in_order(found.unreadable);
  return found;
}

Status read_event_file(const EventFile& file, const std::function<void(std::string)>& visit) {
  errno = 0;
  std::ifstream in(file.path, std::ios::binary);
  if (!in) return Error{std::strerror(errno)};
  if (!file.lines) {
    std::string text;
    text.reserve(file.bytes + 64);  // room behind it for the JSON parser's padding
    resize_uncleared(text, file.bytes);
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    const int failure = errno;
    text.resize(static_cast<std::size_t>(in.gcount()));
    if (!text.empty() || !in.bad()) visit(std::move(text));
    return in.bad() ? Status(Error{std::strerror(failure)}) : Status();
  }
  // One byte more than a small file has, so that reading it meets its end. What grows meanwhile is read as well.
  const std::size_t piece_bytes = std::min<std::size_t>(kPieceBytes, file.bytes + 1);
  std::string rest;
  while (in) {
    const std::size_t held = rest.size();
    resize_uncleared(rest, held + piece_bytes);
    in.read(rest.data() + held, static_cast<std::streamsize>(piece_bytes));
    const int failure = errno;
    rest.resize(held + static_cast<std::size_t>(in.gcount()));
    if (in.bad()) {
      if (!rest.empty()) visit(std::move(rest));
      return Error{std::strerror(failure)};
    }
    const std::size_t end = in ? last_line_end(rest) : rest.size();
    if (end == std::string::npos) continue;
    std::string piece = rest.substr(0, end);
    rest.erase(0, end);
    visit(std::move(piece));
  }
  return {};
}

}  // namespace straykey
