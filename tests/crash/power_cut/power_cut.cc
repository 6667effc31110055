// power_cut: records workloads, cuts their power at random moments, and opens what the disk may hold then.
//
// power_cut --recorder LIBRARY --images 2000 --seed 1 [--folder /dev/shm] [--bug nosync --caught 50]
// Prints one line; exit code 0 if every image was well; with a planted bug, if at least `caught` % of them were not.
// `power_cut record ...` is what it starts for itself.
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "tests/crash/power_cut/disk_image.h"
#include "tests/crash/power_cut/disk_log.h"
#include "tests/crash/power_cut/power_cut_check.h"
#include "tests/crash/power_cut/power_cut_workload.h"

namespace straykey {
namespace {

constexpr int kImagesARun = 500;
constexpr int kFinishedOneIn = 25;
constexpr int kFailuresTold = 5;

struct Options {
  std::string program, recorder, folder = "/dev/shm", bug = "none", directory, alerts;
  std::uint64_t seed = 1;
  int images = 2'000;
  unsigned shards = 2;
  int caught_percent = 0;
};

bool plant(const std::string& name) {
  if (name == "none") return true;
#ifdef STRAYKEY_PLANTED_BUGS
  return plant_bug(name);
#else
  return false;
#endif
}

bool record(const Options& options, const std::string& folder, std::uint64_t seed, unsigned shards) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::setenv("LD_PRELOAD", options.recorder.c_str(), 1);
    ::setenv("DISK_RECORDER_ROOT", (folder + "/run").c_str(), 1);
    ::setenv("DISK_RECORDER_LOG", (folder + "/log").c_str(), 1);
    const std::string seed_text = std::to_string(seed), shards_text = std::to_string(shards);
    const std::string directory = folder + "/run", alerts = folder + "/alerts";
    ::execl("/proc/self/exe", "power_cut", "record", "--directory", directory.c_str(), "--alerts", alerts.c_str(),
            "--seed", seed_text.c_str(), "--shards", shards_text.c_str(), "--bug", options.bug.c_str(), nullptr);
    ::_exit(127);
  }
  int status = 0;
  return child > 0 && ::waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

// Images of one recorded run. They are opened in children, which may die of one.
class Run {
 public:
  Run(std::string folder, std::uint64_t seed, unsigned shards, int images)
      : folder_(std::move(folder)),
        seed_(seed),
        shards_(shards),
        log_(DiskLog::read(folder_ + "/log")),
        progress_(static_cast<int*>(
            ::mmap(nullptr, 2 * sizeof(int), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0))) {
    story_.seed = seed;
    std::mt19937_64 random(seed);
    for (int i = 0; i < images && !log_.entries().empty(); ++i) cuts_.push_back(1 + random() % log_.entries().size());
    std::sort(cuts_.begin(), cuts_.end());
  }
  ~Run() { ::munmap(progress_, 2 * sizeof(int)); }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  // How many were bad; -1 if the run itself is of no use.
  int check() {
    const PowerCutCheck whole(story_, shards_ + 1, folder_ + "/alerts");
    if (!whole.full_run().empty() || cuts_.empty()) {
      std::printf("seed %llu: the recorded run is wrong: %s\n", static_cast<unsigned long long>(seed_),
                  whole.full_run().c_str());
      return -1;
    }
    progress_[0] = progress_[1] = 0;  // images done, bad ones among them
    while (progress_[0] < static_cast<int>(cuts_.size())) {
      std::fflush(stdout);
      const pid_t child = ::fork();
      if (child == 0) {
        work();
        std::fflush(stdout);
        ::_exit(0);
      }
      int status = 0;
      if (child < 0 || ::waitpid(child, &status, 0) != child) return -1;
      if (WIFEXITED(status) && WEXITSTATUS(status) == 0) continue;
      tell("the process that opened it died");
      ++progress_[0];
    }
    return progress_[1];
  }
  [[nodiscard]] int images() const noexcept { return static_cast<int>(cuts_.size()); }

 private:
  void work() {
    PowerCutCheck check(story_, shards_ + 1, folder_ + "/alerts");
    DiskImage image;
    Promised promised;
    std::size_t taken = 0;
    while (progress_[0] < static_cast<int>(cuts_.size())) {
      const int number = progress_[0];
      for (; taken < cuts_[static_cast<std::size_t>(number)]; ++taken) {
        const DiskEntry& entry = log_.entries()[taken];
        image.replay(entry);
        if (entry.op == DiskOp::mark) promised.take_mark(std::string(entry.bytes));
      }
      std::mt19937_64 random(seed_ * 1'000'003 + static_cast<std::uint64_t>(number));
      image.write(folder_ + "/image", random);
      const std::string wrong = check.check(folder_ + "/image", promised, number % kFinishedOneIn == 0);
      if (!wrong.empty()) tell(wrong);
      ++progress_[0];
    }
  }
  void tell(const std::string& wrong) {
    if (progress_[1]++ >= kFailuresTold) return;
    std::printf("seed %llu shards %u image %d, cut after entry %zu of %zu: %s\n",
                static_cast<unsigned long long>(seed_), shards_, progress_[0],
                cuts_[static_cast<std::size_t>(progress_[0])], log_.entries().size(), wrong.c_str());
    std::fflush(stdout);
  }

  std::string folder_;
  std::uint64_t seed_;
  unsigned shards_;
  DiskLog log_;
  int* progress_;  // shared with the children
  PowerCutStory story_;
  std::vector<std::size_t> cuts_;
};

int cut(const Options& options) {
  const auto began = std::chrono::steady_clock::now();
  std::string folder = options.folder + "/straykey-power-cut-XXXXXX";
  if (::mkdtemp(folder.data()) == nullptr) return 2;
  constexpr int kSpoiltRunsMax = 5;
  int done = 0, bad = 0, runs = 0, spoilt = 0;
  bool useless = false;
  for (std::uint64_t seed = options.seed; done < options.images && !useless; ++seed, ++runs) {
    const auto shards = static_cast<unsigned>(1 + seed % 3);
    std::filesystem::remove_all(folder + "/run");
    useless = !record(options, folder, seed, shards);
    if (useless) {
      std::printf("seed %llu: the workload could not be recorded\n", static_cast<unsigned long long>(seed));
      break;
    }
    Run run(folder, seed, shards, std::min(kImagesARun, options.images - done));
    const int wrong = run.check();
    // A planted bug may spoil the run itself, before any cut: what was answered too early is judged in another order.
    if (wrong < 0 && options.bug != "none" && ++spoilt <= kSpoiltRunsMax) continue;
    useless = wrong < 0;
    done += run.images();
    bad += std::max(wrong, 0);
  }
  std::filesystem::remove_all(folder);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  std::printf("%d images of %d runs, %d bad, bug %s, seed %llu, %.0f s\n", done, runs, bad, options.bug.c_str(),
              static_cast<unsigned long long>(options.seed), took.count());
  if (useless) return 2;
  return options.bug == "none" ? bad != 0 : bad == 0 || bad * 100 < done * options.caught_percent;
}

int run(int argc, char** argv) {
  Options options;
  int at = 1;
  const bool recording = argc > 1 && std::string_view(argv[1]) == "record";
  if (recording) ++at;
  for (; at + 1 < argc; at += 2) {
    const std::string_view name = argv[at];
    const std::string value = argv[at + 1];
    if (name == "--recorder") options.recorder = value;
    if (name == "--folder") options.folder = value;
    if (name == "--bug") options.bug = value;
    if (name == "--directory") options.directory = value;
    if (name == "--alerts") options.alerts = value;
    if (name == "--seed") options.seed = std::stoull(value);
    if (name == "--caught") options.caught_percent = std::stoi(value);
    if (name == "--images") options.images = std::stoi(value);
    if (name == "--shards") options.shards = static_cast<unsigned>(std::stoul(value));
  }
  if (recording) {
    if (!plant(options.bug)) return 2;
    PowerCutStory story;
    story.seed = options.seed;
    return run_power_cut_workload(story, options.directory, options.shards, options.alerts);
  }
  if (options.recorder.empty()) {
    std::fputs(
        "usage: power_cut --recorder LIBRARY [--images 2000] [--seed 1] [--folder /dev/shm] "
        "[--bug NAME --caught PERCENT]\n",
        stderr);
    return 2;
  }
  return cut(options);
}

}  // namespace
}  // namespace straykey

int main(int argc, char** argv) {
  return straykey::run(argc, argv);
}
