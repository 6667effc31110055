#include "core/operate/alert_watch.h"

#include <algorithm>
#include <string_view>

#include "core/detect/message.h"

namespace straykey {
namespace {

constexpr std::size_t kIdBytes = 16;

class WatchedWriter final : public StoreWriter {
 public:
  WatchedWriter(std::unique_ptr<StoreWriter> writer, const AlertWatch::OnChanged& on_changed)
      : writer_(std::move(writer)), on_changed_(on_changed) {}

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
  std::string_view failure() const override { return writer_->failure(); }
  void put(Table table, std::string_view key, std::string_view value) override {
    writer_->put(table, key, value);
    if (table == Table::alert_state) note(key);
    if (table == Table::alerts) note_contradiction(value);
  }
  void erase(Table table, std::string_view key) override {
    writer_->erase(table, key);
    if (table == Table::alert_state) note(key);
  }
  CommitOutcome commit() override {
    const CommitOutcome outcome = writer_->commit();
    if (outcome != CommitOutcome::committed || (changed_.empty() && !all_)) return outcome;
    std::sort(changed_.begin(), changed_.end());
    changed_.erase(std::unique(changed_.begin(), changed_.end()), changed_.end());
    on_changed_({std::move(changed_), all_});
    return outcome;
  }

 private:
  void note(std::string_view key) {
    if (key.size() != kIdBytes || all_) return;
    changed_.push_back(Hash128::from_bytes(key.data()));
    if (changed_.size() <= AlertWatch::kChangesMax) return;
    all_ = true;
    changed_.clear();
  }
  // An alert's own row comes with a row of its state, so only what has none is of interest here.
  void note_contradiction(std::string_view value) {
    const auto message = decode_message(value);
    const Contradiction* told = message ? std::get_if<Contradiction>(&*message) : nullptr;
    if (told != nullptr) note(told->alert.key());
  }

  std::unique_ptr<StoreWriter> writer_;
  const AlertWatch::OnChanged& on_changed_;
  std::vector<Hash128> changed_;
  bool all_ = false;
};

}  // namespace

std::unique_ptr<StoreWriter> AlertWatch::write() {
  return std::make_unique<WatchedWriter>(store_.write(), on_changed_);
}

}  // namespace straykey
