#pragma once
// SecretSource: where a secret is. The configuration never holds the secret itself.
//
// Thread: any (a value); read_secret() reads a file or the environment.
// Bounds: kSecretBytesMax.
// Errors: a sentence. It holds neither the secret nor the name of its place, because people paste secrets there by
//         mistake. A file that everyone on the machine can read or write is refused.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace straykey {

inline constexpr std::size_t kSecretBytesMax = 4'096;

struct SecretSource {
  enum class Kind : std::uint8_t {
    none,
    file,         // { file = "/etc/straykey/token" }
    environment,  // { env = "STRAYKEY_TOKEN" }
    credential,   // { credential = "token" }: a file of that name in $CREDENTIALS_DIRECTORY (systemd)
  };
  Kind kind = Kind::none;
  std::string name;

  bool operator==(const SecretSource&) const = default;
  [[nodiscard]] bool given() const noexcept { return kind != Kind::none; }
};

// Letters, digits and _ for the environment; also . and - for a credential, which is no path.
[[nodiscard]] bool is_environment_name(std::string_view name) noexcept;
[[nodiscard]] bool is_credential_name(std::string_view name) noexcept;

// The secret without white space at its ends: one line of visible ASCII.
// REQUIRES: source.given().
[[nodiscard]] Result<std::string> read_secret(const SecretSource& source);

// Checks that the file at `path` can be read and, if it is `secret`, that not everybody can read or write it. `what`:
// "certificate file".
[[nodiscard]] Status check_file(std::string_view what, const std::string& path, bool secret);

}  // namespace straykey
