#include "storage/reject_ring.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>
#include <utility>

#include "core/base/bytes.h"
#include "core/base/hash.h"
#include "core/base/invariant.h"
#include "storage/replace_file.h"

namespace straykey {
namespace {

constexpr std::uint32_t kMagic = 0x316a6572;  // "rej1"
constexpr std::size_t kHeadBytes = 16;        // magic, size, CRC-32C, whether it was dropped
constexpr std::size_t kDroppedAt = 12;
constexpr unsigned kSegments = 8;
// A file is read whole.
constexpr std::uint64_t kSegmentBytesMax = 8u << 20;
constexpr std::size_t kNameBytes = 16;
constexpr std::uint64_t kNumberMax = std::uint64_t{1} << 62;

std::string encode(const KeptReject& reject) {
  ByteWriter payload(reject.record.size() + reject.source.size() + 64);
  payload.fixed(reject.number).fixed(reject.at).string(reject.reason).string(reject.source).varint(reject.bytes);
  payload.string(reject.record);
  const std::string_view view = payload.view();
  ByteWriter entry(kHeadBytes + view.size());
  entry.fixed(kMagic).fixed(static_cast<std::uint32_t>(view.size())).fixed(crc32c(view)).fixed(std::uint32_t{0});
  std::string bytes = entry.bytes();
  bytes.append(view);
  return bytes;
}

struct Entry {
  KeptReject reject;
  std::size_t bytes = 0;
  bool is_dropped = false;
};

// The entry at the front; nothing if there is no whole one.
std::optional<Entry> read_entry(std::string_view bytes) {
  ByteReader head(bytes);
  const auto magic = head.fixed<std::uint32_t>(), size = head.fixed<std::uint32_t>(), crc = head.fixed<std::uint32_t>();
  Entry entry;
  entry.is_dropped = head.fixed<std::uint32_t>() != 0;
  if (head.failed() || magic != kMagic || size > bytes.size() - kHeadBytes) return std::nullopt;
  const std::string_view payload = bytes.substr(kHeadBytes, size);
  if (crc32c(payload) != crc) return std::nullopt;
  ByteReader reader(payload);
  entry.reject.number = reader.fixed<std::uint64_t>();
  entry.reject.at = reader.fixed<Seconds>();
  entry.reject.reason = reader.string();
  entry.reject.source = reader.string();
  entry.reject.bytes = reader.varint();
  entry.reject.record = reader.string();
  entry.bytes = kHeadBytes + size;
  if (!reader.at_end()) return std::nullopt;
  return entry;
}

std::string name_of(std::uint64_t first) {
  return fmt::format("{:016x}", first);
}

std::optional<std::uint64_t> first_of(std::string_view name) {
  std::uint64_t first = 0;
  const auto end = name.data() + name.size();
  const auto read = std::from_chars(name.data(), end, first, 16);
  if (name.size() != kNameBytes || read.ec != std::errc() || read.ptr != end || first == 0 || first > kNumberMax)
    return std::nullopt;
  return first;
}

std::vector<std::string> segment_names(int directory) {
  std::vector<std::string> names;
  const int copy = ::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  DIR* const listing = copy < 0 ? nullptr : ::fdopendir(copy);
  if (listing == nullptr) return names;
  while (const dirent* entry = ::readdir(listing))
    if (first_of(entry->d_name)) names.emplace_back(entry->d_name);
  ::closedir(listing);
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

Error RejectRing::error(std::string_view doing, const std::string& name) const {
  return {fmt::format("{}/{}: cannot {} it: {}", settings_.directory, name, doing, std::strerror(errno))};
}

Descriptor RejectRing::open_file(const std::string& name, int flags) const {
  return Descriptor(::openat(directory_.number(), name.c_str(), flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600));
}

Result<std::unique_ptr<RejectRing>> RejectRing::open(Settings settings) {
  INVARIANT(settings.bytes_max > 0);
  std::unique_ptr<RejectRing> ring(new RejectRing(std::move(settings)));
  if (Status opened = ring->open_directory(); !opened) return opened.error();
  for (const std::string& name : segment_names(ring->directory_.number()))
    if (Status taken = ring->take_in(name); !taken) return taken.error();
  ring->make_room(0);
  return ring;
}

Status RejectRing::open_directory() {
  if (::mkdir(settings_.directory.c_str(), 0700) != 0 && errno != EEXIST) return error("make", "");
  directory_ = Descriptor(::open(settings_.directory.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!directory_.is_open()) return error("open", "");
  return {};
}

// Only the newest file is written to, and only once it ends in a whole entry.
Status RejectRing::take_in(const std::string& name) {
  Descriptor file = open_file(name, O_RDWR);
  struct stat about {};
  if (!file.is_open() || ::fstat(file.number(), &about) != 0) return error("open", name);
  if (!S_ISREG(about.st_mode)) return Error{fmt::format("{}/{} is no file", settings_.directory, name)};
  Segment segment{name, *first_of(name), *first_of(name) - 1,
                  std::min(static_cast<std::uint64_t>(about.st_size), settings_.bytes_max)};
  const auto text = read_file(segment);
  if (!text) return text.error();
  std::size_t whole = 0;
  while (const auto entry = read_entry(std::string_view(text.value()).substr(whole))) {
    if (entry->reject.number <= segment.last || entry->reject.number > kNumberMax) break;
    segment.last = entry->reject.number;
    whole += entry->bytes;
  }
  if (whole < static_cast<std::uint64_t>(about.st_size)) {
    ++torn_;
    if (::ftruncate(file.number(), static_cast<off_t>(whole)) != 0) return error("shorten", name);
  }
  segment.bytes = whole;
  next_number_ = std::max({next_number_, segment.first, segment.last + 1});
  newest_ = std::move(file);
  segments_.push_back(std::move(segment));
  return {};
}

Result<std::string> RejectRing::read_file(const Segment& segment) const {
  const Descriptor file = open_file(segment.name, O_RDONLY);
  if (!file.is_open()) return error("open", segment.name);
  std::string text(segment.bytes, '\0');
  std::size_t read = 0;
  while (read < text.size()) {
    const ssize_t size = ::pread(file.number(), text.data() + read, text.size() - read, static_cast<off_t>(read));
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return error("read", segment.name);
    if (size == 0) break;
    read += static_cast<std::size_t>(size);
  }
  text.resize(read);
  return text;
}

Status RejectRing::begin_segment() {
  Segment segment{name_of(next_number_), next_number_, next_number_ - 1, 0};
  Descriptor file = open_file(segment.name, O_RDWR | O_CREAT | O_TRUNC);
  if (!file.is_open()) return error("make", segment.name);
  newest_ = std::move(file);
  segments_.push_back(std::move(segment));
  return {};
}

// The newest file always stays.
void RejectRing::make_room(std::uint64_t bytes) {
  std::uint64_t held = bytes;
  for (const Segment& segment : segments_) held += segment.bytes;
  while (held > settings_.bytes_max && segments_.size() > 1) {
    ::unlinkat(directory_.number(), segments_.front().name.c_str(), 0);
    held -= segments_.front().bytes;
    segments_.erase(segments_.begin());
  }
}

Status RejectRing::append(const KeptReject& reject) {
  INVARIANT(reject.record.size() <= kKeptRecordBytesMax);
  const std::lock_guard lock(mutex_);
  KeptReject numbered = reject;
  numbered.number = next_number_;
  const std::string entry = encode(numbered);
  const std::uint64_t segment_bytes = std::min(settings_.bytes_max / kSegments, kSegmentBytesMax);
  if (segments_.empty() || segments_.back().bytes + entry.size() > segment_bytes)
    if (Status begun = begin_segment(); !begun) return begun;
  make_room(entry.size());
  Segment& segment = segments_.back();
  const auto end = static_cast<off_t>(segment.bytes);
  const bool written = ::lseek(newest_.number(), end, SEEK_SET) == end && write_all(newest_.number(), entry);
  if (!written) {
    const Error why = error("write", segment.name);
    // What stays all the same is overwritten, or cut off at the next open.
    if (::ftruncate(newest_.number(), end) != 0) return why;
    return why;
  }
  segment.bytes += entry.size();
  segment.last = next_number_++;
  return {};
}

Status RejectRing::scan(std::uint64_t after, const std::function<bool(const KeptReject&)>& visit) {
  const std::lock_guard lock(mutex_);
  for (const Segment& segment : segments_) {
    if (segment.last <= after || segment.last < segment.first) continue;
    const auto text = read_file(segment);
    if (!text) return text.error();
    std::string_view rest = text.value();
    while (const auto entry = read_entry(rest)) {
      rest.remove_prefix(entry->bytes);
      if (entry->is_dropped || entry->reject.number <= after) continue;
      if (!visit(entry->reject)) return {};
    }
  }
  return {};
}

// The mark is outside of what the CRC covers, and one byte: it is there or not.
Result<bool> RejectRing::drop(std::uint64_t number) {
  const std::lock_guard lock(mutex_);
  for (const Segment& segment : segments_) {
    if (number < segment.first || number > segment.last) continue;
    const auto text = read_file(segment);
    if (!text) return text.error();
    for (std::size_t at = 0;;) {
      const auto entry = read_entry(std::string_view(text.value()).substr(at));
      if (!entry) return false;
      if (entry->reject.number == number) {
        if (entry->is_dropped) return false;
        const Descriptor file = open_file(segment.name, O_WRONLY);
        const char mark = 1;
        if (!file.is_open() || ::pwrite(file.number(), &mark, 1, static_cast<off_t>(at + kDroppedAt)) != 1)
          return error("mark a record in", segment.name);
        return true;
      }
      at += entry->bytes;
    }
  }
  return false;
}

std::uint64_t RejectRing::bytes() const {
  const std::lock_guard lock(mutex_);
  std::uint64_t bytes = 0;
  for (const Segment& segment : segments_) bytes += segment.bytes;
  return bytes;
}

}  // namespace straykey
