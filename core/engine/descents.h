#pragma once
// Descents: hands what is known of a key on to the keys that were issued by AssumeRole, called with it.
//
// Shape:  a call of AssumeRole, or what has become known of a key, makes descents; next() gives them one by one to the
//         worker, which takes them over or brings them to the shard of the issued key. There they may make others.
// Order:  of a caller that is not proven yet, or only weakly, the issued key is kept and handed on when more is known.
// Bounds: a descent is handed on kHandedMax times, because masked keys may be each other's ancestors.
// Thread: the shard's worker.
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "core/detect/settings.h"
#include "core/engine/request.h"
#include "core/engine/waiting_calls.h"

namespace straykey {

class Descents {
 public:
  static constexpr std::uint8_t kHandedMax = 64;

  // The references are borrowed.
  Descents(HashKey hash_key, const DetectionSettings& detection, WaitingCalls& waiting)
      : hash_key_(hash_key), detection_(detection), waiting_(waiting) {}

  // The event issued a key. `caller`, `issued`: the caller's key, and what is known of it or null.
  void hand_on(const Event& event, Hash128 caller, const IssuedToken* issued);
  // What is known of the key now concerns the keys that sessions of the role were given when they called with it.
  // `everywhere`: as of WaitingCalls::issued_to(). `handed`: how often it was handed on before.
  void hand_on(Hash128 key, std::string_view role, const IssuedToken& issued, bool everywhere, std::uint8_t handed);
  [[nodiscard]] std::optional<Descent> next();

 private:
  void add(const HandedKey& issued, const ServiceToken* parent, std::uint8_t handed);

  HashKey hash_key_;
  const DetectionSettings& detection_;
  WaitingCalls& waiting_;
  std::vector<Descent> made_;
};

}  // namespace straykey
