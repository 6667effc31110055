// What the server looks at now and then, because no event would tell; and what it notes of operators.
#include <filesystem>
#include <map>
#include <system_error>
#include <utility>

#include "tools/server/serve.h"
#include "tools/terminal/clock.h"

namespace straykey {
namespace {

constexpr double kEveryS = 2;

std::string_view message_of(const HealthFinding& finding) {
  if (finding.kind == "source_silent") return "a source is silent";
  if (finding.kind == "event_lag") return "events of a source come late";
  if (finding.kind == "ranges_old") return "AWS's address ranges are old";
  return "no event that issues keys has ever come";
}

}  // namespace

// Tokens that share a source are one; the first that says how long it may be silent says it for all.
std::vector<SourceSample> Serve::sources_sample() {
  std::map<std::string, std::uint32_t> silent_s;
  for (const TokenConfig& token : reloaded_.tokens) {
    if (token.scope != TokenScope::ingest) continue;
    std::uint32_t& of_source = silent_s[token.source.empty() ? token.name : token.source];
    if (of_source == 0) of_source = token.silent_s;
  }
  for (const auto& [name, listener] : listening_)
    if (std::holds_alternative<SyslogListenerSettings>(listener.settings)) silent_s.emplace(name, 0);
  for (const auto& source : pulled_) silent_s.emplace(source->name(), 0);
  std::vector<SourceSample> sources;
  for (const auto& [name, allowed_s] : silent_s) {
    const Intake::Received received = intake_->received_from(name);
    sources.push_back({name, received.events, allowed_s, received.lag_s});
  }
  return sources;
}

void Serve::look_after_health() {
  tell_left_out();
  if (uptime() - health_looked_at_ < kEveryS) return;
  health_looked_at_ = uptime();
  HealthSample sample{.uptime = uptime(), .now = wall_clock(), .sources = sources_sample()};
  const Intake::Keys keys = intake_->keys();
  sample.issuing = keys.issuing;
  sample.of_roles = keys.of_roles;
  if (const Seconds created = ranges_created_; created != 0) sample.ranges_created = created;
  health_.use(reloaded_.health);
  tell_health(health_.look(sample));
  for (const SourceSample& source : sample.sources) {
    const HealthWatch::Silence silence = health_.silence_of(source.name);
    metrics_
        .gauge("straykey_source_silent_seconds", "Since the source's last event, or the start.",
               {{"source", source.name}})
        .set(silence.silent_s);
    metrics_
        .gauge("straykey_source_silent_limit_seconds", "After so long it is told that the source is silent.",
               {{"source", source.name}})
        .set(silence.limit_s);
  }
  show_store();
  sender_->ask_states([this](const std::vector<WebhookSender::EndpointState>& states) {
    for (const WebhookSender::EndpointState& state : states)
      metrics_
          .gauge("straykey_webhook_oldest_seconds", "How long the sender has held the oldest delivery; 0: none.",
                 {{"endpoint", state.name}})
          .set(static_cast<double>(state.oldest_ms) / 1'000);
  });
}

// The merger's part of the store and each partition, by the names of their directories.
void Serve::show_store() {
  const std::vector<std::string> names = data_->environment_names();  // the merger's first
  for (std::size_t i = 0; i < names.size() && i <= data_->partitions().size(); ++i) {
    std::error_code failed;
    const auto bytes = std::filesystem::file_size(config_.data_dir + "/" + names[i] + "/data.mdb", failed);
    const double fullness = i == 0 ? data_->alerts().fullness() : data_->partitions()[i - 1]->fullness();
    metrics_.gauge("straykey_store_file_bytes", "Size of a part's file, which never shrinks.", {{"part", names[i]}})
        .set(failed ? 0 : static_cast<double>(bytes));
    metrics_
        .gauge("straykey_store_fill_ratio", "Bytes in use by those that may be; near 1 rows leave early.",
               {{"part", names[i]}})
        .set(fullness);
  }
}

void Serve::tell_health(const HealthWatch::Changes& changes) {
  const auto gauge = [this](const HealthFinding& finding) -> Gauge& {
    return metrics_.gauge("straykey_health_raised",
                          "1: something is wrong with what comes in; /api/v1/status says what.",
                          {{"kind", finding.kind}, {"subject", finding.subject}});
  };
  for (const HealthFinding& finding : changes.raised) {
    gauge(finding).set(1);
    log_.warning(message_of(finding), {{"kind", std::string(finding.kind)},
                                       {"subject", finding.subject},
                                       {"sentence", finding.sentence},
                                       {"advice", std::string(finding.advice)}});
  }
  for (const HealthFinding& finding : changes.cleared) {
    gauge(finding).set(0);
    log_.info(
        "this is well again",
        {{"kind", std::string(finding.kind)}, {"subject", finding.subject}, {"since", format_time(finding.since)}});
  }
  if (!changes.raised.empty() || !changes.cleared.empty())
    health_findings_ = std::make_shared<const std::vector<HealthFinding>>(health_.findings());
}

void Serve::use_networks(std::shared_ptr<const NetworkMap> networks) {
  ranges_created_ = networks->aws_ranges_created().value_or(0);
  metrics_.gauge("straykey_aws_ranges_in_force_created_seconds", "When AWS made the address ranges in force.")
      .set(static_cast<double>(ranges_created_.load()));
  if (pipeline_ != nullptr) pipeline_->use_networks(std::move(networks));
}

void Serve::note_change(const OperatorRequest& request, const OperatorAnswer& answer) {
  const IsSecret is_secret = [this](std::string_view text) { return http_dependencies_->auth->is_secret(text); };
  note_change({.at = wall_clock(),
               .who = request.caller.name,
               .scope = request.caller.scope,
               .address = request.caller.address,
               .what = request.operation,
               .object = audit_object(request, is_secret),
               .result = std::string(audit_result(answer.kind)),
               .reason = without_secrets(answer.sentence, is_secret),
               .request_id = without_secrets(request.caller.request_id, is_secret)});
}

void Serve::note_refused(const OperatorRequest& attempt, OperatorAccess::RefusedAs as, std::string_view why) {
  note_change({.at = wall_clock(),
               .who = attempt.caller.name,
               .scope = attempt.caller.scope,
               .address = attempt.caller.address,
               .what = attempt.operation,
               .result = as == OperatorAccess::RefusedAs::forbidden ? "forbidden" : "bad_request",
               .reason = std::string(why),
               .request_id = attempt.caller.request_id});
}

// What was carried out, or may have been, is always noted.
void Serve::note_change(AuditEntry entry) {
  tell_left_out();
  const bool refused = entry.result == "forbidden" || entry.result == "bad_request" || entry.result == "not_found" ||
                       entry.result == "conflict";
  if (!refused || refused_changes_.take(entry.at)) write_change(entry);
}

void Serve::tell_left_out() {
  const Seconds now = wall_clock();
  if (const std::uint64_t count = refused_changes_.left_out(now); count > 0)
    write_change({.at = now,
                  .who = "straykey",
                  .what = "refused",
                  .object = "attempts=" + std::to_string(count),
                  .result = "left_out",
                  .reason = "more attempts were refused in a minute than are noted one by one"});
}

void Serve::write_change(const AuditEntry& entry) {
  log_.always("an operator changed something, or tried to", {{"who", entry.who},
                                                             {"scope", entry.scope},
                                                             {"address", entry.address},
                                                             {"what", entry.what},
                                                             {"object", entry.object},
                                                             {"result", entry.result},
                                                             {"reason", entry.reason},
                                                             {"request_id", entry.request_id}});
  if (audit_ == nullptr) return;
  if (const Status written = audit_->append(entry); !written.ok())
    log_.error("what an operator changed is not kept", {{"reason", written.error().message}});
}

}  // namespace straykey
