#include "tests/crash/power_cut/disk_log.h"

#include <cstring>
#include <fstream>
#include <iterator>

namespace straykey {

DiskLog DiskLog::read(const std::string& path) {
  DiskLog log;
  std::ifstream file(path, std::ios::binary);
  log.bytes_.assign(std::istreambuf_iterator<char>(file), {});
  for (std::size_t at = 0; at + sizeof(DiskEntryHeader) <= log.bytes_.size();) {
    DiskEntryHeader header;
    std::memcpy(&header, log.bytes_.data() + at, sizeof header);
    at += sizeof header;
    if (header.size > log.bytes_.size() - at) return {};
    log.entries_.push_back({header.op, header.file, header.offset, {log.bytes_.data() + at, header.size}});
    at += header.size;
  }
  return log;
}

void mark_disk_log(std::string_view text) {
  if (straykey_disk_mark != nullptr) straykey_disk_mark(text.data(), text.size());
}

}  // namespace straykey
