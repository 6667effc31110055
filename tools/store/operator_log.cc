#include "tools/store/operator_log.h"

#include "core/engine/sequence.h"

namespace straykey {

Status note_operator_action(AlertStore& store, Seconds now, std::string_view text) {
  const auto writer = store.write();
  const std::string second = encode_sequence(static_cast<std::uint64_t>(now));
  std::uint64_t number = 0;
  writer->scan(Table::operator_log, second, second, [&](std::string_view, std::string_view) { return ++number > 0; });
  writer->put(Table::operator_log, second + encode_sequence(number), text);
  if (writer->commit() == CommitOutcome::committed) return {};
  return Error{"the action was done but could not be written to the operator log: " + std::string(writer->failure())};
}

}  // namespace straykey
