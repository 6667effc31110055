#pragma once
// replay: sends a trail to a server as forwarders would, receives its alerts, and says whether everything agrees.
//
// Shape:  a reader thread builds requests, each connection has a thread that sends them, and the caller's thread shows
//         progress and waits for signals. At the end the records that were sent are compared with the answers, and the
//         alerts with the labels.
// Thread: one caller, with SIGINT and SIGTERM blocked; a signal ends the run, which then counts as interrupted.
// Errors: an Error says why a run could not start. What goes wrong during a run is in the result.
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/detect/settings.h"
#include "core/location/network_map.h"
#include "tools/replay/kafka_sender.h"
#include "tools/replay/replay_result.h"
#include "tools/replay/request_builder.h"
#include "tools/replay/sender.h"
#include "tools/replay/server_counters.h"
#include "tools/replay/webhook_inbox.h"

namespace straykey {

// Thefts to put into the trail. What the server knows decides which alerts they raise.
struct TheftOrder {
  std::uint64_t count = 0;
  std::shared_ptr<const NetworkMap> networks;
  DetectionSettings detection;
  std::string write_labels;  // the alerts that they must raise, as sent; empty: nowhere
};

struct ReplaySettings {
  std::vector<std::string> paths;
  std::optional<HttpSenderSettings> http;  // one of these three
  std::optional<SyslogSenderSettings> syslog;
  std::optional<KafkaSenderSettings> kafka;
  std::uint32_t connections = 4;
  bool in_order = true;
  BuilderSettings builder;
  RewriteSettings rewrite;
  std::optional<Day> shift_to;  // the last file's newest day becomes this one
  std::optional<TheftOrder> thefts;

  std::optional<WebhookInbox::Settings> inbox;
  // The path of labels.jsonl. If it is empty and there are thefts, only the alerts of the thefts are compared.
  std::string expect;
  double settle_s = 30;
  std::optional<MetricsSource> metrics;

  double max_p99_ms = 0, min_rate = 0;  // 0: any
};

[[nodiscard]] Result<ReplayResult> replay(const ReplaySettings& settings);

}  // namespace straykey
