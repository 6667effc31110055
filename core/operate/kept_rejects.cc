#include "core/operate/kept_rejects.h"
#include "core/event/reject_reason.h"

#include <simdjson.h>

#include <boost/json.hpp>
#include <utility>

#include "core/base/base64.h"

namespace straykey {

std::string objection_to_reject_reason(std::string_view reason) {
  std::string known;
  for (std::size_t i = 0; i < kRejectReasonCount; ++i) {
    const auto one = static_cast<RejectReason>(i);
    if (is_harmless(one)) continue;
    if (reason.empty() || reason == name_of(one)) return {};
    known.append(known.empty() ? "" : ", ").append(name_of(one));
  }
  return "reason: nothing is rejected for that; there are " + known;
}

Result<Page<KeptReject>> list_rejects(RejectStore& store, std::uint64_t after, const RejectFilter& filter,
                                      PageLimits limits) {
  Page<KeptReject> page;
  std::uint64_t last = 0;
  Status scanned = store.scan(after, [&](const KeptReject& reject) {
    if (!filter.reason.empty() && reject.reason != filter.reason) return true;
    if (reject.source.find(filter.source) == std::string::npos) return true;
    if (page.rows.size() >= limits.rows_max) {
      page.next = std::to_string(last);
      return false;
    }
    last = reject.number;
    page.rows.push_back(reject);
    page.rows.back().record.clear();
    return true;
  });
  if (!scanned) return scanned.error();
  return page;
}

Result<std::optional<KeptReject>> find_reject(RejectStore& store, std::uint64_t number) {
  std::optional<KeptReject> found;
  if (number == 0) return found;
  Status scanned = store.scan(number - 1, [&](const KeptReject& reject) {
    if (reject.number == number) found = reject;
    return false;
  });
  if (!scanned) return scanned.error();
  return found;
}

std::string reject_json(const KeptReject& reject, bool with_record) {
  boost::json::object object{{"number", reject.number},
                             {"at", format_time(reject.at)},
                             {"reason", reject.reason},
                             {"source", reject.source},
                             {"bytes", reject.bytes}};
  if (with_record) {
    const bool is_text = simdjson::validate_utf8(reject.record.data(), reject.record.size());
    object[is_text ? "record" : "record_base64"] = is_text ? reject.record : encode_base64(reject.record);
    if (reject.record.size() < reject.bytes) object["cut"] = true;
  }
  return boost::json::serialize(object);
}

}  // namespace straykey
