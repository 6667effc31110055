#pragma once
// Opens what a disk may hold after a power cut, as the server does, and compares it with what was promised before it.
//
// Shape:  check() answers what is wrong in one sentence; empty is well: opens, every row has its checksum, what was
//         acknowledged is there, each alert once and only those of the full run, nothing undelivered is forgotten.
// Thread: one.
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <unordered_map>

#include "storage/data_directory.h"
#include "tests/crash/power_cut/power_cut_story.h"

namespace straykey {

// What was promised up to a moment.
struct Promised {
  std::set<int> acked;
  std::map<std::string, std::uint64_t> posted;  // alert id -> hash of its body
  std::set<std::string> taken;

  void take_mark(const std::string& mark);
};

class PowerCutCheck {
 public:
  // `alerts_file`: of the full run, see power_cut_workload.h.
  PowerCutCheck(const PowerCutStory& story, unsigned shards, const std::string& alerts_file);
  // Empty if the full run itself raised what it should.
  [[nodiscard]] std::string full_run() const;
  // `finish`: also sends the whole story again and expects the alerts of the full run.
  [[nodiscard]] std::string check(const std::string& directory, const Promised& promised, bool finish) const;

 private:
  struct Lesson {
    std::vector<int> needs;
    std::vector<std::pair<std::string, Day>> facts;  // key on disk
    std::vector<std::string> alerts;                 // ids
  };
  [[nodiscard]] std::string check_facts(DataDirectory& store, const Promised& promised) const;
  [[nodiscard]] std::string check_alerts(DataDirectory& store, const Promised& promised, bool all) const;
  [[nodiscard]] std::string check_opened(DataDirectory& store, const Promised& promised, bool finish) const;

  const PowerCutStory& story_;
  unsigned shards_;
  std::vector<Lesson> lessons_;
  std::set<std::string> alerts_;  // ids of the full run
  std::string full_run_;
};

}  // namespace straykey
