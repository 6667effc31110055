#pragma once
// What a disk may hold if the power goes: everything synced, and any part of what was not.
//
// Shape:  replay() the entries of a log one after the other up to the cut; write() puts one possible disk into a
//         directory. A write is whole, missing, or torn at 512 bytes; a name is there or not until its directory was
//         synced.
// Order:  one instant for all files. Within a file, of two unsynced writes to one sector the later may be there without
//         the earlier, and never the earlier over the later.
// Thread: one. The log lives longer.
#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "tests/crash/power_cut/disk_log.h"

namespace straykey {

class DiskImage {
 public:
  static constexpr std::size_t kSectorBytes = 512;

  DiskImage();
  void replay(const DiskEntry& entry);
  // Into `directory`, which is made new. The draws decide what of the unsynced is there.
  void write(const std::string& directory, std::mt19937_64& random) const;

 private:
  struct Change {  // to a file: bytes at an offset, or a new size
    std::uint64_t entry;
    std::uint64_t offset;
    std::string_view bytes;
    bool truncates = false;
    bool returned = false;
  };
  struct Node;
  struct NameChange {  // in a directory, as one step: a name goes, another is put
    std::string erased;
    std::string put;
    std::shared_ptr<Node> node;
  };
  struct Node {
    bool is_directory = false;
    std::string synced;           // a file's content
    std::vector<Change> changes;  // not known to be synced
    std::map<std::string, std::shared_ptr<Node>> synced_names;
    std::map<std::string, std::shared_ptr<Node>> names;  // as the process sees them
    std::vector<NameChange> name_changes;
  };
  struct OpenFile {
    std::shared_ptr<Node> node;
    bool synchronous = false;
  };
  struct Sync {
    std::shared_ptr<Node> node;
    std::vector<std::uint64_t> changes;  // entries that it covers
    std::size_t name_changes = 0;
  };

  void open(const DiskEntry& entry);
  void rename(const DiskEntry& entry);
  void returned(const DiskEntry& entry);
  void sync_end(const DiskEntry& entry);
  [[nodiscard]] std::shared_ptr<Node> find(std::string_view path) const;
  void change_name(std::string_view path, const std::string& erased, std::shared_ptr<Node> node);
  static void apply(std::string& content, const Change& change);
  static void write_node(const Node& node, const std::string& path, double share, std::mt19937_64& random);
  static void write_file(const Node& node, const std::string& path, double share, std::mt19937_64& random);

  std::shared_ptr<Node> root_;
  std::map<std::uint32_t, OpenFile> files_;
  std::map<std::uint64_t, std::weak_ptr<Node>> writing_;  // by entry
  std::map<std::uint64_t, Sync> syncing_;                 // by entry
  std::uint64_t entry_ = 0;
};

}  // namespace straykey
