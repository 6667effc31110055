#include "core/detect/activation.h"

#include <fmt/format.h>

#include <boost/json.hpp>

namespace straykey {
namespace {

// Names have up to 270 bytes, and more where a record's sender made them up.
constexpr std::size_t kPairsBytesMax = 40'000;

std::string title_of(const ActivationReport& report) {
  const std::string begin = fmt::format("Account {} raises alerts from {} on.", report.account, format_day(report.day));
  if (report.pairs_total == 0)
    return begin + " No use of a network outside AWS by its service identities counts as usual.";
  const bool one = report.pairs_total == 1;
  return fmt::format(
      "{} {} {} of networks outside AWS by its service identities {} as usual: look through {}, a thief who was there "
      "before would be among them.",
      begin, report.pairs_total, one ? "use" : "uses", one ? "counts" : "count", one ? "it" : "them");
}

}  // namespace

std::string activation_document(const ActivationReport& report) {
  namespace json = boost::json;
  json::array pairs;
  std::size_t bytes = 0;
  for (const ActivationReport::Pair& pair : report.pairs) {
    if (pairs.size() == ActivationReport::kPairsShown) break;
    json::object shown{{"identity", pair.identity},
                       {"network", pair.network},
                       {"days", pair.days},
                       {"first_day", format_day(pair.first_day)},
                       {"last_day", format_day(pair.last_day)}};
    bytes += json::serialize(shown).size() + 1;
    if (bytes > kPairsBytesMax) break;
    pairs.push_back(std::move(shown));
  }
  return json::serialize(json::object{{"id", report.id.hex()},
                                      {"account", report.account},
                                      {"day", format_day(report.day)},
                                      {"title", title_of(report)},
                                      {"pairs", std::move(pairs)},
                                      {"pairs_total", report.pairs_total}});
}

}  // namespace straykey
