#include "net/io/self_signed_certificate.h"

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <string>
#include <vector>

#include "core/location/ip_address.h"
#include "net/io/tls.h"
#include "tests/support/self_signed.h"
#include "tests/support/temporary_directory.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

constexpr Seconds kYear = 365 * kSecondsPerDay;

TEST_CASE("self-signed certificate: a server loads it, and OpenSSL verifies it for its names and no others") {
  const Seconds now = std::time(nullptr);
  const auto made = make_certificate(
      {{"localhost", "127.0.0.1", "::1", "straykey.example.com", "2001:db8::7"}, now - kSecondsPerDay, now + kYear});
  REQUIRE(made.ok());
  const TemporaryDirectory here;
  const std::string certificate = here.path() + "/cert.pem", key = here.path() + "/key.pem";
  write_file(certificate, made.value().certificate, 0644);
  write_file(key, made.value().key, 0600);
  CHECK(load_tls_context({certificate, key}, now).ok());
  CHECK_FALSE(load_tls_context({certificate, key}, now + kYear + kSecondsPerDay).ok());
  const auto verify = [&](const std::string& of_whom) {
    return std::system(("openssl verify -CAfile " + certificate + " -purpose sslserver " + of_whom + " " + certificate +
                        " >/dev/null 2>&1")
                           .c_str()) == 0;
  };
  for (const char* known : {"-verify_hostname localhost", "-verify_hostname straykey.example.com",
                            "-verify_ip 127.0.0.1", "-verify_ip ::1", "-verify_ip 2001:db8::7"})
    CHECK(verify(known));
  for (const char* other : {"-verify_hostname other.example.com", "-verify_ip 192.0.2.1"}) CHECK_FALSE(verify(other));
}

TEST_CASE("self-signed certificate: no two have the same key or number") {
  const CertificateOrder order{{"localhost"}, 1'700'000'000, 1'700'000'000 + kYear};
  const auto one = make_certificate(order), other = make_certificate(order);
  REQUIRE(one.ok());
  REQUIRE(other.ok());
  CHECK_NE(one.value().key, other.value().key);
  CHECK_NE(one.value().certificate, other.value().certificate);
}

TEST_CASE("self-signed certificate: a host knows its loopback names, each name once") {
  std::vector<std::string> names = host_names();
  CHECK_EQ(names.front(), "localhost");
  for (const char* name : {"127.0.0.1", "::1"}) CHECK(std::find(names.begin(), names.end(), name) != names.end());
  for (const std::string& name : names) CHECK_FALSE(name.starts_with("fe80"));
  std::sort(names.begin(), names.end());
  CHECK(std::adjacent_find(names.begin(), names.end()) == names.end());
}

}  // namespace
}  // namespace straykey
