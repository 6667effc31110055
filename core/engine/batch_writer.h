#pragma once
// BatchWriter: the transaction of one batch of a partition. It begins when it is first needed.
//
// Shape:  open() / put() / erase() any number of times, then commit() or forget().
// Durable: a batch that wrote nothing has nothing to commit and touches no disk.
// Thread: the shard's worker.
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "core/engine/store.h"

namespace straykey {

class BatchWriter {
 public:
  explicit BatchWriter(BaselineStore& store) : store_(store) {}

  // The transaction itself, for reading, and for changes that alone are no reason to commit.
  StoreWriter& open() {
    if (!writer_) writer_ = store_.write();
    return *writer_;
  }
  void put(Table table, std::string_view key, std::string_view value) {
    open().put(table, key, value);
    note_news();
  }
  void erase(Table table, std::string_view key) {
    open().erase(table, key);
    news_ = true;
  }
  // Notes that the commit will have something to write that is not put yet.
  void note_news() noexcept {
    news_ = true;
    ++news_count_;
  }
  void note_erased() noexcept { news_ = true; }

  [[nodiscard]] bool has_news() const noexcept { return news_; }
  [[nodiscard]] std::size_t news_count() const noexcept { return news_count_; }

  // Also fails if something could not be read, because what was concluded from it cannot be trusted.
  [[nodiscard]] CommitOutcome commit() {
    failure_.clear();
    CommitOutcome outcome = CommitOutcome::committed;
    if (writer_) {
      failure_ = writer_->failure();
      if (news_) {
        outcome = writer_->commit();
        if (outcome != CommitOutcome::committed && failure_.empty()) failure_ = writer_->failure();
      } else if (!failure_.empty()) {
        outcome = CommitOutcome::failed;
      }
    }
    forget();
    return outcome;
  }
  void forget() noexcept {
    writer_.reset();
    news_ = false;
    news_count_ = 0;
  }
  // Why the last commit failed.
  [[nodiscard]] const std::string& failure() const noexcept { return failure_; }

 private:
  BaselineStore& store_;
  std::unique_ptr<StoreWriter> writer_;
  bool news_ = false;
  std::size_t news_count_ = 0;
  std::string failure_;
};

}  // namespace straykey
