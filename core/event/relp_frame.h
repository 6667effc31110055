#pragma once
// RELP frames: `TXNR SP COMMAND SP DATALEN [SP DATA] LF`, as bytes of a connection that come piece by piece.
//
// Shape:  read_relp_frame() looks at the front of what was received. Views in a frame point there.
// Bounds: a transaction number has at most 9 digits, a command 32 letters, a length 9 digits. The data of a frame over
//         kRelpDataBytesMax is not waited for: its head alone is a frame (too_large), and the caller passes over
//         data_bytes + 1 bytes behind it.
// Errors: Verdict::broken: nothing that follows can be understood.
// Thread: any (functions of their arguments).
// Source: the protocol's description with librelp; senders of librelp 1.11 and relppy.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace straykey {

inline constexpr std::size_t kRelpDataBytesMax = 1u << 20;

struct RelpFrame {
  enum class Verdict : std::uint8_t { incomplete, whole, too_large, broken };

  Verdict verdict = Verdict::incomplete;
  std::uint32_t transaction = 0;
  std::string_view command, data;
  std::size_t bytes = 0;       // of the frame: whole; of its head: too_large
  std::size_t data_bytes = 0;  // as its head says
};

[[nodiscard]] RelpFrame read_relp_frame(std::string_view received) noexcept;

// The answer to a transaction: `data` begins with a status ("200 OK").
[[nodiscard]] std::string relp_response(std::uint32_t transaction, std::string_view data);

}  // namespace straykey
