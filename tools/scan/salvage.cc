#include "tools/scan/salvage.h"

#include <zlib.h>

#include <algorithm>
#include <limits>
#include <new>

#include "core/base/invariant.h"
#include "core/event/decoding.h"
#include "core/event/text_arena.h"

namespace straykey {
namespace {

constexpr int kGzipOnly = 15 + 16;  // zlib's windowBits
constexpr std::size_t kPieceBytes = std::size_t{256} << 10;
constexpr std::string_view kCut = "the gzip file is cut short";
constexpr std::string_view kDamaged = "the gzip file is damaged";
constexpr std::string_view kTooLarge = "the gzip file inflates to more than is read of one file";
constexpr std::string_view kForeignBytes = "bytes that are no gzip follow the gzip file's content";

class GzipStream {
 public:
  GzipStream(std::string_view bytes, bool checked) : rest_(bytes), checked_(checked) {
    if (inflateInit2(&stream_, kGzipOnly) != Z_OK) throw std::bad_alloc();
    check_or_not();
  }
  ~GzipStream() { inflateEnd(&stream_); }
  GzipStream(const GzipStream&) = delete;
  GzipStream& operator=(const GzipStream&) = delete;

  // Z_OK: there is more. Z_BUF_ERROR: the bytes have ended. Z_STREAM_END: a member has ended. Others: damage.
  int add_to(std::string& text, std::size_t text_bytes_max) {
    const std::size_t held = text.size(), room = std::min(kPieceBytes, text_bytes_max - held);
    const std::size_t given = std::min<std::size_t>(rest_.size(), std::numeric_limits<uInt>::max());
    text.resize(held + room);
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(rest_.data()));  // zlib reads only
    stream_.avail_in = static_cast<uInt>(given);
    stream_.next_out = reinterpret_cast<Bytef*>(text.data() + held);
    stream_.avail_out = static_cast<uInt>(room);
    const int code = ::inflate(&stream_, Z_NO_FLUSH);
    text.resize(held + room - stream_.avail_out);
    rest_.remove_prefix(given - stream_.avail_in);
    return code;
  }
  void next_member() {
    INVARIANT(inflateReset(&stream_) == Z_OK);
    check_or_not();
  }
  [[nodiscard]] std::string_view rest() const noexcept { return rest_; }

 private:
  void check_or_not() { INVARIANT(inflateValidate(&stream_, checked_ ? 1 : 0) == Z_OK); }

  z_stream stream_{};
  std::string_view rest_;
  bool checked_;
};

// Whether another member follows one that has ended; if something else does, that is a fault.
bool goes_on(GzipStream& stream, std::string& fault) {
  if (stream.rest().find_first_not_of('\0') == std::string_view::npos) return false;
  if (!has_gzip_magic(stream.rest()) && stream.rest() != "\x1f") {
    fault = kForeignBytes;
    return false;
  }
  stream.next_member();
  return true;
}

Salvaged read_members(GzipStream& stream, std::size_t text_bytes_max) {
  Salvaged out;
  std::size_t whole_members_bytes = 0;
  while (out.text.size() < text_bytes_max) {
    const int code = stream.add_to(out.text, text_bytes_max);
    if (code == Z_OK) continue;
    if (code == Z_STREAM_END) {
      whole_members_bytes = out.text.size();
      if (!goes_on(stream, out.fault)) return out;
      continue;
    }
    out.fault = code == Z_BUF_ERROR ? kCut : kDamaged;
    if (code != Z_BUF_ERROR) out.text.resize(whole_members_bytes);
    return out;
  }
  out.fault = kTooLarge;
  return out;
}

}  // namespace

Salvaged salvage_gzip(std::string_view bytes, std::size_t text_bytes_max) {
  GzipStream stream(bytes, true);
  Salvaged out = read_members(stream, text_bytes_max);
  out.text.reserve(out.text.size() + kJsonPadding);
  return out;
}

std::string gzip_in_pieces(std::string_view bytes, const std::function<bool(std::string_view)>& visit) {
  GzipStream stream(bytes, true);
  std::string piece, fault;
  for (bool more = true; more;) {
    piece.clear();
    const int code = stream.add_to(piece, kPieceBytes);
    if (!piece.empty() && !visit(piece)) return {};
    if (code == Z_OK) continue;
    if (code != Z_STREAM_END) return std::string(code == Z_BUF_ERROR ? kCut : kDamaged);
    more = goes_on(stream, fault);
  }
  return fault;
}

Salvaged gzip_beginning(std::string_view bytes, std::size_t text_bytes_max) {
  GzipStream stream(bytes, false);
  return read_members(stream, text_bytes_max);
}

}  // namespace straykey
