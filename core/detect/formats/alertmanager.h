#pragma once
// Alerts as Prometheus's Alertmanager knows them: as it sends them to a webhook, and as it takes them.
//
// Shape:  one alert. Its labels name what it is and which alert it is, so that no two alerts are one; the rest are
//         annotations. It has no end: Alertmanager itself calls it resolved after the time that it is set to. An end
//         made of the alert's own day would make Alertmanager drop silently what comes late. What takes an alert back
//         has its labels and an end, so it resolves it.
// Thread: any (functions of their arguments).
// Source: Alertmanager 0.25: configuration of webhooks (version 4); api/v2/openapi.yaml, postableAlerts.
#include <string>

#include "core/detect/formats/body_format.h"

namespace straykey {

// For receivers of Alertmanager's webhooks.
[[nodiscard]] std::string alertmanager_body(const Message& message, const BodyContext& context);
// For /api/v2/alerts of an Alertmanager.
[[nodiscard]] std::string alertmanager_api_body(const Message& message, const BodyContext& context);

}  // namespace straykey
