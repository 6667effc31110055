#include "core/detect/activation.h"

#include <fmt/format.h>

#include <boost/json.hpp>

namespace straykey {

std::string activation_document(const ActivationReport& report) {
  namespace json = boost::json;
  json::array pairs;
  for (const ActivationReport::Pair& pair : report.pairs) {
    if (pairs.size() == ActivationReport::kPairsShown) break;
    pairs.push_back(json::object{{"identity", pair.identity},
                                 {"network", pair.network},
                                 {"days", pair.days},
                                 {"first_day", format_day(pair.first_day)},
                                 {"last_day", format_day(pair.last_day)}});
  }
  return json::serialize(json::object{
      {"id", report.id.hex()},
      {"account", report.account},
      {"day", format_day(report.day)},
      {"title",
       fmt::format(
           "Account {} raises alerts from {} on. {} uses of networks outside AWS by its service identities count as "
           "usual: look through them, a thief who was there before would be among them.",
           report.account, format_day(report.day), report.pairs_total)},
      {"pairs", std::move(pairs)},
      {"pairs_total", report.pairs_total}});
}

}  // namespace straykey
