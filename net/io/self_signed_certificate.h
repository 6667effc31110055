#pragma once
// A certificate that a server signs itself, for the names and addresses of its machine: enough to begin with, for
// senders that are given it to trust.
//
// Shape:  ECDSA on P-256. It is an authority as well, because some clients trust nothing else that is self-signed.
// Thread: any; host_names() asks the system.
// Errors: OpenSSL's, in one sentence.
#include <string>
#include <vector>

#include "core/base/result.h"
#include "core/base/time.h"

namespace straykey {

struct CertificateOrder {
  std::vector<std::string> names;  // host names and addresses; the first is its common name
  Seconds from = 0, until = 0;
};
struct CertificateAndKey {
  std::string certificate, key;  // PEM
};
[[nodiscard]] Result<CertificateAndKey> make_certificate(const CertificateOrder& order);

// localhost, the host's name, and its addresses but for those that lead nowhere else.
[[nodiscard]] std::vector<std::string> host_names();

}  // namespace straykey
