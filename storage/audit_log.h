#pragma once
// AuditLog: what operators changed, in two files of the data directory.
//
// Shape:  a line of JSON for each entry (core/operate/audit.h), appended to `audit`. When that is full, it becomes
//         `audit.old`, in place of the one before. storage/FORMAT.md says so, too.
// Thread: any (synchronised inside). append() waits while a page is read: milliseconds.
// Durable: what append() wrote survives the end of the process. Nothing is synced, so a power cut may take the last
//          seconds. A last line that is torn is cut off at the next open.
// Bounds:  bytes_max of each of the two files, and memory for both while they are read.
// Errors:  one sentence that names the file. An append that fails leaves nothing.
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "core/base/descriptor.h"
#include "core/operate/audit.h"

namespace straykey {

class AuditLog final : public AuditStore {
 public:
  static constexpr std::uint64_t kBytesMax = 4u << 20;

  // `directory` exists and belongs to this process alone.
  [[nodiscard]] static Result<std::unique_ptr<AuditLog>> open(const std::string& directory,
                                                              std::uint64_t bytes_max = kBytesMax);

  [[nodiscard]] Status append(const AuditEntry& entry) override;
  [[nodiscard]] Result<Newest> newest(std::uint64_t before) override;

 private:
  AuditLog(const std::string& directory, std::uint64_t bytes_max)
      : path_(directory + "/audit"), bytes_max_(bytes_max) {}
  [[nodiscard]] Status open_file();
  [[nodiscard]] Status begin_anew();
  [[nodiscard]] static Result<std::string> read(const std::string& path);

  const std::string path_;
  const std::uint64_t bytes_max_;
  std::mutex mutex_;
  Descriptor file_;
  std::uint64_t bytes_ = 0;
  std::uint64_t next_number_ = 1;
};

}  // namespace straykey
