#pragma once
// AuditEntry: what an operator changed, or tried to: who, from where, what, on which object, and what became of it.
//
// Shape:  an AuditStore numbers entries from 1 and keeps them as JSON objects of one line, the newest first to go out,
//         the oldest first to go. storage/audit_log.h keeps them on disk.
// Thread: any (synchronised inside).
// Bounds: kAuditTextMax bytes of each text.
// Errors: a sentence that names the file.
#include <cstddef>
#include <cstdint>
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
  std::string result = {};   // "done", "bad_request", "not_found", "conflict", "failed", "stopped"
  std::string reason = {};   // why it is not done
  std::string request_id = {};
};

// One line; texts are cut, and whatever could fool a terminal is escaped.
[[nodiscard]] std::string audit_json(std::uint64_t number, const AuditEntry& entry);
// The arguments of a request as one text, and the word of an answer's kind.
[[nodiscard]] std::string audit_object(const OperatorArguments& arguments);
[[nodiscard]] std::string_view audit_result(OperatorAnswer::Kind kind);

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
