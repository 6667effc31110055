#include "core/detect/alert_summary.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "core/base/bytes.h"

namespace straykey {

Hash128 AlertSummary::id() const {
  return hash128(kFixedHashKey, ByteWriter()
                                    .string("alerts.summary")
                                    .string(name_of(analytic))
                                    .string(account)
                                    .string(identity)
                                    .fixed(day)
                                    .view());
}

std::string summary_document(const AlertSummary& summary) {
  namespace json = boost::json;
  const std::string who = summary.identity.empty() ? "The organisation" : summary.identity;
  json::object document{
      {"id", summary.id().hex()},
      {"analytic", name_of(summary.analytic)},
      {"day", format_day(summary.day)},
      {"severity", name_of(summary.severity)},
      {"title",
       fmt::format(
           "{} raised {} alerts of {} for {}, which is the limit. {} further hits are counted here and not sent.", who,
           summary.alerts_max, name_of(summary.analytic), format_day(summary.day), summary.strong + summary.weak)},
      {"alerts_max", summary.alerts_max},
      {"suppressed", summary.strong + summary.weak},
      {"suppressed_strong", summary.strong},
      {"suppressed_weak", summary.weak}};
  if (!summary.identity.empty()) {
    document["account"] = summary.account;
    document["identity"] = summary.identity;
  }
  return json::serialize(document);
}

}  // namespace straykey
