#include "tools/replay/theft_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "core/detect/misused_service_token.h"
#include "core/detect/remote_service_token.h"
#include "core/detect/serverless_cli.h"
#include "core/identity/principal.h"
#include "tools/simulate/agents.h"
#include "tools/simulate/api_calls.h"
#include "tools/simulate/random.h"

namespace straykey {
namespace {

constexpr std::string_view kThiefSdk = agent::kPythonAnywhere;
constexpr std::string_view kThiefKali =
    "aws-cli/2.31.3 md/awscrt#0.27.6 ua/2.1 os/linux#6.12.38+kali-amd64 md/arch#x86_64 lang/python#3.13.7 "
    "md/pyimpl#CPython m/E,b,Z cfg/retry-mode#standard md/installer#source md/distrib#kali.2025 sid/3c0f9ab17e52 "
    "md/prompt#off md/command#sts.get-caller-identity";
constexpr int kDraws = 1'000;
constexpr Seconds kThiefStartsWithin = 30;

enum class Way : std::uint8_t {
  outside,
  kali_outside,
  foreign_endpoint,
  kali_inside,
  known_network,
  usual_tool,
  attack_tool,
  pasted,
  exchanged,
  console
};
constexpr std::array<std::string_view, 10> kWayNames{"outside",       "kali-outside", "foreign-endpoint", "kali-inside",
                                                     "known-network", "usual-tool",   "attack-tool",      "pasted",
                                                     "exchanged",     "console"};

// That turn a token into another credential, or into a session of the console.
constexpr ApiCall kExchange{"sts", "GetWebIdentityToken", true, false,
                            R"({"audience":["partner-#"],"signingAlgorithm":"RS256"})"};
constexpr ApiCall kSignIn{"signin", "GetSigninToken", false, false, "null"};

// Where and with what a thief calls, and what the server knows of both.
struct Approach {
  std::string address = {}, endpoint_owner = {}, network = {};
  std::string_view user_agent = {};
  bool place_known = false, tool_used_here = false;
  const ApiCall* telling_call = nullptr;  // the only one that the thief makes; null: he looks around
  std::string evidence = {};              // that his calls are, beside what the user agent says
};

class Planner {
 public:
  Planner(const TokenSurvey& survey, const TheftSettings& settings)
      : survey_(survey),
        settings_(settings),
        random_(mix(settings.seed, 0x7468656674)),
        writer_(mix(settings.seed, 0x746865667473)),
        places_(survey.places()),
        tools_(survey.tools()) {}

  Result<std::vector<Theft>> plan() {
    std::vector<StealableToken> tokens = survey_.tokens();
    if (tokens.size() < settings_.count)
      return Error{fmt::format("--thefts {}: {}", settings_.count, survey_.summary())};
    shuffle(tokens);
    std::vector<Theft> thefts;
    std::size_t in_vain = 0;
    for (std::size_t turn = 0; thefts.size() < settings_.count && in_vain < kWayNames.size(); ++turn) {
      auto stolen = steal(static_cast<Way>(turn % kWayNames.size()), tokens);
      in_vain = stolen ? 0 : in_vain + 1;
      if (stolen) thefts.push_back(std::move(*stolen));
    }
    if (thefts.size() < settings_.count)
      return Error{fmt::format("--thefts {}: no address for a thief was found; is 3fff::/20 a network of yours?",
                               settings_.count)};
    std::stable_sort(thefts.begin(), thefts.end(), [](const Theft& a, const Theft& b) { return a.behind < b.behind; });
    return thefts;
  }

 private:
  // Tokens that can be stolen in most ways come first.
  void shuffle(std::vector<StealableToken>& tokens) {
    for (std::size_t i = tokens.size(); i > 1; --i)
      std::swap(tokens[i - 1], tokens[random_.below(static_cast<std::uint32_t>(i))]);
    std::stable_sort(tokens.begin(), tokens.end(), [](const StealableToken& a, const StealableToken& b) {
      return a.calls_from_outside + a.uses_command_lines < b.calls_from_outside + b.uses_command_lines;
    });
  }

  // Removes a token from `tokens` and plans its theft. None if no token can be stolen in this way.
  std::optional<Theft> steal(Way way, std::vector<StealableToken>& tokens) {
    // A way that is possible with every token is kept for tokens with which no other way is.
    const bool from_back = way == Way::outside || way == Way::foreign_endpoint;
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      const std::size_t at = from_back ? tokens.size() - 1 - i : i;
      const auto approach = approach_of(way, tokens[at]);
      if (!approach || alerts_of(tokens[at], *approach, day_of(tokens[at].time)).empty()) continue;
      Theft stolen = theft(way, tokens[at], *approach);
      tokens.erase(tokens.begin() + static_cast<std::ptrdiff_t>(at));
      return stolen;
    }
    return std::nullopt;
  }

  // None if this way is not possible with this token, or if the identity's own calls could change the alerts.
  std::optional<Approach> approach_of(Way way, const StealableToken& token) {
    const bool new_command_line = !token.uses_command_lines && !token.on_own_instances;
    const bool serverless_inside = token.token.serverless && new_command_line && !token.address.empty();
    switch (way) {
      case Way::outside:
        return from_outside(kThiefSdk);
      case Way::kali_outside:
        return new_command_line ? from_outside(kThiefKali) : std::nullopt;
      case Way::foreign_endpoint:
        return through_endpoint();
      case Way::kali_inside:
        if (!serverless_inside) return std::nullopt;
        return Approach{.address = token.address, .user_agent = kThiefKali};
      case Way::known_network:
        return token.calls_from_outside ? std::nullopt : from_known_place(token);
      case Way::usual_tool:
        if (!serverless_inside) return std::nullopt;
        return with_usual_tool(token);
      case Way::attack_tool:
        if (!new_command_line) return std::nullopt;
        return inside(token, {.user_agent = agent::kTruffleHog});
      case Way::pasted:
        return inside(token, {.user_agent = agent::kPythonFromFile});
      case Way::exchanged:
        return inside(token, {.user_agent = kThiefSdk,
                              .telling_call = &kExchange,
                              .evidence = std::string(kExchangedEvidence).append(kExchange.name)});
      case Way::console:
        if (!token.token.chain.empty()) return std::nullopt;
        return inside(token,
                      {.user_agent = kThiefSdk, .telling_call = &kSignIn, .evidence = std::string(kConsoleEvidence)});
    }
    return std::nullopt;
  }

  // From the workload's own address, with evidence that the identity never shows. An attack tool is nobody's here.
  std::optional<Approach> inside(const StealableToken& token, Approach approach) const {
    approach.address = token.address;
    if (token.address.empty()) return std::nullopt;
    for (const std::string& evidence : evidence_of(call_of(token, approach)))
      if (token.evidence.contains(evidence)) return std::nullopt;
    const std::string_view tool = classify_user_agent(approach.user_agent).tool;
    const bool is_used = std::ranges::any_of(
        tools_, [&](const UsualTool& used) { return classify_user_agent(used.user_agent).tool == tool; });
    return is_used ? std::nullopt : std::optional(std::move(approach));
  }

  std::optional<Approach> from_outside(std::string_view user_agent) {
    for (int draw = 0; draw < kDraws; ++draw) {
      const auto word = random_.next();
      const std::string text =
          fmt::format("3fff:{:x}:{:x}::{:x}", (word >> 8) % 4096, (word >> 20) % 65'536, 1 + (word >> 36) % 65'535);
      const auto address = parse_ip(text);
      const Place place = survey_.networks().locate(*address);
      const std::string network = place.asn != 0 ? asn_network(place.asn) : prefix_network(*address);
      if (place.source_class != SourceClass::external || survey_.knows_network(network) ||
          std::find(used_.begin(), used_.end(), network) != used_.end())
        continue;
      used_.push_back(network);
      return Approach{.address = text, .network = network, .user_agent = user_agent};
    }
    return std::nullopt;
  }

  std::optional<Approach> through_endpoint() {
    for (int draw = 0; draw < kDraws; ++draw) {
      const auto word = random_.next();
      const std::string owner = fmt::format("{:012}", 100'000'000'000 + (word >> 8) % 900'000'000'000);
      const std::string address = fmt::format("10.{}.{}.{}", word % 256, (word >> 50) % 256, 1 + (word >> 58) % 60);
      if (survey_.knows_account(owner) || survey_.networks().locate(*parse_ip(address)).listed_untrusted) continue;
      return Approach{.address = address, .endpoint_owner = owner, .network = "vpce:" + owner, .user_agent = kThiefSdk};
    }
    return std::nullopt;
  }

  // A network is somebody's when another caller used it on two days.
  std::optional<Approach> from_known_place(const StealableToken& token) {
    const Day day = day_of(token.time);
    std::vector<const KnownPlace*> fit;
    for (const KnownPlace& place : places_)
      if (place.caller != token.token.role_identity &&
          place.days.days_before(day, survey_.detection().training_days) >= 2)
        fit.push_back(&place);
    if (fit.empty()) return std::nullopt;
    const KnownPlace& place = *fit[random_.below(static_cast<std::uint32_t>(fit.size()))];
    return Approach{.address = place.address, .network = place.network, .user_agent = kThiefSdk, .place_known = true};
  }

  std::optional<Approach> with_usual_tool(const StealableToken& token) {
    std::vector<const UsualTool*> fit;
    for (const UsualTool& tool : tools_)
      if (tool.days.days_before(day_of(token.time), survey_.detection().training_days) > 0) fit.push_back(&tool);
    if (fit.empty()) return std::nullopt;
    const UsualTool& tool = *fit[random_.below(static_cast<std::uint32_t>(fit.size()))];
    // aws-cli says where it runs, which may be impossible for this workload; the others do not.
    const UserAgent agent = classify_user_agent(tool.user_agent);
    if (agent.tool != "aws-cli" && !agent.exec_env.empty()) return std::nullopt;
    return Approach{.address = token.address,
                    .user_agent = agent.tool == "aws-cli" ? agent::kLinuxCli : std::string_view(tool.user_agent),
                    .tool_used_here = true};
  }

  Theft theft(Way way, const StealableToken& token, const Approach& approach) {
    Theft out{.behind = token.record, .way = kWayNames[static_cast<std::size_t>(way)]};
    const Seconds midnight = (static_cast<Seconds>(day_of(token.time)) + 1) * kSecondsPerDay;
    out.time = std::min(token.time + random_.below(kThiefStartsWithin), midnight - 10);
    out.time = std::max(out.time, token.time);
    if (approach.telling_call != nullptr) {
      out.records.push_back(record(token, approach, *approach.telling_call, out.time));
    } else {
      const auto calls = 1 + random_.below(static_cast<std::uint32_t>(kThiefCalls.size()));
      for (std::uint32_t i = 0; i < calls; ++i)
        out.records.push_back(record(token, approach, kThiefCalls[i], std::min(out.time + i, midnight - 1)));
    }
    for (const CatalogueEntry* alert : alerts_of(token, approach, day_of(out.time)))
      out.labels.push_back(label(token, approach, *alert, out));
    return out;
  }

  std::string record(const StealableToken& token, const Approach& approach, const ApiCall& call, Seconds time) {
    std::string request, text;
    fill_request(request, call, random_.below(1'000));
    const std::string endpoint = approach.endpoint_owner.empty() ? "" : "vpce-" + hex_text(random_.next(), 17);
    writer_.append(text, {.time = time,
                          .user_identity = token.user_identity,
                          .service = call.service,
                          .name = call.name,
                          .region = token.region,
                          .source_ip = approach.address,
                          .user_agent = approach.user_agent,
                          .error_code = call.service == "iam" ? "AccessDenied" : "",
                          .request = request,
                          .recipient = token.recipient,
                          .vpc_endpoint = endpoint,
                          .vpc_endpoint_account = approach.endpoint_owner,
                          .read_only = call.read_only,
                          .is_data_event = call.is_data_event});
    return text;
  }

  static Candidate call_of(const StealableToken& token, const Approach& approach) {
    Candidate call;
    call.token = token.token;
    call.address = approach.address;
    call.endpoint_owner = approach.endpoint_owner;
    const UserAgent agent = classify_user_agent(approach.user_agent);
    call.tool = agent.tool;
    call.tool_kind = agent.kind;
    call.platform = agent.platform;
    call.exec_env = agent.exec_env;
    call.evidence = approach.evidence.empty() ? letter_evidence(agent) : approach.evidence;
    return call;
  }

  // The verdicts of the analytics on a call, of which the survey knows that nothing is learned.
  std::vector<const CatalogueEntry*> alerts_of(const StealableToken& token, const Approach& approach, Day day) const {
    Candidate call = call_of(token, approach);
    const Place place = survey_.networks().locate(*parse_ip(approach.address));
    const auto sent_day = static_cast<Day>(static_cast<std::int64_t>(day) + settings_.shift_days);
    call.range_capped = place.only_absent_from_aws && !survey_.networks().aws_ranges_tell(sent_day, token.region);

    const auto runtime = impossible_runtime(call.token.service, call.platform, call.exec_env);
    const std::string_view impossible = runtime ? runtime->shown : std::string_view{};

    std::vector<const CatalogueEntry*> alerts;
    if (!approach.network.empty()) {
      const RemoteEvidence evidence{.network = approach.network,
                                    .foreign_endpoint = !approach.endpoint_owner.empty(),
                                    .other_identities = approach.place_known ? 1 : 0,
                                    .impossible = impossible,
                                    .new_kali = call.platform == Platform::kali};
      if (const auto verdict = judge_remote_service_token(call, evidence))
        alerts.push_back(&catalogue_entry(verdict->variation));
    }
    if (token.token.serverless && call.is_cli()) {
      const ServerlessEvidence evidence{.runs_on_own_instances = token.on_own_instances,
                                        .impossible = impossible,
                                        .serverless_users = approach.tool_used_here ? 1 : 0};
      if (const auto verdict = judge_serverless_cli(call, evidence))
        alerts.push_back(&catalogue_entry(verdict->variation));
    }
    const std::vector<NewEvidence> unlearned = unlearned_of(call);
    const auto said = [&](Variation variation) {
      return std::ranges::any_of(alerts, [&](const CatalogueEntry* alert) { return alert->variation == variation; });
    };
    const bool remote_is_strong =
        !alerts.empty() && alerts[0]->analytic == Analytic::remote_service_token && alerts[0]->tier == Tier::strong;
    const MisuseEvidence evidence{.unlearned = unlearned,
                                  .remote_is_strong = remote_is_strong,
                                  .platform_said_elsewhere = !impossible.empty() && said(Variation::cli_unusual)};
    if (const auto verdict = judge_misused_service_token(call, evidence))
      alerts.push_back(&catalogue_entry(verdict->variation));
    return alerts;
  }

  static std::vector<NewEvidence> unlearned_of(const Candidate& call) {
    std::vector<NewEvidence> out;
    for (std::string& text : evidence_of(call)) out.push_back({.text = std::move(text)});
    return out;
  }

  TheftLabel label(const StealableToken& token, const Approach& approach, const CatalogueEntry& alert,
                   const Theft& theft) const {
    const bool by_tool = alert.analytic == Analytic::serverless_cli;
    const auto day = static_cast<std::int64_t>(day_of(theft.time)) + settings_.shift_days;
    return {.variation = std::string(alert.id),
            .account = token.token.account,
            .identity = token.token.identity,
            .role = token.token.role_identity.substr(token.token.role_identity.find('/') + 1),
            .workload = token.token.workload,
            .network = alert.analytic == Analytic::remote_service_token ? approach.network : std::string(),
            .tool = by_tool ? std::string(classify_user_agent(approach.user_agent).tool) : "",
            .day = static_cast<Day>(day),
            .key = token.key,
            .story = std::string(theft.way)};
  }

  const TokenSurvey& survey_;
  const TheftSettings& settings_;
  Random random_;
  RecordWriter writer_;
  std::vector<KnownPlace> places_;
  std::vector<UsualTool> tools_;
  std::vector<std::string> used_;  // networks of thieves
};

}  // namespace

Result<std::vector<Theft>> plan_thefts(const TokenSurvey& survey, const TheftSettings& settings) {
  return Planner(survey, settings).plan();
}

}  // namespace straykey
