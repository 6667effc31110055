// [standby]: what is checked of it, and where the error points to.
#include "tools/config/standby_settings.h"

#include <doctest/doctest.h>

#include "tests/tools/installation.h"

namespace straykey {
namespace {

const std::string kGood = "brokers = \"localhost:9092\"\ntopic = \"straykey.judged\"\n";

std::string errors_of(const Installation& here, const std::string& lines) {
  return here.errors(Installation::good() + "[standby]\n" + lines);
}

}  // namespace

TEST_CASE("standby: a table of it needs a topic and brokers, and an empty one says both") {
  const Installation here;
  CHECK_EQ(here.errors(Installation::good()), "");
  CHECK_HOLDS(errors_of(here, ""), "standby.topic is missing");
  CHECK_HOLDS(errors_of(here, ""), "standby.brokers is missing");
  CHECK_EQ(errors_of(here, kGood), "");
  CHECK_HOLDS(errors_of(here, "brokers = \"localhost:9092\"\n"), "standby.topic is missing");
  CHECK_HOLDS(errors_of(here, "topic = \"judged\"\n"), "standby.brokers is missing");
  CHECK_HOLDS(errors_of(here, "brokers = \"localhost\"\ntopic = \"a b\"\n"), "is no topic: 1 to 242");
  CHECK_HOLDS(errors_of(here, kGood + "node = \"" + std::string(65, 'n') + "\"\n"), "longer than 64 bytes");
}

TEST_CASE("standby: properties that break a promise, or hold a secret, are refused with a reason") {
  const Installation here;
  const auto with = [&](const std::string& properties) {
    return errors_of(here, kGood + "properties = { " + properties + " }\n");
  };
  CHECK_EQ(with("\"security.protocol\" = \"PLAINTEXT\""), "");
  CHECK_HOLDS(with("\"group.id\" = \"other\""), "is refused");
  CHECK_HOLDS(with("\"isolation.level\" = \"read_uncommitted\""), "is refused");
  CHECK_HOLDS(with("\"transactional.id\" = \"mine\""), "is refused");
  CHECK_HOLDS(with("\"sasl.password\" = \"secret\""), "never written into the configuration");
  CHECK_HOLDS(with("\"security.protocol\" = { file = \"x\" }"), "is no secret");
  CHECK_HOLDS(with("\"security.protocol\" = \"NONE\""), "standby.properties: ");
  CHECK_HOLDS(with("\"sasl.pasword\" = { file = \"token\" }"), "sasl.password");
  CHECK_HOLDS(with("\"ssl.ca.location\" = \"absent.pem\""), "does not exist");
  CHECK_HOLDS(with("\"sasl.password\" = { file = \"absent\" }"), "sasl.password: ");
}

}  // namespace straykey
