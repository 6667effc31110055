// Which properties of librdkafka may be set.
#include "net/kafka/kafka_properties.h"

#include <doctest/doctest.h>

#include <string>

namespace straykey {

TEST_CASE("what breaks a promise or runs code is refused, with the reason") {
  CHECK_EQ(why_refused("sasl.username"), "");
  CHECK(why_refused("enable.auto.commit").find("when all events before it are stored") != std::string::npos);
  CHECK(why_refused("auto.offset.reset").find("start") != std::string::npos);
  CHECK(why_refused("group.instance.id").find("straykey's") != std::string::npos);
  CHECK(why_refused("plugin.library.paths").find("library") != std::string::npos);
  CHECK(why_refused("sasl.kerberos.kinit.cmd").find("command") != std::string::npos);
  CHECK(why_refused("debug").find("secrets") != std::string::npos);
  CHECK(why_refused("ssl.key.pem").find(".location") != std::string::npos);
  CHECK(why_refused("compression.codec").find("none of those") != std::string::npos);
  CHECK(why_refused("").find("none of those") != std::string::npos);
}

TEST_CASE("every property that may be set is one of the library's") {
  for (const std::string_view property : allowed_kafka_properties()) {
    CAPTURE(property);
    CHECK_EQ(why_refused(property), "");
    const Status status = check_kafka_properties({{std::string(property), "no such value"}});
    if (!status) CHECK(status.error().message.find("No such configuration property") == std::string::npos);
  }
}

TEST_CASE("secrets and paths are known by their names") {
  CHECK(is_secret_property("sasl.password"));
  CHECK_FALSE(is_secret_property("sasl.username"));
  CHECK(is_path_property("ssl.ca.location"));
  CHECK_FALSE(is_path_property("ssl.key.password"));
}

TEST_CASE("a value is checked by the library") {
  CHECK(check_kafka_properties({{"security.protocol", "SASL_SSL"}, {"sasl.mechanism", "SCRAM-SHA-512"}}).ok());
  const Status unknown = check_kafka_properties({{"security.protocol", "secret"}});
  REQUIRE_FALSE(unknown.ok());
  CHECK(unknown.error().message.find("security.protocol") != std::string::npos);
  const Status kerberos = check_kafka_properties({{"sasl.mechanism", "GSSAPI"}});
  REQUIRE_FALSE(kerberos.ok());
  CHECK(kerberos.error().message.find("SCRAM") != std::string::npos);
}

}  // namespace straykey
