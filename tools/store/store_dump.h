#pragma once
// The contents of a stopped server's store, one JSON object a line: for backups that people read, and for the harnesses
// that compare what was acknowledged with what is on disk (tests/crash).
//
// Shape:  facts: all partitions ORed, ordered by kind, each line {"kind","scope","value","days","first_day"} (and
//         "acknowledged" in quarantine). Alerts, activation reports and flood summaries: {"id","body","state",
//         "deliveries"}, where body is the webhook body byte for byte, as a text.
// Thread: any; the directory is not served meanwhile.
// Bounds: facts are merged in slices of a 256th of a kind; alerts hold all rows of the outbox.
// Errors: the store's own sentence; lines before it were written.
#include <functional>
#include <string_view>

#include "core/base/result.h"
#include "core/baseline/fact.h"
#include "storage/data_directory.h"

namespace straykey {

[[nodiscard]] std::string_view fact_kind_name(FactKind kind) noexcept;

[[nodiscard]] Status dump_facts(const DataDirectory& store, const std::function<void(std::string_view line)>& write);
[[nodiscard]] Status dump_alerts(const DataDirectory& store, const std::function<void(std::string_view line)>& write);

}  // namespace straykey
