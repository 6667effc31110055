#pragma once
// BaselineView: what the whole tenant knows: the OR of the facts of all partitions, without what is in quarantine.
//
// Shape:  it borrows one reader of each partition and the merger's transaction, for as long as that transaction is
//         open; and the kept answers, if they are to outlive it.
// Errors: a reader that failed answers nothing; failed() tells, and the caller must not use what it concluded.
// Thread: the merger's.
// Bounds: counting stops at kUsersCounted users, and each() reads no further than its visitor wants. users_before()
//         keeps at most kAnswersKept answers, all of one day.
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/baseline/fact.h"
#include "core/engine/activity.h"
#include "core/engine/store.h"

namespace straykey {

// The row of Table::progress that kept_since() reads.
inline constexpr std::string_view kKeptSinceKey = "kept since";

struct KnownThing;

class BaselineView {
 public:
  static constexpr int kUsersCounted = 100;
  static constexpr std::size_t kAnswersKept = 4096;

  // What users_before() answered, all of one day.
  struct Answers {
    Day day = 0;
    std::map<std::string, std::vector<std::string>, std::less<>> users;  // by question

    void forget() { users.clear(); }
  };

  // `kept`: answers of the transaction before, of which this one is the continuation. A day's candidates may need many
  // transactions, and reading all rows of a scope once more in each of them would make N candidates cost N * N.
  BaselineView(HashKey hash_key, const std::vector<std::unique_ptr<StoreReader>>& partitions, StoreReader& alerts,
               Answers* kept = nullptr)
      : hash_key_(hash_key), partitions_(partitions), alerts_(alerts), answers_(kept == nullptr ? own_ : *kept) {}
  BaselineView(const BaselineView&) = delete;
  BaselineView& operator=(const BaselineView&) = delete;

  // From now on calls of this day are judged, so an acknowledgement that ended before it does not count. Until it is
  // called, all count.
  void judge_day(Day day) noexcept { judged_day_ = day; }

  // From now on pairs that one of these covers count as acknowledged. None: what is stored alone counts. They are
  // borrowed for the view's life.
  void know(std::span<const KnownThing> known) noexcept {
    known_ = known;
    known_counted_ = false;
  }
  // Whether an answer since know() depended on one of them.
  [[nodiscard]] bool known_counted() const noexcept { return known_counted_; }

  [[nodiscard]] Fact fact(FactKind kind, std::string_view scope, std::string_view value) const;
  [[nodiscard]] Fact quarantine(FactKind kind, std::string_view scope, std::string_view value) const;
  // Whether the pair took part in an alert on one of the window's days before `day`, and nobody acknowledged it.
  [[nodiscard]] bool quarantined(FactKind kind, std::string_view scope, std::string_view value, Day day,
                                 int window_days) const;

  // Calls visit(value, fact) once for each value of a scope, partitions merged, until it returns false.
  void each(FactKind kind, std::string_view scope,
            const std::function<bool(const std::string& value, const Fact&)>& visit) const;

  // Who of a scope was seen on `days` of the window's days before `day`, less those in quarantine: the first
  // kUsersCounted + 1 in the order of the store, so that one may be left out.
  struct UsersBefore {
    FactKind kind;
    std::string_view scope;
    Day day = 0;
    int window_days = 0;
    int days = 1;  // on at least so many of the window's days
    // Names what left_out looks for, so that different questions have different kept answers
    std::string_view quarantine;
  };
  // The answers are kept, because a day's hits ask the same questions over and over. Without that, N identities that
  // are new in one network would cost N * N rows: each question reads all of them and leaves them out.
  // Cost: the rows of the scope, once a day and question.
  [[nodiscard]] const std::vector<std::string>& users_before(
      const UsersBefore& question, const std::function<bool(const std::string& user)>& left_out) const;
  // Tells that a row of quarantine of `day` was written. Kept answers that it may change are forgotten.
  void note_quarantined(Day day) const;
  // Tells that rows of quarantine may have been changed in any way. All kept answers are forgotten.
  void forget_answers() const;

  // Calls visit(fact) for the fact of each account in each partition, not merged, until it returns false.
  void each_account(const std::function<bool(const NamedFact&)>& visit) const;
  // The same for each fact of the account's identities and roles; of another account's, too, if its hash begins alike.
  void each_of_account(std::string_view account,
                       const std::function<bool(FactKind kind, const NamedFact&)>& visit) const;

  // The last day on which any account was seen. The first call reads the facts of all accounts.
  [[nodiscard]] Day newest_account_day() const;

  // The earliest days on which the account was seen as recipient, ascending, at most kEarliestDays. Builds before
  // December 2026 kept no facts of them, so what the account's own fact tells is taken in.
  [[nodiscard]] std::vector<Day> earliest_days(std::string_view account) const;

  // Newest day of any account when the store was first opened by a program of format 2. The kinds of facts that this
  // format brought are kept from that day on. Nothing: the store was made by such a program and always kept them.
  [[nodiscard]] std::optional<Day> kept_since() const;

  // The day from which the merger knows the account to be active.
  [[nodiscard]] std::optional<Day> active_since(std::string_view account) const;
  // What `ask` says of the account on that day (without an account: of any), asked once in this transaction.
  bool remembered(std::string_view account, Day day, const std::function<bool()>& ask) const;

  // A row of Table::activity, merged over the partitions.
  [[nodiscard]] Activity activity(std::string_view row) const;
  [[nodiscard]] bool failed() const;
  [[nodiscard]] HashKey hash_key() const noexcept { return hash_key_; }

 private:
  [[nodiscard]] bool is_known(FactKind kind, std::string_view scope, std::string_view value, Day day) const;
  [[nodiscard]] std::string answer_key(const UsersBefore& question) const;
  void each_with(const std::string& prefix, const std::function<bool(FactKind, const NamedFact&)>& visit) const;

  HashKey hash_key_;
  const std::vector<std::unique_ptr<StoreReader>>& partitions_;
  StoreReader& alerts_;
  Day judged_day_ = 0;
  std::span<const KnownThing> known_;
  mutable bool known_counted_ = false;
  mutable std::optional<Day> newest_account_day_;
  mutable std::map<std::pair<Day, std::string>, bool> remembered_;
  Answers own_;
  Answers& answers_;
};

}  // namespace straykey
