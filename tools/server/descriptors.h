#pragma once
// Descriptors: how many files and connections the system lets this process open, and how they are shared out.
//
// Shape:  the soft limit is raised to the hard one. Of the descriptors that there are, kept() are for the store,
//         operators, health and webhooks; the listeners that the world can reach share the rest.
// Thread: start-up.
// Bounds: a listener gets at most its connections_max, and at least one connection.
// Source: setrlimit(2). Under systemd the hard limit is LimitNOFILE=, 524288 if the unit says nothing; a shell may have
//         a lower one (ulimit -Hn).
#include <cstddef>

#include "core/base/log.h"

namespace straykey {

struct DescriptorLimit {
  std::size_t before = 0, now = 0;
};

// The limit as it was and as it is. It stays as it was if the system says no.
[[nodiscard]] DescriptorLimit raise_descriptor_limit() noexcept;

// What wants descriptors.
struct DescriptorUse {
  std::size_t listeners = 0;        // that the world can reach
  std::size_t connections_max = 0;  // of each of them, as configured
  std::size_t operators = 0;        // connections of admin and its local socket
  std::size_t webhooks = 0;
  std::size_t shards = 0;

  // Descriptors that are not for connections of those listeners.
  [[nodiscard]] std::size_t kept() const noexcept;
  [[nodiscard]] std::size_t wanted() const noexcept { return kept() + listeners * connections_max; }
};

// How many connections each listener may have under a limit.
[[nodiscard]] std::size_t connections_that_fit(const DescriptorUse& use, std::size_t limit) noexcept;

// Raises the limit, says so, and says what to change if the connections do not fit. The answer is
// connections_that_fit().
[[nodiscard]] std::size_t share_out_descriptors(const DescriptorUse& use, Log& log);

}  // namespace straykey
