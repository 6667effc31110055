#pragma once
// FileReader: one file -> the events of its pieces, and what the reading has come to.
//
// Shape:  gzip and zstd are decoded, what is damaged gives its whole records, and gzip too large to be held comes in
//         pieces.
// Bounds: of a compressed file kInflatedMax bytes at one time, of gzip kGzipHeldMax.
// Errors: a bad record is counted with its reason. What the system does not let us read, or what there is no memory
//         for, is FileReading::status.
// Thread: one FileReader a thread; its memory is reused.
#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/engine/request.h"
#include "core/event/payload.h"
#include "tools/scan/event_files.h"

namespace straykey {

class S3Trail;
struct PlacedText;

inline constexpr std::size_t kInflatedMax = std::size_t{1} << 30;

struct FileReading {
  const EventFile* file = nullptr;
  Status status = {};
  std::uint64_t bytes = 0, lines = 0, events = 0, rejects = 0, harmless_rejects = 0;
  std::optional<PayloadError> error = {};
  std::string fault = {};    // of its gzip
  bool wide_window = false;  // of its zstd
  bool cut = false;          // its last record ends in the middle, at the end of the file
  // What was counted, if it `counts`.
  bool counts = false;
  std::array<std::uint64_t, kRejectReasonCount> rejected_by_reason{}, ignored_by_reason{};
  std::array<std::uint64_t, kNotJudgedCount> not_judged_by_reason{};
  std::vector<std::string> explained = {};
};

class FileReader {
 public:
  struct Settings {
    Seconds now = 0;
    std::size_t rejects_explained_max = 0;
    S3Trail* s3 = nullptr;  // reads the files whose names begin with s3://; borrowed
    HashKey sign_with = {};
  };
  // Takes the events of a piece, in the order of the file. Returns a Request that nobody reads any more, whose memory
  // is used again; or null.
  using Give = std::function<std::unique_ptr<Request>(std::unique_ptr<Request>)>;

  explicit FileReader(const Settings& settings) : settings_(settings), reader_({kInflatedMax, ~std::size_t{0}}) {}

  // `counts`: rejects are counted and explained. The requests are signed unless they are only looked at (`signs`).
  [[nodiscard]] FileReading read(const EventFile& file, bool counts, bool signs, const Give& give);

 private:
  void read_piece(Request& request, FileReading& reading);
  void reject(RejectReason reason, std::string_view record, std::uint32_t number, const PlacedText& placed,
              FileReading& reading) const;
  [[nodiscard]] std::unique_ptr<Request> request_for(std::string text);

  const Settings settings_;
  PayloadReader reader_;
  std::unique_ptr<Request> spent_;
  bool too_large_to_hold_ = false;  // the file in hand is gzip, of which nothing was read yet
};

}  // namespace straykey
