#pragma once
// Descents: hands what is known of a key on to the keys that were issued by AssumeRole, called with it.
//
// Shape:  a call of AssumeRole, or what has become known of a key, makes descents. settle() gives each to the worker if
//         the issued key is used in this shard, and there it may make others; the rest is for other shards.
// Order:  of a caller that is not proven yet, or only weakly, the issued key is kept and handed on when more is known.
// Bounds: what is known already is handed on kHandedMax times in a row, because masked keys may be each other's
//         ancestors.
// Thread: the shard's worker.
#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "core/detect/settings.h"
#include "core/engine/request.h"
#include "core/engine/waiting_calls.h"

namespace straykey {

class Descents {
 public:
  static constexpr std::uint8_t kHandedMax = 64;

  struct Settings {
    HashKey hash_key;
    std::uint32_t shard = 0, shards = 1;
  };
  // The references are borrowed.
  Descents(Settings settings, const DetectionSettings& detection, WaitingCalls& waiting)
      : settings_(settings), detection_(detection), waiting_(waiting) {}

  // The event issued a key. `caller`, `issued`: the caller's key, and what is known of it or null. If the record does
  // not name the caller's key, only the record itself can prove the caller. `may_be_forged`: as of Request.
  void hand_on(const Event& event, Hash128 caller, const IssuedToken* issued, bool may_be_forged = false);
  // What is known of the key now concerns the keys that sessions of the role were given when they called with it.
  // `known`: all that is known of the key, `issued` among it. `everywhere`: as of WaitingCalls::issued_to(). `handed`:
  // how often it was handed on before.
  void hand_on(Hash128 key, std::string_view role, const IssuedToken& issued, const IssuedTokens& known,
               bool everywhere, std::uint8_t handed);
  // A call tells whose its session is, on its day and the next one: tells the shard that owns the session.
  void tell_session(std::string_view principal_id, const IssuedToken& known);
  [[nodiscard]] bool is_own_session(std::string_view principal_id, Day day) const;
  // Whether settle() has something to do.
  [[nodiscard]] bool has_made() const noexcept { return !made_.empty(); }
  // Calls take_over() for each descent of this shard's keys, and adds all others to `others`.
  void settle(const std::function<void(const Descent&)>& take_over, std::vector<Descent>& others);

 private:
  void hand_on_copy(const HandedKey& child, Hash128 session, const IssuedToken* issued);
  void add(const HandedKey& issued, const ServiceToken* parent, bool by_session, std::uint8_t handed);

  Settings settings_;
  const DetectionSettings& detection_;
  WaitingCalls& waiting_;
  std::vector<Descent> made_;
};

}  // namespace straykey
