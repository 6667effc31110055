#pragma once
// Young accounts: those that were not seen for long enough to be active. On a day on which another account of the
// organisation is active they are judged as well, at most at the weak tier.
//
// Order:  an account is active on a day by its earlier days alone, so it makes no difference what else of that day is
//         known.
// Bounds: BaselineView keeps what was found out, for the transaction.
// Thread: the merger's.
#include <string>
#include <string_view>

#include "core/detect/settings.h"
#include "core/engine/baseline_view.h"

namespace straykey {

struct Candidate;
struct Judgement;

// Whether the account was seen on enough days before `day`, and the first of them is long enough ago.
[[nodiscard]] bool activates(std::string_view account, Day day, const DetectionSettings& settings,
                             const BaselineView& view);

// The same, or it was found active before: once active it stays so.
[[nodiscard]] bool is_active(std::string_view account, Day day, const DetectionSettings& settings,
                             const BaselineView& view);

[[nodiscard]] bool any_is_active(Day day, const DetectionSettings& settings, const BaselineView& view);

// Whose days count for a call. What a young account does teaches nobody but itself: which networks, tools and owners of
// endpoints are used here.
class Teachers {
 public:
  Teachers(const Candidate& call, const DetectionSettings& settings, const BaselineView& view);
  // `user`: account/role and more, or a person's ARN.
  [[nodiscard]] bool count(std::string_view user) const;
  // Tells apart the questions whose answers differ by the caller's account: it if it is young, else nothing.
  [[nodiscard]] const std::string& young() const noexcept { return young_; }

 private:
  const Candidate& call_;
  const DetectionSettings& settings_;
  const BaselineView& view_;
  std::string young_;
};

// A strong judgement becomes weak and says why; its pairs go into quarantine. Of a weak one only a console session and
// an attack tool do, so that the account goes on learning.
void keep_weak(Judgement& judgement, const Candidate& call);

}  // namespace straykey
