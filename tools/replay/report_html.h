#pragma once
// The report of a run as one HTML page that needs nothing else: figures, latency by percentile, rate and latency by
// time.
//
// Shape:  plots are inline SVG, colours follow the reader's light or dark setting; no script, no link, no font from
//         elsewhere. Whatever a server or a file said is escaped.
// Thread: any.
#include <string>

#include "tools/replay/replay_result.h"

namespace straykey {

[[nodiscard]] std::string report_html(const ReplayResult& result);

}  // namespace straykey
