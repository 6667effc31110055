#pragma once
// Brings a store of format 1 to format 2.
//
// Shape:  a store's own row says which format it has reached, beside what the file `format` says. Rows that format 1
//         wrote stay as they are, because the present program reads them too. What the upgrade adds is how far the
//         store had come: the newest day of any account. The kinds of facts that format 2 brought are kept from that
//         day on (BaselineView::kept_since()).
// Durable: the file `format` is replaced before anything inside is changed, so that an older program refuses the store
//         from then on; the rows are one transaction. A crash in between leaves a store whose row is missing, and the
//         next opening goes on from there. Done again, it changes nothing.
// Thread: start-up.
// Errors: a damaged store is left as it is, and so is one in which there is no room for two rows: a later opening does
//         it. Only if the outcome of the commit is unknown, that is an error.
#include <memory>
#include <vector>

#include "core/base/hash.h"
#include "core/base/result.h"
#include "core/engine/store.h"

namespace straykey {

// `is_new`: nothing was ever stored in it, so every kind of fact is kept from the beginning.
[[nodiscard]] Status upgrade_store(HashKey hash_key, AlertStore& alerts,
                                   const std::vector<std::unique_ptr<BaselineStore>>& partitions, bool is_new);

}  // namespace straykey
