#include "net/kafka/kafka_properties.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/base/result.h"

namespace straykey {
namespace {

// Those by whose first letters others are meant end with *, those by whose last letters begin with it.
constexpr std::array<std::pair<std::string_view, std::string_view>, 27> kRefused{{
    {"enable.auto.commit", "a position is committed when all events before it are stored, and never by the clock"},
    {"auto.commit*", "a position is committed when all events before it are stored, and never by the clock"},
    {"enable.auto.offset.store",
     "a position is committed when all events before it are stored, and not when they are read"},
    {"offset.store*", "positions are kept by the brokers"},
    {"isolation.level", "messages of transactions that were aborted are never read"},
    {"auto.offset.reset",
     "the setting start says where a new group begins; later a lost position is told, not passed over"},
    {"enable.partition.eof", "nothing would be told by it"},
    {"group.id", "the setting group is the group"},
    {"group*", "the member's name in the group is straykey's affair"},
    {"partition.assignment.strategy", "members of one group must have the same: it is cooperative-sticky"},
    {"session.timeout.ms", "it is fixed, so that all members of the group have the same"},
    {"heartbeat.interval.ms", "it is fixed, as the session timeout that it goes with"},
    {"max.poll.interval.ms", "it is fixed: partitions that wait are paused and polled on"},
    {"bootstrap.servers", "the setting brokers names them"},
    {"metadata.broker.list", "the setting brokers names them"},
    {"client.id", "it tells other members which installation this is"},
    {"plugin*", "it would load a library that the configuration names"},
    {"interceptors", "it would load a library that the configuration names"},
    {"*.cmd", "it would run a command that the configuration names"},
    {"sasl.kerberos*",
     "Kerberos tickets are renewed by running a command: take SCRAM, PLAIN, OAUTHBEARER or certificates"},
    {"ssl.engine*", "it would load a library that the configuration names"},
    {"ssl.providers", "it would load a library that the configuration names"},
    {"debug", "it writes what is sent, secrets among it, into the log"},
    {"enable.sasl.oauthbearer.unsecure.jwt", "such tokens are signed by nobody"},
    {"ssl*.pem", "keys and certificates come from files: take the property that ends with .location"},
    {"queued.max.messages.kbytes", "the setting bytes_in_flight_max bounds it"},
    {"statistics.interval.ms", "straykey's own metrics have the lag and the errors"},
}};

const std::vector<std::string_view> kAllowed{"security.protocol",
                                             "sasl.mechanism",
                                             "sasl.mechanisms",
                                             "sasl.username",
                                             "sasl.password",
                                             "ssl.ca.location",
                                             "ssl.certificate.location",
                                             "ssl.key.location",
                                             "ssl.key.password",
                                             "ssl.keystore.location",
                                             "ssl.keystore.password",
                                             "ssl.crl.location",
                                             "ssl.cipher.suites",
                                             "ssl.curves.list",
                                             "ssl.sigalgs.list",
                                             "ssl.endpoint.identification.algorithm",
                                             "enable.ssl.certificate.verification",
                                             "client.rack",
                                             "broker.address.family",
                                             "broker.address.ttl",
                                             "socket.timeout.ms",
                                             "socket.connection.setup.timeout.ms",
                                             "socket.keepalive.enable",
                                             "socket.nagle.disable",
                                             "socket.receive.buffer.bytes",
                                             "socket.send.buffer.bytes",
                                             "socket.max.fails",
                                             "connections.max.idle.ms",
                                             "reconnect.backoff.ms",
                                             "reconnect.backoff.max.ms",
                                             "api.version.request.timeout.ms",
                                             "metadata.max.age.ms",
                                             "topic.metadata.refresh.interval.ms",
                                             "topic.metadata.propagation.max.ms",
                                             "receive.message.max.bytes",
                                             "fetch.wait.max.ms",
                                             "fetch.min.bytes",
                                             "fetch.max.bytes",
                                             "fetch.message.max.bytes",
                                             "max.partition.fetch.bytes",
                                             "fetch.error.backoff.ms",
                                             "queued.min.messages",
                                             "check.crcs"};

constexpr std::array<std::string_view, 3> kSecrets{"sasl.password", "ssl.key.password", "ssl.keystore.password"};
constexpr std::array<std::string_view, 5> kPaths{"ssl.ca.location", "ssl.certificate.location", "ssl.key.location",
                                                 "ssl.keystore.location", "ssl.crl.location"};

bool is_like(std::string_view property, std::string_view pattern) {
  const std::size_t star = pattern.find('*');
  if (star == std::string_view::npos) return property == pattern;
  return property.starts_with(pattern.substr(0, star)) && property.ends_with(pattern.substr(star + 1));
}

template <class List>
bool holds(const List& list, std::string_view property) {
  return std::find(list.begin(), list.end(), property) != list.end();
}

}  // namespace

const std::vector<std::string_view>& allowed_kafka_properties() {
  return kAllowed;
}

std::string why_refused(std::string_view property) {
  if (holds(kAllowed, property)) return {};
  for (const auto& [pattern, reason] : kRefused)
    if (is_like(property, pattern)) return std::string(reason);
  return "it is none of those that may be set here";
}

bool is_secret_property(std::string_view property) noexcept {
  return holds(kSecrets, property);
}

bool is_path_property(std::string_view property) noexcept {
  return holds(kPaths, property);
}

Status check_kafka_properties(const KafkaProperties& properties) {
  for (const std::string_view mechanism : {"sasl.mechanism", "sasl.mechanisms"}) {
    const auto found = properties.find(mechanism);
    if (found != properties.end() && found->second == "GSSAPI") return Error{why_refused("sasl.kerberos.principal")};
  }
  const auto conf = make_kafka_conf({"localhost", "straykey", properties}, {});
  return conf ? Status() : conf.error();
}

}  // namespace straykey
