#include "tools/server/descriptors.h"

#include <sys/resource.h>

#include <algorithm>
#include <string>

namespace straykey {
namespace {

constexpr std::size_t kFilesMax = 128;        // io threads, listening sockets, the log, files that are read
constexpr std::size_t kFilesOfShard = 8;      // its environment, its queue
constexpr std::size_t kFilesOfListener = 96;  // refused connections that are still read, those that just gave way
constexpr std::size_t kFilesOfWebhook = 8;    // attempts under way, name lookups

}  // namespace

DescriptorLimit raise_descriptor_limit() noexcept {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return {};
  DescriptorLimit raised{limit.rlim_cur, limit.rlim_cur};
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit) == 0) raised.now = limit.rlim_cur;
  return raised;
}

std::size_t DescriptorUse::kept() const noexcept {
  return kFilesMax + operators + (shards + 1) * kFilesOfShard + webhooks * kFilesOfWebhook +
         listeners * kFilesOfListener;
}

std::size_t connections_that_fit(const DescriptorUse& use, std::size_t limit) noexcept {
  if (use.listeners == 0 || use.wanted() <= limit) return use.connections_max;
  const std::size_t left = limit - std::min(limit, use.kept());
  return std::max<std::size_t>(left / use.listeners, 1);
}

std::size_t share_out_descriptors(const DescriptorUse& use, Log& log) {
  const DescriptorLimit limit = raise_descriptor_limit();
  const std::size_t connections = connections_that_fit(use, limit.now);
  log.info("descriptors", {{"limit", std::to_string(limit.now)},
                           {"limit_before", std::to_string(limit.before)},
                           {"wanted", std::to_string(use.wanted())},
                           {"kept", std::to_string(use.kept())},
                           {"connections_of_each_listener", std::to_string(connections)}});
  if (connections < use.connections_max) {
    log.error(
        "the limit of descriptors is too low for ingest.connections_max, so fewer connections are taken",
        {{"connections_max", std::to_string(use.connections_max)},
         {"taken", std::to_string(connections)},
         {"change", "LimitNOFILE=" + std::to_string(use.wanted()) + " in the unit, or `ulimit -Hn " +
                        std::to_string(use.wanted()) + "` where it is started; or a lower ingest.connections_max"}});
  }
  return connections;
}

}  // namespace straykey
