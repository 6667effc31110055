// [[kafka_source]]: what is checked of it, and where the error points to.
#include "tools/config/kafka_settings.h"

#include <doctest/doctest.h>

#include "tests/tools/installation.h"

namespace straykey {
namespace {

const std::string kGood =
    "name = \"topic\"\nbrokers = \"kafka.example.com:9092,[2001:db8::1]:9092\"\ntopics = [\"cloudtrail\"]\n";

std::string errors_of(const Installation& here, const std::string& lines) {
  return here.errors(Installation::good() + "[[kafka_source]]\n" + lines);
}

}  // namespace

TEST_CASE("a source of Kafka needs a name, brokers and topics, and is a way in by itself") {
  const Installation here;
  CHECK_EQ(errors_of(here, kGood), "");
  CHECK_HOLDS(errors_of(here, "brokers = \"kafka:9092\"\ntopics = [\"a\"]\n"), "a [[kafka_source]] needs a name");
  CHECK_HOLDS(errors_of(here, "name = \"a\"\ntopics = [\"a\"]\n"), "a [[kafka_source]] needs a brokers");
  CHECK_HOLDS(errors_of(here, "name = \"a\"\nbrokers = \"kafka:9092\"\n"), "a [[kafka_source]] needs a topics");
  CHECK_HOLDS(errors_of(here, kGood + "concurrency = 65\n"), "between 1 and 64");
  CHECK_HOLDS(errors_of(here, kGood + "start = \"yesterday\"\n"), "earliest");
  CHECK_HOLDS(errors_of(here, kGood + "[[kafka_source]]\n" + kGood), "this name is used twice");
}

TEST_CASE("places that cannot be are errors at their own setting") {
  const Installation here;
  CHECK_HOLDS(errors_of(here, "name = \"a\"\nbrokers = \"kafka://b:9092\"\ntopics = [\"a\"]\n"), "no host with a port");
  CHECK_HOLDS(errors_of(here, "name = \"a\"\nbrokers = \"b:9092\"\ntopics = [\"^trail.*\"]\n"), "is no topic");
  CHECK_HOLDS(errors_of(here, "name = \"a\"\nbrokers = \"b:9092\"\ntopics = [\"a\", \"a\"]\n"), "stands twice");
  const std::string other =
      "[[kafka_source]]\nname = \"other\"\nbrokers = \"b:9092\"\ntopics = [\"other\"]\ngroup = \"one\"\n";
  CHECK_HOLDS(errors_of(here, "name = \"a\"\nbrokers = \"b:9092\"\ntopics = [\"a\"]\ngroup = \"one\"\n" + other),
              "two sources are in this group");
}

TEST_CASE("properties are an allow-list, and secrets stand in files") {
  const Installation here;
  const std::string table = kGood + "[kafka_source.properties]\n";
  CHECK_EQ(errors_of(here, table + "security.protocol = \"SASL_SSL\"\n\"sasl.mechanism\" = \"SCRAM-SHA-512\"\n"
                                   "\"sasl.username\" = \"u\"\n\"sasl.password\" = { file = \"token\" }\n"
                                   "\"fetch.max.bytes\" = 1048576\n\"socket.keepalive.enable\" = true\n"),
           "");
  CHECK_HOLDS(errors_of(here, table + "\"enable.auto.commit\" = true\n"), "when all events before it are stored");
  CHECK_HOLDS(errors_of(here, table + "\"plugin.library.paths\" = \"x.so\"\n"), "would load a library");
  CHECK_HOLDS(errors_of(here, table + "\"sasl.pasword\" = { file = \"token\" }\n"), "sasl.password");
  const std::string written = errors_of(here, table + "\"sasl.password\" = \"CANARY-password\"\n");
  CHECK_HOLDS(written, "never written into the configuration");
  CHECK(written.find("CANARY") == std::string::npos);
  CHECK_HOLDS(errors_of(here, table + "\"sasl.username\" = { file = \"token\" }\n"), "is no secret");
  CHECK_HOLDS(errors_of(here, table + "\"sasl.password\" = { file = \"absent\" }\n"), "sasl.password");
  CHECK_HOLDS(errors_of(here, table + "\"ssl.ca.location\" = \"absent.pem\"\n"), "does not exist");
  CHECK_HOLDS(errors_of(here, table + "\"security.protocol\" = \"none\"\n"), "security.protocol");
  CHECK_HOLDS(errors_of(here, table + "\"client.rack\" = [1]\n"), "must be a text, a number");
}

}  // namespace straykey
