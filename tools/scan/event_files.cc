#include "tools/scan/event_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "core/base/uncleared.h"

namespace straykey {
namespace {

namespace fs = std::filesystem;

bool has_event_name(const fs::path& path) {
  constexpr std::array<std::string_view, 6> kEndings{".json",     ".json.gz", ".jsonl",
                                                     ".jsonl.gz", ".ndjson",  ".ndjson.gz"};
  const std::string name = path.filename().string();
  return std::any_of(kEndings.begin(), kEndings.end(), [&](std::string_view ending) { return name.ends_with(ending); });
}

bool is_plain_lines(const std::string& path) {
  return path.ends_with(".jsonl") || path.ends_with(".ndjson");
}

}  // namespace

Result<std::vector<EventFile>> find_event_files(const std::vector<std::string>& paths) {
  std::vector<EventFile> files;
  for (const std::string& path : paths) {
    std::error_code error;
    const fs::file_status status = fs::status(path, error);
    if (!fs::exists(status)) return Error{fmt::format("{}: no such file or folder", path)};
    if (!fs::is_directory(status)) {
      files.push_back({path, fs::file_size(path, error)});
      if (error) return Error{fmt::format("{}: {}", path, error.message())};
      continue;
    }
    for (auto at = fs::recursive_directory_iterator(path, error); !error && at != fs::recursive_directory_iterator();
         at.increment(error)) {
      std::error_code of_file;
      if (at->is_regular_file(of_file) && has_event_name(at->path()))
        files.push_back({at->path().string(), at->file_size(of_file)});
    }
    if (error) return Error{fmt::format("{}: {}", path, error.message())};
  }
  std::sort(files.begin(), files.end(), [](const EventFile& a, const EventFile& b) { return a.path < b.path; });
  files.erase(
      std::unique(files.begin(), files.end(), [](const EventFile& a, const EventFile& b) { return a.path == b.path; }),
      files.end());
  return files;
}

Status read_event_file(const EventFile& file, const std::function<void(std::string)>& visit) {
  errno = 0;
  std::ifstream in(file.path, std::ios::binary);
  if (!in) return Error{fmt::format("{}: {}", file.path, std::strerror(errno))};
  if (!is_plain_lines(file.path)) {
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
    const std::size_t end = in ? rest.rfind('\n') : rest.size();
    if (end == std::string::npos) continue;
    std::string piece = rest.substr(0, end);
    rest.erase(0, end);
    if (piece.find_first_not_of(" \t\r\n") != std::string::npos) visit(std::move(piece));
  }
  return {};
}

}  // namespace straykey
