#pragma once
// `straykey scan`: the same engine over files: offline on memory, or as a backfill into a server's data directory.
//
// Order:  judged as if everything had arrived in the order of days, whatever the order of the files. Facts only grow
//         by OR and only earlier days count, so files may be learned in any order as long as no judged day lies more
//         than 33 days behind the newest: a longer trail, and every backfill, is worked through in blocks of 30 days.
//         Files in the order of the times in their names are read once; any other order costs a second reading.
// Durable: a backfill commits each file and each block; run again, it goes on after the last block that it finished,
//          and repeats nothing. If a file could not be read, nothing counts as finished.
// Errors: a path that is not there ends the scan. Files and folders that the system does not let us read, files that
//         hold no events, and damaged ones, which give their whole records, are named in the summary. A bad record is
//         counted with its reason.
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/detect/settings.h"
#include "core/engine/inline_pipeline.h"
#include "core/location/network_map.h"
#include "tools/scan/scan_summary.h"

namespace straykey {

class S3Trail;

struct ScanSettings {
  std::vector<std::string> paths;  // files and folders; those that begin with s3:// are asked of `s3`
  DetectionSettings detection;
  Seconds now = 0;  // of the start: an event more than 10 minutes ahead of it is rejected
  std::size_t rejects_explained_max = 0;
  S3Trail* s3 = nullptr;  // needed if a path begins with s3://
};

struct Scanned {
  ScanSummary summary;
  // What was learned. To free its millions of pieces takes a tenth of a scan's CPU time (profile of 200,000 events,
  // 2026-12-01), which a process that ends does not need.
  std::shared_ptr<const void> learned;
};

// Calls on_alert with each alert document, state laid over it, in the order of first call.
[[nodiscard]] Result<Scanned> scan(const ScanSettings& settings, const NetworkMap& networks,
                                   const std::function<void(std::string_view document)>& on_alert);

// Where a backfill writes. Alerts whose dedup window is over at settings.now are stored and not sent.
struct BackfillTarget {
  HashKey hash_key;
  std::uint32_t shards = 1;
  InlinePipeline::Stores stores;
  std::vector<WebhookRoute> routes;
};
// summary.alerts counts what the store holds afterwards.
[[nodiscard]] Result<ScanSummary> backfill(const ScanSettings& settings, const NetworkMap& networks,
                                           BackfillTarget target);

}  // namespace straykey
