#pragma once
// RejectRing: rejected records on disk. The newest are kept, the oldest go.
//
// Shape:  files of `rejects` in the data directory, of at most an eighth of bytes_max each; when all together would be
//         larger, the oldest file goes. storage/FORMAT.md says what is in them.
// Thread: any (synchronised inside). append() waits while a page is read.
// Durable: what append() wrote survives the end of the process. Nothing is synced, so that rejects take nothing of the
//          disk's commits: a power cut may take the last seconds. An end that is torn is cut off at the next open, and
//          counted.
// Bounds:  Settings::bytes_max of files, or one record; kKeptRecordBytesMax of a record; memory for one
//          file while it is read.
// Errors:  one sentence that names the file. An append that fails leaves nothing.
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/descriptor.h"
#include "core/operate/kept_rejects.h"

namespace straykey {

// Where those of a data directory are.
[[nodiscard]] inline std::string rejects_directory(const std::string& data_dir) {
  return data_dir + "/rejects";
}

class RejectRing final : public RejectStore {
 public:
  struct Settings {
    std::string directory;                              // made if it is not there; its parent exists
    std::uint64_t bytes_max = std::uint64_t{64} << 20;  // more than 0
  };
  [[nodiscard]] static Result<std::unique_ptr<RejectRing>> open(Settings settings);

  // Gives it the next number. REQUIRES: reject.record has at most kKeptRecordBytesMax.
  [[nodiscard]] Status append(const KeptReject& reject);
  [[nodiscard]] Status scan(std::uint64_t after, const std::function<bool(const KeptReject&)>& visit) override;
  [[nodiscard]] Result<bool> drop(std::uint64_t number) override;

  [[nodiscard]] std::uint64_t bytes() const;
  // Files whose end open() found torn or damaged.
  [[nodiscard]] std::size_t torn() const noexcept { return torn_; }

 private:
  struct Segment {
    std::string name;
    std::uint64_t first = 0, last = 0;  // numbers; last < first: it is empty
    std::uint64_t bytes = 0;            // that are whole
  };
  explicit RejectRing(Settings settings) : settings_(std::move(settings)) {}
  [[nodiscard]] Status open_directory();
  [[nodiscard]] Status take_in(const std::string& name);
  [[nodiscard]] Status begin_segment();
  void make_room(std::uint64_t bytes);
  [[nodiscard]] Descriptor open_file(const std::string& name, int flags) const;
  [[nodiscard]] Result<std::string> read_file(const Segment& segment) const;
  [[nodiscard]] Error error(std::string_view doing, const std::string& name) const;

  const Settings settings_;
  Descriptor directory_;
  mutable std::mutex mutex_;
  std::vector<Segment> segments_;  // oldest first
  Descriptor newest_;              // the last of them, for appending
  std::uint64_t next_number_ = 1;
  std::size_t torn_ = 0;
};

}  // namespace straykey
