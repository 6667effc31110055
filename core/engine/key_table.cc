// The key table is a cache in front of two kinds of rows: where an access key was issued (Table::tokens), and what was
// done with it (Table::activity). The first is read when the key is first used, because it decides whose call an event
// is. The second is soft state: calls are counted in memory, and flush() adds them to the rows a few hundred keys at a
// time, so that a second with very many keys does not become one long transaction.
//
// A flood of keys must not grow memory. When the table is full, the half that was not used for longest is written and
// dropped; such a key is read again if it comes back. Since flush() writes fewer keys a second than a flood brings, the
// two lists of waiting keys are cleared of dropped keys as well.
#include "core/engine/key_table.h"

#include <algorithm>
#include <utility>

#include "core/engine/expiry.h"
#include "core/engine/route.h"
#include "core/identity/issued_tokens.h"

namespace straykey {

std::string access_key_row(HashKey hash_key, std::string_view access_key) {
  return access_key_id(hash_key, access_key).key();
}

Hash128 token_row(HashKey hash_key, Hash128 access_key_id, std::string_view role) {
  if (role.empty()) return access_key_id;
  thread_local std::string text;
  text.assign(access_key_id.bytes()).append(role);
  return hash128(hash_key, text);
}

KeyTable::Key& KeyTable::at(Hash128 id, const Event& event, bool is_session) {
  auto found = keys_.find(id);
  const bool has_rows = is_session || is_temporary_key(event.access_key);
  if (found == keys_.end()) {
    evict();
    found = keys_.emplace(id, Key{}).first;
    if (has_rows) load(id, event, is_session, found->second);
  } else if (found->second.session != event.arn && has_rows) {
    write(id, found->second);  // what the other session did
    found->second.calls.reset();
    load(id, event, is_session, found->second);
  } else if (const Day day = event.day(); found->second.stale || day < found->second.from || day > found->second.to) {
    load(id, event, is_session, found->second);
  }
  Key& key = found->second;
  key.used = batch_;
  if (key.issued && key.touched + kTokenTouchHours <= now_) {
    key.touched = now_;
    touched_.push_back(id);
  }
  return key;
}

void KeyTable::read_token(StoreReader& store, Hash128 row, Day day, Key& key) const {
  const auto found = store.get_aged(Table::tokens, row.bytes());
  if (!found) return;
  const auto tokens = decode_issued_tokens(found->value);
  if (!tokens) return;
  const IssuedToken* const issued = tokens->on(day);
  const bool alone = tokens->all().size() == 1;
  if (alone && issued != nullptr) {
    key.from = std::max(key.from, issued->issued_day - std::min(issued->issued_day, IssuedTokens::kUsedBefore));
    key.to = std::min(key.to, issued->issued_day + IssuedTokens::kUsedAfter);
  } else {
    key.from = key.to = day;
  }
  if (issued != nullptr && (!key.issued || key.issued->weight() < issued->weight())) {
    key.touched = found->put_at;
    key.token = row;
    key.own_row = &store == &writer_.open() ? rows_erased_ : 0;
    key.proof = hash64(settings_.hash_key, alone ? found->value : encode(*issued)) | 1;
    key.alone = alone;
    key.issued = std::make_unique<IssuedToken>(*issued);
  }
}

void KeyTable::load(Hash128 id, const Event& event, bool is_session, Key& key) {
  key.session = event.arn;
  key.stale = false;
  key.issued.reset();
  key.from = 0;
  key.to = kAnyDay;
  key.proof = 0;
  key.told = 0;
  const std::string role = is_session ? std::string() : session_role(event);
  const Day day = event.day();
  const auto read = [&](StoreReader& store) {
    if (is_session) read_token(store, session_day_before(id), day, key);
    if (!role.empty()) read_token(store, token_row(settings_.hash_key, id, role), day, key);
    if (is_session || !key.issued) read_token(store, id, day, key);
  };
  read(writer_.open());
  for (BaselineStore* other : settings_.others) {
    // After a change of the shard count, an issuing event that comes again may say less here than is known elsewhere.
    if (key.issued && !key.issued->is_provisional()) break;
    const auto reader = other->read();
    read(*reader);
    if (!reader->failure().empty()) failure_ = reader->failure();
  }
  if (key.calls != nullptr) {
    key.calls->named = false;  // a known issuing event may name them otherwise
  } else if (may_be_service_token(event)) {
    key.calls = std::make_unique<Calls>();
  }
}

void KeyTable::name(Key& key, const Event& event, const ServiceToken* token) {
  key.calls->named = true;
  const auto proven = token == nullptr ? prove_service_token(event, key.issued.get()) : std::nullopt;
  if (proven) token = &*proven;
  key.calls->identity = token == nullptr ? std::string() : token->identity;
}

void KeyTable::count(const Request::RoutedEvent& routed, const Event& event, Key& key) {
  if (!std::exchange(key.waits, true)) changed_.push_back(routed.signature.access_key);
  key.calls->since_flush.count(routed.signature.call, routed.time, routed.failed, event);
}

bool KeyTable::holds(Hash128 id, Hash128 row, const IssuedToken& issued) const {
  const Key* const key = find(id);
  return key != nullptr && key->issued && key->alone && key->own_row == rows_erased_ && !key->stale &&
         key->token == row && *key->issued == issued;
}

void KeyTable::reload(Hash128 id) {
  const auto key = keys_.find(id);
  if (key != keys_.end()) key->second.stale = true;
}

// Makes room by dropping the keys that were not used for longest. What they did goes into the open transaction first.
void KeyTable::evict() {
  if (keys_.size() < settings_.keys_max) return;
  std::vector<std::uint64_t> uses;
  uses.reserve(keys_.size());
  for (const auto& [name, key] : keys_) uses.push_back(key.used);
  const auto middle = uses.begin() + static_cast<std::ptrdiff_t>(uses.size() / 2);
  std::nth_element(uses.begin(), middle, uses.end());
  std::vector<News> news;
  std::vector<std::unique_ptr<Calls>> calls;  // keeps the identities alive to which `news` points
  for (auto at = keys_.begin(); at != keys_.end();) {
    if (at->second.used > *middle) {
      ++at;
      continue;
    }
    collect_news(at->first, at->second, news);
    calls.push_back(std::move(at->second.calls));
    keys_.erase(at++);
  }
  write(news);
  // Dropped keys have nothing left to flush. A flood would otherwise grow these lists faster than flush() empties them.
  const auto is_gone = [this](Hash128 id) { return !keys_.contains(id); };
  std::erase_if(changed_, is_gone);
  std::erase_if(touched_, is_gone);
}

void KeyTable::collect_news(Hash128 id, Key& key, std::vector<News>& news) {
  if (key.calls != nullptr && !key.calls->since_flush.empty())
    news.push_back({id, &key.calls->identity, key.calls->since_flush.release()});
}

// Adds what the key did since the last flush to its row and to its identity's.
void KeyTable::write(Hash128 id, Key& key) {
  std::vector<News> news;
  collect_news(id, key, news);
  write(news);
}

// Keys of one identity lie together, so that its row, often the longest of all, is read and written once.
void KeyTable::write(const std::vector<News>& news) {
  std::vector<const News*> order;
  order.reserve(news.size());
  for (const News& key : news) order.push_back(&key);
  std::stable_sort(order.begin(), order.end(),
                   [](const News* a, const News* b) { return *a->identity < *b->identity; });
  const auto other_identity = [](const News* a, const News* b) { return *a->identity != *b->identity; };
  for (std::span<const News* const> rest = order; !rest.empty();) {
    const auto next = std::adjacent_find(rest.begin(), rest.end(), other_identity);
    const auto same = static_cast<std::size_t>(next - rest.begin()) + (next == rest.end() ? 0 : 1);
    for (const News* const& key : rest.first(same)) add(key->id.bytes(), {&key, 1});
    if (const std::string& identity = *rest.front()->identity; !identity.empty())
      add(identity_activity_row(settings_.hash_key, identity), rest.first(same));
    rest = rest.subspan(same);
  }
}

void KeyTable::add(std::string_view row, std::span<const News* const> news) {
  const auto stored = writer_.open().get(Table::activity, row);
  if (!stored && news.size() == 1) return writer_.put(Table::activity, row, encode_activity(news.front()->activity));
  Activity activity = stored ? decode_activity(*stored).value_or(Activity{}) : Activity{};
  for (const News* const key : news) activity.merge(key->activity);
  writer_.put(Table::activity, row, encode_activity(activity));
}

void KeyTable::write_activity(Hash128 id) {
  const auto key = keys_.find(id);
  if (key != keys_.end()) write(id, key->second);
}

void KeyTable::flush() {
  std::size_t written = 0;
  std::vector<News> news;
  while (!touched_.empty() && written < settings_.keys_a_flush) {
    const auto key = keys_.find(touched_.back());
    touched_.pop_back();
    if (key == keys_.end() || !key->second.issued) continue;
    const HashBytes row = key->second.token.bytes();
    const auto stored = key->second.alone ? std::nullopt : writer_.open().get(Table::tokens, row);
    writer_.put(Table::tokens, row, stored ? *stored : encode(*key->second.issued));
    ++written;
  }
  while (!changed_.empty() && written < settings_.keys_a_flush) {
    const auto key = keys_.find(changed_.front());
    changed_.pop_front();
    if (key == keys_.end()) continue;
    key->second.waits = false;
    const std::size_t before = news.size();
    collect_news(key->first, key->second, news);
    written += news.size() - before;
  }
  write(news);
}

void KeyTable::flush_of(const std::set<Hash128>& keys, const std::set<std::string>& identities) {
  std::vector<News> news;
  std::erase_if(changed_, [&](Hash128 id) {
    const auto key = keys_.find(id);
    if (key == keys_.end() || key->second.calls == nullptr) return true;
    if (!keys.contains(id) && !identities.contains(key->second.calls->identity)) return false;
    key->second.waits = false;
    collect_news(id, key->second, news);
    return true;
  });
  write(news);
}

void KeyTable::forget_all() {
  keys_.clear();
  changed_.clear();
  touched_.clear();
}

std::string KeyTable::hand_over_failure() {
  return std::exchange(failure_, {});
}

}  // namespace straykey
