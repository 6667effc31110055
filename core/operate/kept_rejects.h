#pragma once
// Rejected records that are kept, with the reason: what an operator is shown of them.
//
// Shape:  a RejectStore numbers what it keeps, from 1 and never twice; the oldest go first. storage/reject_ring.h keeps
//         them on disk.
// Thread: any (synchronised inside).
// Bounds: kKeptRecordBytesMax of a record; PageLimits for a page. A page reads the whole store where a filter leaves
//         nothing of it: at its default size of 64 MiB about 0.1 s.
// Errors: a sentence that names the file.
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/base/time.h"
#include "core/operate/page.h"

namespace straykey {

inline constexpr std::size_t kKeptRecordBytesMax = 1u << 20;

struct KeptReject {
  std::uint64_t number = 0;  // the store's
  Seconds at = 0;            // when it came
  std::string reason;        // name_of(RejectReason)
  std::string source;        // token or listener, and the sender where it is known
  std::uint64_t bytes = 0;   // of the record as it came
  std::string record;        // the first kKeptRecordBytesMax of it

  bool operator==(const KeptReject&) const = default;
};

class RejectStore {
 public:
  virtual ~RejectStore() = default;
  // Those with a larger number than `after`, oldest first, until `visit` returns false.
  [[nodiscard]] virtual Status scan(std::uint64_t after, const std::function<bool(const KeptReject&)>& visit) = 0;
  // False: it is not there.
  [[nodiscard]] virtual Result<bool> drop(std::uint64_t number) = 0;
};

struct RejectFilter {
  std::string reason;  // empty: any
  std::string source;  // with this text in it; empty: any
};

// A sentence that lists the reasons for which records are kept, if `reason` is none of them; empty: it is, or is empty.
[[nodiscard]] std::string objection_to_reject_reason(std::string_view reason);

// `next` of the page is the number of its last row.
[[nodiscard]] Result<Page<KeptReject>> list_rejects(RejectStore& store, std::uint64_t after, const RejectFilter& filter,
                                                    PageLimits limits);
[[nodiscard]] Result<std::optional<KeptReject>> find_reject(RejectStore& store, std::uint64_t number);

// {"number","at","reason","source","bytes"}; with the record also "record", or "record_base64" if it is not UTF-8, and
// "cut" if it is not whole.
[[nodiscard]] std::string reject_json(const KeptReject& reject, bool with_record);

}  // namespace straykey
