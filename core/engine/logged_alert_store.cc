#include "core/engine/logged_alert_store.h"

#include <map>

namespace straykey {
// Remembers the last that was said of each row: the log needs no more.
class LoggedWriter final : public StoreWriter {
 public:
  LoggedWriter(LoggedAlertStore& store, std::unique_ptr<StoreWriter> writer)
      : store_(store), writer_(std::move(writer)) {}
  LoggedWriter(const LoggedWriter&) = delete;
  LoggedWriter& operator=(const LoggedWriter&) = delete;
  ~LoggedWriter() override { store_.told_ = {}; }

  std::optional<AgedValue> get_aged(Table table, std::string_view key) override {
    return writer_->get_aged(table, key);
  }
  void scan(Table table, std::string_view prefix, std::string_view from,
            const std::function<bool(std::string_view, std::string_view)>& visit) override {
    writer_->scan(table, prefix, from, visit);
  }
  void scan_aged(Table table, std::string_view prefix, std::string_view from,
                 const std::function<bool(std::string_view, std::string_view, RunHour)>& visit) override {
    writer_->scan_aged(table, prefix, from, visit);
  }
  std::uint64_t rows(Table table) override { return writer_->rows(table); }
  std::string_view failure() const override { return failure_.empty() ? writer_->failure() : failure_; }

  void put(Table table, std::string_view key, std::string_view value) override {
    writer_->put(table, key, value);
    if (table != Table::progress) rows_[{table, std::string(key)}] = std::string(value);
  }
  void erase(Table table, std::string_view key) override {
    writer_->erase(table, key);
    if (table != Table::progress) rows_[{table, std::string(key)}] = std::nullopt;
  }
  CommitOutcome commit() override;

 private:
  [[nodiscard]] bool append();

  LoggedAlertStore& store_;
  std::unique_ptr<StoreWriter> writer_;
  std::map<std::pair<Table, std::string>, std::optional<std::string>> rows_;
  std::string failure_;
};

// False: the log did not take it.
bool LoggedWriter::append() {
  LogTransaction transaction = std::move(store_.told_);
  store_.told_ = {};
  for (auto& [key, value] : rows_) transaction.rows.push_back({key.first, key.second, std::move(value)});
  if (transaction.empty()) return true;
  const auto next = store_.log_.append(store_.place_.log, transaction);
  if (!next || next.value() <= store_.place_.next) {
    failure_ = next ? "the log was made anew" : "the log: " + next.error().message;
    store_.lost_ = true;
    return false;
  }
  store_.place_.next = next.value();
  store_.place_.at = store_.log_.now();
  writer_->put(Table::progress, kLogPlaceKey, encode_log_place(store_.place_));
  return true;
}

CommitOutcome LoggedWriter::commit() {
  if (!writer_->failure().empty()) return CommitOutcome::failed;
  if (store_.lost_) {
    failure_ = "this node does not judge now";
    return CommitOutcome::failed;
  }
  if (!append()) return CommitOutcome::failed;
  const CommitOutcome outcome = writer_->commit();
  if (outcome != CommitOutcome::committed) store_.lost_ = true;
  return outcome;
}

std::unique_ptr<StoreWriter> LoggedAlertStore::write() {
  told_ = {};
  if (!is_logged_) return store_.write();
  return std::make_unique<LoggedWriter>(*this, store_.write());
}

void LoggedAlertStore::log_to(const LogPlace& place) {
  place_ = place;
  is_logged_ = true;
  lost_ = false;
}

void LoggedAlertStore::note_judged(Hash128 combination) {
  if (is_logged_) told_.judged.push_back(combination);
}

void LoggedAlertStore::note_claim(LogTransaction::Claim claim) {
  if (is_logged_) told_.claims.push_back(std::move(claim));
}

}  // namespace straykey
