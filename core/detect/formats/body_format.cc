#include "core/detect/formats/body_format.h"

#include "core/detect/formats/alertmanager.h"
#include "core/detect/formats/cef.h"
#include "core/detect/formats/ecs.h"
#include "core/detect/formats/ocsf.h"
#include "core/detect/formats/pagerduty.h"
#include "core/detect/formats/slack.h"
#include "core/detect/formats/splunk_hec.h"
#include "core/detect/formats/standard_webhooks.h"
#include "core/detect/formats/teams.h"

namespace straykey {

std::span<const BodyFormat> body_formats() noexcept {
  static constexpr BodyFormat kFormats[] = {
      {"standard_webhooks", [](const Message& message, const BodyContext&) { return standard_webhooks_body(message); }},
      {"ocsf", ocsf_body},
      {"ecs", ecs_body},
      {"slack", slack_body, FormatSecret::none, true},
      {"pagerduty", pagerduty_body, FormatSecret::routing_key, true},
      {"teams", teams_body, FormatSecret::none, true},
      {"alertmanager", alertmanager_body},
      {"alertmanager_api", alertmanager_api_body, FormatSecret::none},
      {"splunk_hec", splunk_hec_body, FormatSecret::splunk_token},
      {"syslog", cef_syslog_body, FormatSecret::none, false, true},
  };
  return kFormats;
}

}  // namespace straykey
