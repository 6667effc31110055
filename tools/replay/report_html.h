#pragma once
// The report of a run as one HTML page that needs no other file: figures, latency by percentile, rate and latency by
// time.
//
// Shape:  plots are inline SVG, and colours follow the reader's light or dark setting. There is no script, no link and
//         no foreign font. Texts from a server or a file are escaped.
// Thread: any.
#include <string>

#include "tools/replay/replay_result.h"

namespace straykey {

[[nodiscard]] std::string report_html(const ReplayResult& result);

}  // namespace straykey
