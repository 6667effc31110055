// Every row is read by the program's own decoders, and rows that contradict each other are named.
#include "core/operate/row_check.h"

#include <string>
#include <utility>
#include <vector>

#include "core/base/bytes.h"
#include "core/baseline/fact.h"
#include "core/detect/candidate.h"
#include "core/detect/message.h"
#include "core/engine/outbox.h"
#include "core/engine/sequence.h"
#include "core/engine/told_session.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

constexpr HashKey kKey{5, 6};

struct Bench {
  std::vector<std::string> findings;
  RowCheck rows{kKey, [this](std::string sentence) { findings.push_back(std::move(sentence)); }};

  bool found(std::string_view words) const {
    return findings.size() == 1 && findings[0].find(words) != std::string::npos;
  }
};

std::string bytes_of(Hash128 hash) {
  const auto bytes = hash.bytes();
  return {bytes.data(), bytes.size()};
}

void put_candidates(Bench& bench, std::uint64_t first, std::uint64_t last, std::uint64_t next) {
  for (std::uint64_t number = first; number <= last; ++number)
    bench.rows.partition_row(Table::candidates, encode_sequence(number), encode_candidate(Candidate{}));
  bench.rows.partition_row(Table::shard_meta, "next_sequence", encode_sequence(next));
}

TEST_CASE("row check: candidates from the mark to the next number are all there, or it says how many are not") {
  Bench bench;
  bench.rows.alert_row(Table::progress, encode_sequence(0), encode_sequence(4));
  put_candidates(bench, 3, 9, 10);  // 3 and 4 are judged and not erased yet
  bench.rows.end_partition(0);
  CHECK_EQ(bench.findings, std::vector<std::string>{});
  put_candidates(bench, 1, 3, 6);  // another partition, nothing judged: 4 and 5 are missing
  bench.rows.end_partition(1);
  CHECK(bench.found("2 candidates are neither judged nor there"));
}

TEST_CASE("row check: a candidate that was judged past the mark may be missing; one that was not may not") {
  const auto ahead_of_5_7_and_12 = encode_sequence(5) + std::string{'\x85', '\0'};
  Bench bench;
  bench.rows.alert_row(Table::progress, encode_sequence(0), encode_sequence(3));
  bench.rows.alert_row(Table::progress, "ahead " + encode_sequence(0), ahead_of_5_7_and_12);
  put_candidates(bench, 4, 6, 8);
  bench.rows.end_partition(0);
  CHECK_EQ(bench.findings, std::vector<std::string>{});
  bench.rows.alert_row(Table::progress, "ahead " + encode_sequence(1), ahead_of_5_7_and_12);
  put_candidates(bench, 1, 3, 8);  // 4 and 6 are missing; 12 does not count, as the next is 8
  bench.rows.end_partition(1);
  CHECK(bench.found("2 candidates are neither judged nor there"));
}

TEST_CASE("row check: a mark beyond the next number, and a candidate beyond it, are named") {
  Bench bench;
  bench.rows.alert_row(Table::progress, encode_sequence(0), encode_sequence(20));
  put_candidates(bench, 21, 20, 10);
  bench.rows.end_partition(0);
  CHECK(bench.found("candidates up to 20 are judged, and the next is 10"));
  Bench other;
  put_candidates(other, 1, 7, 5);
  other.rows.end_partition(0);
  CHECK(other.found("has a candidate 7 though the next is 5"));
}

TEST_CASE("row check: an outbox row has its alert and lies under its endpoint") {
  const Hash128 alert{1, 0x80}, other{2, 3};
  const std::string prefix = bytes_of(hash128(kFixedHashKey, "siem"));
  const std::string row = encode_outbox_row({"siem", 0, 0, false, ""});
  Bench bench;
  bench.rows.alert_row(Table::alerts, bytes_of(alert), encode_message(AlertSummary{}));
  bench.rows.alert_row(Table::outbox, prefix + bytes_of(alert), row);
  CHECK_EQ(bench.findings, std::vector<std::string>{});
  bench.rows.alert_row(Table::outbox, prefix + bytes_of(other), row);
  CHECK(bench.found("table outbox names an alert that is not there"));
  bench.rows.alert_row(Table::outbox, std::string(32, 'x'), row);
  CHECK_EQ(bench.rows.findings(), 2);
}

TEST_CASE("row check: a fact under the key of another is named, one whose text was cut is not") {
  Bench bench;
  Fact fact;
  fact.seen(20'000);
  const std::string text(2'000, 'n');
  for (const FactRef& ref :
       {FactRef{FactKind::identity_tool, "a", "boto3"}, FactRef{FactKind::identity_tool, text, "b"}})
    for (const std::string& key : {fact_key(kKey, ref), fact_key_of_format_2(kKey, ref)})
      bench.rows.partition_row(Table::facts, key, encode_fact(fact, ref));
  CHECK_EQ(bench.findings, std::vector<std::string>{});
  const FactRef ref{FactKind::identity_tool, "a", "boto3"};
  bench.rows.partition_row(Table::facts, fact_key({1, 1}, ref), encode_fact(fact, ref));
  CHECK(bench.found("table facts has a fact under the key of another"));
  bench.findings.clear();
  bench.rows.partition_row(Table::facts, fact_key_of_format_2({1, 1}, ref), encode_fact(fact, ref));
  CHECK(bench.found("table facts has a fact under the key of another"));
}

TEST_CASE("row check: that a call told whose its session is can be read") {
  Bench bench;
  const std::string ids = bytes_of({1, 2}) + bytes_of({3, 4});
  bench.rows.partition_row(Table::pending, std::string(kToldSessions) + ids,
                           encode(ToldSession{"AROAEXAMPLE:orders-fn", 19'800, "111122223333/orders"}));
  CHECK_EQ(bench.findings, std::vector<std::string>{});
  bench.rows.partition_row(Table::pending, std::string(kToldSessions) + ids, "\x05half");
  CHECK(bench.found("table pending has a row that cannot be read"));
}

TEST_CASE("row check: in every table a value that is cut short cannot be read") {
  const std::string id = bytes_of({1, 2});
  for (const auto& [table, key] : std::vector<std::pair<Table, std::string>>{{Table::facts, {}},
                                                                             {Table::facts, std::string(33, 'k')},
                                                                             {Table::tokens, id},
                                                                             {Table::pending, id + id},
                                                                             {Table::proposed, id},
                                                                             {Table::candidates, "12345678"},
                                                                             {Table::activity, id}}) {
    Bench bench;
    bench.rows.partition_row(table, key, "\x01");
    CHECK(bench.found("has a row that cannot be read"));
  }
  for (const auto& [table, key] : std::vector<std::pair<Table, std::string>>{{Table::alerts, id},
                                                                             {Table::alert_state, id},
                                                                             {Table::dedup, id},
                                                                             {Table::hits, id},
                                                                             {Table::quarantine, std::string(33, 'k')},
                                                                             {Table::progress, "12345678"},
                                                                             {Table::progress, "ahead 12345678"},
                                                                             {Table::outbox, id + id},
                                                                             {Table::activated, "111122223333"},
                                                                             {Table::flood, "12345"},
                                                                             {Table::alert_pairs, id},
                                                                             {Table::alert_pairs, id + id},
                                                                             {Table::campaigns, id}}) {
    Bench bench;
    bench.rows.alert_row(table, key, "\x01");
    CHECK(bench.found("has a row that cannot be read"));
  }
}

TEST_CASE("row check: who holds a pair is read before the alerts, whose names come later") {
  Bench bench;
  bench.rows.alert_row(Table::alert_pairs, bytes_of({1, 2}) + bytes_of({3, 4}), "");
  bench.rows.alert_row(Table::alert_pairs, "holders", "");
  CHECK_EQ(bench.findings, std::vector<std::string>{});
}

}  // namespace
}  // namespace straykey
