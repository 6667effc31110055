#include "net/io/tls.h"

#include <unistd.h>

#include <string>

#include "tests/support/self_signed.h"
#include "tests/support/temporary_directory.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

constexpr Seconds kNow = 1'800'000'000;

struct Site {
  TemporaryDirectory directory;
  TlsFiles files{directory.path() + "/server.pem", directory.path() + "/server.key"};
  SelfSigned pair = make_self_signed(kNow - 100, kNow + 100);

  Site() {
    write_file(files.certificate, pair.certificate_pem, 0644);
    write_file(files.key, pair.key_pem, 0600);
  }
  // What is wrong with the files, "" if nothing.
  std::string complaint(Seconds now = kNow) const {
    const auto loaded = load_tls_context(files, now);
    return loaded.ok() ? "" : loaded.error().message;
  }
};

bool says(const std::string& text, const std::string& part) {
  CAPTURE(text);
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a good pair loads, also with a chain, and within its time only") {
  Site site;
  CHECK(site.complaint() == "");
  write_file(site.files.certificate, site.pair.certificate_pem + make_self_signed(kNow - 1, kNow + 1).certificate_pem,
             0644);
  CHECK(site.complaint() == "");
  CHECK(says(site.complaint(kNow + 101), "has expired"));
  CHECK(says(site.complaint(kNow - 101), "is not valid yet"));
}

TEST_CASE("each thing that can be wrong with the files is said in one sentence") {
  Site site;
  site.files.certificate = site.directory.path() + "/none.pem";
  CHECK(says(site.complaint(), "none.pem does not exist"));

  Site nonsense;
  write_file(nonsense.files.certificate, "nonsense", 0644);
  CHECK(says(nonsense.complaint(), "holds no PEM certificate"));
  write_file(nonsense.files.certificate, "", 0644);
  CHECK(says(nonsense.complaint(), "is empty"));
  nonsense.files.certificate = nonsense.directory.path();
  CHECK(says(nonsense.complaint(), "is not a regular file"));

  Site key;
  write_file(key.files.key, key.pair.key_pem, 0644);
  CHECK(says(key.complaint(), "chmod 600"));
  write_file(key.files.key, make_self_signed(kNow - 1, kNow + 1).key_pem, 0600);
  CHECK(says(key.complaint(), "does not belong to the certificate"));
  write_file(key.files.key, "nonsense", 0600);
  CHECK(says(key.complaint(), "holds no PEM private key"));
  unlink(key.files.key.c_str());
  CHECK(says(key.complaint(), "server.key does not exist"));
}

TEST_CASE("a failed reload keeps the context of before") {
  Site site;
  TlsServer server(site.files);
  REQUIRE(server.reload(kNow).ok());
  const TlsContext before = server.current();
  unlink(site.files.key.c_str());
  CHECK_FALSE(server.reload(kNow).ok());
  CHECK(server.current() == before);
  write_file(site.files.key, site.pair.key_pem, 0600);
  REQUIRE(server.reload(kNow).ok());
  CHECK(server.current() != before);
}

}  // namespace straykey
