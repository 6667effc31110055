#pragma once
// Brings a store of an older format to format 3.
//
// Shape:  from 2: facts of identities get keys under which those of one identity lie together (core/baseline/fact.h),
//         in steps of at most kFactsAStep rows. From 1, besides: rows that format 1 wrote stay as they are, because the
//         present program reads them too; what is added is how far the store had come, the newest day of any account.
//         The kinds of facts that format 2 brought are kept from that day on (BaselineView::kept_since()). A store's
//         own row says which format it has reached, beside what the file `format` says.
// Durable: the file `format` is replaced before anything inside is changed, so that an older program refuses the store
//         from then on. Each step is one transaction, and what is left to do shows in the keys. So after a crash the
//         next opening goes on, and a partition that was restored from an older backup is brought up as well.
// Thread: start-up.
// Errors: a damaged partition is left as it is, because nothing is judged with one, and the store's row is not written;
//         a later opening goes on. A partition that cannot be read for another reason, and a step that fails because
//         there is no room, are errors: facts under old keys would count as unknown.
// Cost:   format 2: about 1 us a fact (5 million in 4.4 s, -O2, 2026-12-01).
//         A store that is up to date: 13 look-ups a partition.
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/base/hash.h"
#include "core/base/result.h"
#include "core/engine/store.h"

namespace straykey {

class FormatUpgrade {
 public:
  static constexpr std::size_t kFactsAStep = 50'000;

  // `tell`: takes a sentence before what may take more than a moment; may be empty. References are borrowed.
  FormatUpgrade(HashKey hash_key, AlertStore& alerts, const std::vector<std::unique_ptr<BaselineStore>>& partitions,
                std::function<void(const std::string&)> tell = {}, std::size_t facts_a_step = kFactsAStep);

  // `is_new`: nothing was ever stored in it, so every kind of fact is kept from the beginning.
  [[nodiscard]] Status carry_out(bool is_new);

 private:
  enum class Step { done, more, failed };

  [[nodiscard]] Status renew_keys(BaselineStore& partition, std::size_t number);
  [[nodiscard]] Step renew_keys_of(BaselineStore& partition, char first_of_scope);
  [[nodiscard]] Status note_format(bool is_new);

  HashKey hash_key_;
  AlertStore& alerts_;
  const std::vector<std::unique_ptr<BaselineStore>>& partitions_;
  std::function<void(const std::string&)> tell_;
  std::size_t facts_a_step_;
  std::string failure_;
};

}  // namespace straykey
