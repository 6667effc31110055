#pragma once
// AlertSummary: what is told, once a day is over, of the hits that raised no alert because a cap was reached.
//
// Shape:  one for each (analytic, identity, day) whose identity raised as many alerts as it may, and one for each
//         (analytic, day) of all identities together. Its id is a hash of these, so it is the same from any run.
// Thread: any (a value).
#include <cstdint>
#include <string>

#include "core/base/hash.h"
#include "core/base/time.h"
#include "core/detect/catalogue.h"

namespace straykey {

struct AlertSummary {
  Analytic analytic = Analytic::remote_service_token;
  std::string account, identity;  // both empty: all identities together
  Day day = 0;
  Severity severity = Severity::informational;  // the highest that a suppressed hit would have had
  std::uint64_t strong = 0, weak = 0;           // suppressed hits
  std::uint64_t alerts_max = 0;                 // the cap

  bool operator==(const AlertSummary&) const = default;
  [[nodiscard]] Hash128 id() const;
};

// The JSON document.
[[nodiscard]] std::string summary_document(const AlertSummary& summary);

}  // namespace straykey
