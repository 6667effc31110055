#pragma once
// TrailFiles: writes records into the files that CloudTrail would deliver.
//
// Shape:  <folder>/YYYY/MM/DD/<account>_CloudTrail_<region>_<YYYYMMDDTHHMMZ>_<16 characters>.json[.gz],
//         {"Records":[...]}; or, as JSON lines, one <folder>/YYYY/MM/DD/events_<time>_<...>.jsonl[.gz] for all
//         accounts. Sorted by path, days are in order.
// Order:  a late record goes to another file, which sorts after the file of the calls of its time, always of the same
//         day.
// Bounds: a file is closed at kFileBytesMax of JSON.
// Errors: an error of the disk is a Status. The first one is kept, and nothing more is written.
// Thread: one owner.
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/base/time.h"

struct libdeflate_compressor;

namespace straykey {

inline constexpr std::size_t kFileBytesMax = 16u << 20;

class TrailFiles {
 public:
  struct Settings {
    std::filesystem::path folder;
    bool gzip = true;
    bool json_lines = false;
    std::uint64_t seed = 0;  // of the file names
  };
  enum class Delivery : std::uint8_t { on_time, late };

  explicit TrailFiles(Settings settings);
  ~TrailFiles();
  TrailFiles(const TrailFiles&) = delete;
  TrailFiles& operator=(const TrailFiles&) = delete;

  // The stream of an account and region, for add().
  [[nodiscard]] std::uint32_t stream(std::string_view account, std::string_view region);
  void add(std::uint32_t stream, std::string_view record, Delivery delivery, Seconds slot);

  // Closes all files that hold something; `slot` (its start) goes into their names. `with_late` closes the late ones
  // too.
  [[nodiscard]] Status close_slot(Seconds slot, bool with_late);
  // Delivers one file of the last closed slot a second time, under another name. Nothing to deliver: does nothing.
  [[nodiscard]] Status deliver_again(Seconds slot);

  [[nodiscard]] std::uint64_t files() const noexcept { return files_; }
  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }  // on disk
  [[nodiscard]] std::uint64_t json_bytes() const noexcept { return json_bytes_; }
  // Records in files that were delivered a second time.
  [[nodiscard]] std::uint64_t records_again() const noexcept { return records_again_; }

 private:
  struct Stream {
    std::string prefix = {};              // "<account>_CloudTrail_<region>"
    std::string on_time = {}, late = {};  // JSON so far
    std::uint64_t records = 0;            // in on_time
  };

  void write(Stream& stream, std::string& json, Seconds stamp);
  void put_file(std::string_view prefix, Seconds stamp, std::string_view bytes);
  std::string_view packed(std::string_view json);

  Settings settings_;
  std::map<std::string, std::uint32_t> stream_of_;
  std::vector<std::unique_ptr<Stream>> streams_;
  libdeflate_compressor* compressor_ = nullptr;
  std::string packed_;
  struct Delivered {
    std::string prefix = {}, bytes = {};
    std::uint64_t records = 0;
  } last_;
  Day folder_day_ = 0;
  std::filesystem::path day_folder_;
  Status status_;
  std::uint64_t files_ = 0, bytes_ = 0, json_bytes_ = 0, records_again_ = 0;
};

}  // namespace straykey
