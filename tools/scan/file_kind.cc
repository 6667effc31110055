#include "tools/scan/file_kind.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "core/base/descriptor.h"
#include "core/base/uncleared.h"
#include "core/event/decoding.h"
#include "core/event/foreign_text.h"
#include "core/event/framing.h"
#include "tools/networks/file_content.h"
#include "tools/scan/salvage.h"

namespace straykey {
namespace {

constexpr std::string_view kZstdMagic = "\x28\xb5\x2f\xfd";  // the payload reader knows it or says that it does not
constexpr std::string_view kWhiteSpace = " \t\r\n";
constexpr std::size_t kGzipLayersMax = 3;
constexpr std::size_t kFirstLookBytes = 128;      // enough to see that most files hold records, for little inflating
constexpr std::size_t kTextLookedAtBytes = 4096;  // for bytes that no text has
constexpr std::string_view kRecordMark = "\"eventVersion\"";

bool holds(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

std::string_view first_line_of(std::string_view text) {
  const std::string_view line = text.substr(0, text.find('\n'));
  return line.ends_with('\r') ? line.substr(0, line.size() - 1) : line;
}

FileKind kind_of_text(std::string_view text, bool whole) {
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  text.remove_prefix(std::min(text.find_first_not_of(kWhiteSpace), text.size()));
  if (text.empty()) return {whole ? "empty" : "no text at its beginning", false};
  const std::string_view line = first_line_of(text);
  const bool is_json = text.front() == '{' || text.front() == '[';
  if (const std::string_view foreign = foreign_text(text); !foreign.empty()) return {std::string(foreign), false};
  if (!is_json && !holds(text, "{")) return {"text without JSON", false};
  return {{}, line.size() < text.size() && holds(line, "{") && line.find_last_not_of(kWhiteSpace) == line.rfind('}')};
}

}  // namespace

FileKind kind_of(std::string_view beginning, bool whole) {
  if (beginning.empty()) return {"empty", false};
  std::string inflated;
  bool compressed = false;
  for (std::size_t layer = 0; layer < kGzipLayersMax && has_gzip_magic(beginning); ++layer) {
    compressed = true;
    Salvaged look = gzip_beginning(beginning, kFirstLookBytes);
    if (!holds(look.text, kRecordMark)) look = gzip_beginning(beginning, kLookedAtBytes);
    if (look.text.empty()) return whole && look.fault.empty() ? FileKind{"empty", false} : FileKind{};
    whole = whole && look.fault.empty();
    inflated = std::move(look.text);
    beginning = inflated;
  }
  if (has_gzip_magic(beginning) || beginning.starts_with(kZstdMagic)) return {};
  if (std::string named = unreadable_content(beginning); !named.empty()) return {std::move(named), false};
  if (is_binary(beginning.substr(0, kTextLookedAtBytes))) return {"no text", false};
  FileKind kind = kind_of_text(beginning, whole);
  kind.lines = kind.lines && !compressed;  // compressed bytes have no lines to cut at
  return kind;
}

Result<FileKind> look_into(const std::string& path) {
  // Without O_NONBLOCK a pipe would be waited for.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  if (!file.is_open()) return Error{fmt::format("{}: {}", path, std::strerror(errno))};
  struct stat about {};
  if (::fstat(file.number(), &about) != 0) return Error{fmt::format("{}: {}", path, std::strerror(errno))};
  if (!S_ISREG(about.st_mode)) return FileKind{"no regular file", false};
  std::string beginning;
  resize_uncleared(beginning, kLookedAtBytes);
  std::size_t held = 0;
  while (held < beginning.size()) {
    const ssize_t count = ::read(file.number(), beginning.data() + held, beginning.size() - held);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Error{fmt::format("{}: cannot be read: {}", path, std::strerror(errno))};
    if (count == 0) break;
    held += static_cast<std::size_t>(count);
  }
  return kind_of(std::string_view(beginning).substr(0, held), held == static_cast<std::size_t>(about.st_size));
}

}  // namespace straykey
