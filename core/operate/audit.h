#pragma once
// AuditEntry: what an operator changed, or tried to: who, from where, what, on which object, and what became of it.
//
// Shape:  an AuditStore numbers entries from 1 and keeps them as JSON objects of one line, the newest first to go out,
//         the oldest first to go. storage/audit_log.h keeps them on disk.
// Thread: any (synchronised inside).
// Bounds: kAuditTextMax bytes of each text; RefusedChanges::kPerMinuteMax entries a minute of what was refused.
// Errors: a sentence that names the file.
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/base/time.h"
#include "core/operate/operations.h"

namespace straykey {

inline constexpr std::size_t kAuditTextMax = 1'000;

struct AuditEntry {
  Seconds at = 0;
  std::string who = {};      // the token's name; "admin.sock", "command, uid 0", "SIGHUP"
  std::string scope = {};    // of the token: "admin"; empty: none was needed
  std::string address = {};  // of who asked, where it is known
  std::string what = {};     // the operation: "alerts/ack", "reload"
  std::string object = {};   // its arguments: "id=... note=..."
  std::string result = {};   // "done", "partly" (a reload), "forbidden", or the kind of another refusal
  std::string reason = {};   // why it is not done
  std::string request_id = {};
};

// One line; texts are cut, and whatever could fool a terminal is escaped.
[[nodiscard]] std::string audit_json(std::uint64_t number, const AuditEntry& entry);

// Whether a text is a secret of the configuration; may be empty: nothing is.
using IsSecret = std::function<bool(std::string_view)>;
// The arguments of a request as one text. Those that the operation does not know stand there by name alone, because
// whoever sends a token in the wrong place sends it as one of them; a word that is a secret is left out anywhere.
[[nodiscard]] std::string audit_object(const OperatorRequest& request, const IsSecret& is_secret);
// `text` with each word that is a secret replaced; quotes and punctuation around a word do not hide it.
[[nodiscard]] std::string without_secrets(std::string_view text, const IsSecret& is_secret);
// The word of an answer's kind.
[[nodiscard]] std::string_view audit_result(OperatorAnswer::Kind kind);

// Keeps a flood of refused attempts from pushing out of the trail what was changed: of each minute the first are noted,
// and the others are counted.
class RefusedChanges {
 public:
  static constexpr std::uint64_t kPerMinuteMax = 30;
  // Whether an attempt that was refused now may be noted.
  [[nodiscard]] bool take(Seconds now);
  // How many were not noted in a minute that is over; asked again: 0. To be asked before take(), and now and then.
  [[nodiscard]] std::uint64_t left_out(Seconds now);

 private:
  std::mutex mutex_;
  Seconds minute_ = 0;
  std::uint64_t noted_ = 0, left_out_ = 0, to_tell_ = 0;
  void begin_minute_of(Seconds now);
};

class AuditStore {
 public:
  static constexpr std::size_t kPageRows = 500;
  virtual ~AuditStore() = default;
  [[nodiscard]] virtual Status append(const AuditEntry& entry) = 0;
  // Entries with smaller numbers than `before`, newest first, kPageRows at most. 0: the newest.
  struct Newest {
    std::vector<std::string> lines;
    std::uint64_t next = 0;  // `before` of the page that follows; 0: that was all
  };
  [[nodiscard]] virtual Result<Newest> newest(std::uint64_t before) = 0;
};

}  // namespace straykey
