#include "tools/scan/large_gzip.h"

#include <algorithm>

#include "core/event/decoding.h"
#include "tools/scan/event_files.h"
#include "tools/scan/file_kind.h"
#include "tools/scan/salvage.h"

namespace straykey {
namespace {

constexpr std::string_view kWhiteSpace = " \t\r\n";
constexpr std::string_view kInGzip = "it is compressed more than once, and inflates to more than is read of one file";
constexpr std::string_view kTooLarge = "it holds a value that is larger than what is read of one";

// Puts what is inflated together to pieces that may be read by themselves.
class Pieces {
 public:
  Pieces(const LargeGzipLimits& limits, const std::function<void(std::string)>& visit)
      : limits_(limits), visit_(visit), cut_from_(limits.piece_bytes) {}

  // False: it cannot be read further.
  bool add(std::string_view inflated) {
    if (inflated.find_first_not_of(kWhiteSpace) == std::string_view::npos) {
      add_space(inflated.find('\n') != std::string_view::npos ? '\n' : ' ');
    } else {
      rest_.append(inflated);
    }
    if (!looked_at_ && rest_.size() >= std::min(kLookedAtBytes, limits_.piece_bytes)) look_at_beginning();
    if (lines_ && rest_.size() >= cut_from_) cut();
    if (rest_.size() > limits_.value_bytes_max) fault_ = kTooLarge;
    return fault_.empty();
  }
  void end() {
    if (fault_.empty() && rest_.find_first_not_of(kWhiteSpace) != std::string::npos) visit_(std::move(rest_));
  }
  [[nodiscard]] const std::string& fault() const noexcept { return fault_; }

 private:
  void add_space(char space) {
    const bool has_it = rest_.empty() || rest_.back() == '\n' || rest_.back() == space;
    if (!has_it) rest_.push_back(space);
  }
  void look_at_beginning() {
    looked_at_ = true;
    if (has_gzip_magic(rest_) || has_zstd_magic(rest_)) fault_ = kInGzip;
    lines_ = kind_of(std::string_view(rest_).substr(0, kLookedAtBytes), false).lines;
  }
  // What holds no end of a value is not looked through again before there is as much again of it.
  void cut() {
    const std::size_t end = last_line_end(rest_);
    if (end != std::string::npos) {
      visit_(rest_.substr(0, end));
      rest_.erase(0, end);
    }
    cut_from_ = std::max(limits_.piece_bytes, 2 * rest_.size());
  }

  const LargeGzipLimits& limits_;
  const std::function<void(std::string)>& visit_;
  std::string rest_;
  std::size_t cut_from_;
  bool looked_at_ = false, lines_ = false;
  std::string fault_;
};

}  // namespace

std::string read_large_gzip(std::string_view bytes, const LargeGzipLimits& limits,
                            const std::function<void(std::string)>& visit) {
  Pieces pieces(limits, visit);
  std::string fault = gzip_in_pieces(bytes, [&](std::string_view piece) { return pieces.add(piece); });
  pieces.end();
  return pieces.fault().empty() ? fault : pieces.fault();
}

}  // namespace straykey
