#pragma once
// KeyTable: what a shard remembers of the access keys in use: where each was issued, and what was done with it.
//
// Shape:  at() reads a key's rows at its first use and keeps them in memory. Calls are counted in memory. flush() adds
//         them to the rows of the key and its identity; they are soft state, so a crash loses what was not flushed yet.
//         A key belongs to one session. Where logs were masked, several sessions share one key: what is kept is that of
//         the session that used it last.
// Order:  a key in use has its token row put again every kTokenTouchHours, so that its age counts from its last use.
//         If more keys changed than one flush writes, the key that waited longest is written first.
// Bounds: keys_max keys in memory. When there are as many, the half that was not used for longest is dropped, and a
//         dropped key is read again when it is needed. flush() writes the rows of at most keys_a_flush keys, and those
//         of their identities. What a dropped key did is written when it is dropped.
// Errors: hand_over_failure() tells if a partition could not be read. Then the batch must not be trusted.
// Thread: the shard's worker.
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <deque>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/hash.h"
#include "core/engine/activity.h"
#include "core/engine/batch_writer.h"
#include "core/engine/request.h"
#include "core/identity/service_token.h"

namespace straykey {

// The key of a row that belongs to an access key (activity; prefix in pending): its access_key_id.
[[nodiscard]] std::string access_key_row(HashKey hash_key, std::string_view access_key);
// The key of a row of Table::tokens: the access key and the role that it was issued to, account/role. Without a role,
// because the issuing event names none, it is the access key alone, as it is in rows of builds before December 2026.
[[nodiscard]] Hash128 token_row(HashKey hash_key, Hash128 access_key_id, std::string_view role);

class KeyTable {
 public:
  struct Settings {
    HashKey hash_key;
    // The other partitions, borrowed and only read. A key's rows lie there if the shard count changed since they were
    // written.
    std::vector<BaselineStore*> others;
    std::size_t keys_max = 1 << 16;
    std::size_t keys_a_flush = 500;
  };
  struct Calls {
    ActivityCounter since_flush;  // calls that are not in the store yet
    bool named = false;           // `identity` is what is known now
    std::string identity;         // the identity whose calls they are; empty unless proven
  };
  static constexpr Day kAnyDay = ~Day{0};
  struct Key {
    bool waits = false;         // it stands in changed_
    RunHour touched = 0;        // when its token row was last put
    std::uint64_t proof = 0;    // changes with what is known of its issuing event; 0: nothing
    std::uint64_t used = 0;     // the batch of its last use
    bool stale = false;         // its token row was written since it was read
    std::uint64_t told = 0;     // the last that its calls told of its session; 0: nothing
    std::string session;        // whose rows were read: userIdentity.arn
    Hash128 token;              // the row of `issued`
    std::uint64_t own_row = 0;  // when it was seen in this partition, as of rows_erased_; 0: never
    std::unique_ptr<const IssuedToken> issued;
    Day from = 0, to = kAnyDay;    // the days on which that is what is known
    bool alone = false;            // the row says nothing of other days
    std::unique_ptr<Calls> calls;  // null: calls are not counted, because the key cannot be a service token's

    [[nodiscard]] bool has_unnamed_calls() const noexcept { return calls != nullptr && !calls->named; }
  };

  KeyTable(Settings settings, BatchWriter& writer) : settings_(std::move(settings)), writer_(writer) {}

  // The key of the event, by its access_key_id, or its session, by its session_id: of that, what was told on its day
  // or the one before counts. The reference is good until the next call.
  Key& at(Hash128 id, const Event& event, bool is_session);
  // Null if the key is not in memory. The pointer is good until the next at().
  [[nodiscard]] const Key* find(Hash128 id) const noexcept {
    const auto found = keys_.find(id);
    return found == keys_.end() ? nullptr : &found->second;
  }
  // REQUIRES: key.calls.
  void count(const Request::RoutedEvent& routed, const Event& event, Key& key);
  // Says whose calls are counted. `token` is the event's, if that is known already.
  // REQUIRES: key.has_unnamed_calls(), of the event.
  static void name(Key& key, const Event& event, const ServiceToken* token);
  // Whether the key is in memory, and its token row in this partition is the one named and says just this, of its day
  // alone.
  [[nodiscard]] bool holds(Hash128 id, Hash128 row, const IssuedToken& issued) const;
  // The key's token row is read again at its next use: its issuing event has become known.
  void reload(Hash128 id);
  // Writes what was done with the key so far.
  void write_activity(Hash128 id);
  void flush();
  // Writes what waits of these keys, and of all keys of these identities.
  void flush_of(const std::set<Hash128>& keys, const std::set<std::string>& identities);
  void forget_all();
  // No other partition holds rows of this one's keys any more.
  void leave_others() noexcept { settings_.others.clear(); }
  // Rows of this partition were erased, so that of any key may be gone.
  void note_erased() noexcept { ++rows_erased_; }
  // A new batch begins at this run hour; keys used from now on are used in it.
  void begin_batch(RunHour now) noexcept {
    ++batch_;
    now_ = now;
  }
  // How many keys wait to be written by flush().
  [[nodiscard]] std::size_t waiting() const noexcept { return changed_.size() + touched_.size(); }
  // Which partition could not be read since the last call, and why.
  [[nodiscard]] std::string hand_over_failure();

 private:
  using Keys = boost::unordered_flat_map<Hash128, Key, std::hash<Hash128>>;
  struct News {
    Hash128 id;
    const std::string* identity;
    Activity activity;
  };

  void load(Hash128 id, const Event& event, bool is_session, Key& key);
  void read_token(StoreReader& store, Hash128 row, Day day, Key& key) const;
  void evict();
  static void collect_news(Hash128 id, Key& key, std::vector<News>& news);
  void write(Hash128 id, Key& key);
  void write(const std::vector<News>& news);
  void add(std::string_view row, std::span<const News* const> news);

  // Constant after construction.
  Settings settings_;
  BatchWriter& writer_;

  // Owned by the worker's thread.
  Keys keys_;
  std::deque<Hash128> changed_;   // keys whose calls wait for flush(), the one that waited longest first
  std::vector<Hash128> touched_;  // keys whose token row is to be put again
  std::uint64_t rows_erased_ = 1;

  // Of the batch in hand.
  std::uint64_t batch_ = 0;
  RunHour now_ = 0;
  std::string failure_;
};

}  // namespace straykey
