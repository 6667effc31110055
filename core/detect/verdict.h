#pragma once
// Verdict: what an analytic says of one candidate, and why.
#include <optional>
#include <string>
#include <vector>

#include "core/detect/catalogue.h"

namespace straykey {

struct Verdict {
  Variation variation;
  std::vector<std::string> why;     // one sentence a fact, with its numbers
  std::vector<std::string> limits;  // what kept the verdict from being stronger
  bool kept_weak = false;           // its tier is weak, although its variation is of the strong one

  [[nodiscard]] Tier tier() const noexcept { return kept_weak ? Tier::weak : entry().tier; }
  [[nodiscard]] const CatalogueEntry& entry() const noexcept { return catalogue_entry(variation); }
};

}  // namespace straykey
