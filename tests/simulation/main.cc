// simulation: runs seeds of the deterministic simulation and says which fail.
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include "tests/simulation/simulation.h"

namespace {

using namespace straykey;

constexpr const char* kUsage =
    "usage: simulation [--seeds FIRST:LAST | --seed N [--trace]] [--kept FILE] [--seconds S] "
    "[--failures-max N]\n"
    "       simulation_planted --catch BUG [--seeds FIRST:LAST]\n"
    "Runs seeds of the deterministic simulation; prints those that fail, how fast it went, and which faults struck at\n"
    "which steps. --catch plants a bug and wants it found (\"none\": wants nothing found). Exit code 0 if all is "
    "well.\n";

struct Options {
  std::uint64_t first = 1, last = 500;
  bool trace = false;
  double seconds = 0;
  std::string kept, catch_bug;
  int failures_max = 0;  // 0: 1 when hunting, else 10
};

volatile std::sig_atomic_t g_seed_low = 0;

// A failed INVARIANT ends the process, so a handler says which seed it was.
extern "C" void say_seed(int) {
  char text[64];
  const int size = std::snprintf(text, sizeof text, "aborted in seed %d\n", static_cast<int>(g_seed_low));
  (void)!write(2, text, static_cast<std::size_t>(size));
  std::_Exit(134);
}

double cpu_seconds() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  return static_cast<double>(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
         static_cast<double>(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

bool read_options(int argc, char** argv, Options& options) {
  for (int i = 1; i < argc; ++i) {
    const std::string name = argv[i];
    if (name == "--trace") {
      options.trace = true;
      continue;
    }
    if (i + 1 == argc) return false;
    const char* value = argv[++i];
    if (name == "--seeds") {
      const char* colon = std::strchr(value, ':');
      if (colon == nullptr) return false;
      options.first = std::strtoull(value, nullptr, 10);
      options.last = std::strtoull(colon + 1, nullptr, 10);
    } else if (name == "--seed") {
      options.first = options.last = std::strtoull(value, nullptr, 10);
    } else if (name == "--seconds") {
      options.seconds = std::strtod(value, nullptr);
    } else if (name == "--kept") {
      options.kept = value;
    } else if (name == "--catch") {
      options.catch_bug = value;
    } else if (name == "--failures-max") {
      options.failures_max = std::atoi(value);
    } else {
      return false;
    }
  }
  return options.first <= options.last;
}

std::vector<std::uint64_t> kept_seeds(const std::string& path) {
  std::vector<std::uint64_t> seeds;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);)
    if (!line.empty() && line[0] != '#') seeds.push_back(std::strtoull(line.c_str(), nullptr, 10));
  return seeds;
}

bool plant(const std::string& name) {
#ifdef STRAYKEY_PLANTED_BUGS
  if (!name.empty()) return plant_bug(name);
#endif
  return name.empty();
}

class Runner {
 public:
  explicit Runner(const Options& options) : options_(options) {}

  // False: enough failures.
  bool run(std::uint64_t seed) {
    g_seed_low = static_cast<int>(seed);
    Simulation simulation(seed, coverage_, options_.trace);
    const std::string violated = simulation.run();
    ++seeds_;
    steps_ += simulation.steps();
    if (violated.empty()) {
      alerts_ += simulation.alerts();
      variations_.merge(simulation.variations());
      return true;
    }
    std::printf("seed %llu: %s\n", static_cast<unsigned long long>(seed), violated.c_str());
    return ++failures_ < options_.failures_max;
  }
  void report(double seconds) const {
    std::printf("%s", coverage_.table().c_str());
    std::printf("%llu seeds, %llu steps, %llu alerts of %zu kinds, %d failed; %.1f s of CPU, %.0f seeds/s\n",
                static_cast<unsigned long long>(seeds_), static_cast<unsigned long long>(steps_),
                static_cast<unsigned long long>(alerts_), variations_.size(), failures_, seconds,
                static_cast<double>(seeds_) / seconds);
  }
  [[nodiscard]] int failures() const noexcept { return failures_; }
  [[nodiscard]] std::uint64_t seeds() const noexcept { return seeds_; }

 private:
  const Options& options_;
  Coverage coverage_;
  std::uint64_t seeds_ = 0, steps_ = 0, alerts_ = 0;
  std::set<std::string> variations_;
  int failures_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
  Options options;
  if (!read_options(argc, argv, options) || !plant(options.catch_bug)) {
    std::fputs(kUsage, stderr);
    return 2;
  }
  const bool hunting = !options.catch_bug.empty() && options.catch_bug != "none";
  if (options.failures_max == 0) options.failures_max = hunting ? 1 : 10;
  std::signal(SIGABRT, say_seed);
  Runner runner(options);
  const double began = cpu_seconds();
  bool more = true;
  for (const std::uint64_t seed : kept_seeds(options.kept)) more = more && runner.run(seed);
  for (std::uint64_t seed = options.first; more && seed <= options.last; ++seed) {
    more = runner.run(seed);
    if (options.seconds > 0 && cpu_seconds() - began > options.seconds) break;
  }
  if (hunting) {
    std::printf("%s: %s after %llu seeds\n", options.catch_bug.c_str(), runner.failures() > 0 ? "caught" : "NOT CAUGHT",
                static_cast<unsigned long long>(runner.seeds()));
    return runner.failures() > 0 ? 0 : 1;
  }
  runner.report(std::max(0.001, cpu_seconds() - began));
  return runner.failures() > 0 ? 1 : 0;
}
