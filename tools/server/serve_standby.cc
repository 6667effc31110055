// Serve: a second node that may judge in this one's place (core/engine/standby, docs/standby.md).
#include <unistd.h>

#include <array>
#include <string>
#include <utility>

#include "core/engine/standby.h"
#include "net/kafka/kafka_alert_log.h"
#include "tools/config/agreement.h"
#include "tools/config/config_settings.h"
#include "tools/config/kafka_property_list.h"
#include "tools/server/serve.h"
#include "tools/terminal/clock.h"

namespace straykey {
namespace {

std::string name_of_machine() {
  std::array<char, 65> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 && name[0] != '\0' ? name.data() : "unnamed";
}

}  // namespace

// Without [standby] nothing of this is made. Brokers that cannot be reached do not keep the server from starting.
Status Serve::start_standby(Agreement agreement) {
  const StandbyConfig& standby = config_.standby;
  if (!standby.on()) return {};
  auto properties = read_kafka_properties(standby.properties);
  if (!properties) return Error{"standby.properties: " + properties.error().message};
  const std::string node = standby.node.empty() ? name_of_machine() : standby.node;
  auto log = KafkaAlertLog::open({{standby.brokers, "straykey-" + node, std::move(properties).value()}, standby.topic},
                                 {log_, wall_clock, uptime});
  if (!log) return Error{"standby: " + log.error().message};
  auto fresh = random_hash_key();
  if (!fresh) return fresh.error();
  alert_log_ = std::move(log).value();
  standby_ = std::make_unique<Standby>(
      Standby::Settings{
          .node = node, .hash_key = data_->hash_key(), .agreement = std::move(agreement), .fresh = fresh->k0},
      *alert_log_, *alert_watch_, metrics_, &log_);
  return {};
}

void Serve::ask_before_delivery(WebhookSettings& webhooks) {
  if (config_.standby.on()) webhooks.claim = [this](DeliveryClaim claim) { pipeline_->claim(std::move(claim)); };
}

void Serve::use_standby(Pipeline::Dependencies& dependencies, Pipeline::Callbacks& callbacks) {
  if (!standby_) return;
  dependencies.alerts = &standby_->store();
  dependencies.standby = standby_.get();
  callbacks.on_superseded = [this] { sender_->drop_deliveries(); };
}

void Serve::retire_standby() {
  if (standby_) standby_->retire();
}

// The other node need not wait until this one is missed. The merger's thread has ended.
void Serve::leave_standby() {
  if (alert_log_) alert_log_->leave();
}

Agreement Serve::agreement(const Config& config, const NetworkInputs& networks) {
  return config.standby.on() ? agreement_of(config, networks) : Agreement{};
}

}  // namespace straykey
