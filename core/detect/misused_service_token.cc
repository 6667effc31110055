#include "core/detect/misused_service_token.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/detect/serverless_cli.h"

namespace straykey {
namespace {

// In the order of the verdicts.
struct Kind {
  std::string_view evidence;  // how its evidence begins
  Variation variation;
};
constexpr std::array kKinds{
    Kind{kConsoleEvidence, Variation::misused_console},     Kind{kToolEvidence, Variation::misused_attack_tool},
    Kind{kExchangedEvidence, Variation::misused_exchanged}, Kind{kLetterEvidence, Variation::misused_pasted},
    Kind{kPlatformEvidence, Variation::misused_platform},
};

Variation variation_of(std::string_view evidence) noexcept {
  return std::ranges::find_if(kKinds, [&](const Kind& kind) { return evidence.starts_with(kind.evidence); })->variation;
}

// Services whose workloads find their credentials at an endpoint, so that nobody needs environment variables.
bool has_endpoint(Family family) noexcept {
  return family == Family::ecs || family == Family::eks || family == Family::ec2 || family == Family::kubernetes;
}

bool counts(std::string_view evidence, const ServiceToken& token) noexcept {
  if (!evidence.starts_with(kLetterEvidence)) return true;
  if (!token.parent_role.empty()) return false;
  return evidence.substr(kLetterEvidence.size()) != "g" || has_endpoint(token.family);
}

std::string joined(std::string_view kind, std::string_view value) {
  return std::string(kind).append(value);
}

std::string_view place_of_letter(std::string_view letter) noexcept {
  if (letter == "n") return "a shared credentials file";
  if (letter == "x") return "a credentials file of boto 2";
  if (letter == "g") return "environment variables";
  if (letter == "AC" || letter == "AD") return "a session of aws login";
  return "a process that a profile names";
}

std::string sentence_of(std::string_view evidence, const Candidate& call) {
  const std::string_view service = call.token.service;
  const auto after = [&](std::string_view kind) { return evidence.substr(kind.size()); };
  if (evidence == kConsoleEvidence)
    return call.console_session
               ? fmt::format("The call came from a console session that was opened with a token of {}.", service)
               : fmt::format("{} turns a token of {} into a console session.", call.event_name, service);
  if (evidence.starts_with(kToolEvidence))
    return fmt::format("The call was made with {}, an attack tool.", after(kToolEvidence));
  if (evidence.starts_with(kExchangedEvidence))
    return fmt::format("{} gives out another credential for a token of {}.", after(kExchangedEvidence), service);
  if (evidence.starts_with(kLetterEvidence))
    return fmt::format("The client says that it found the token in {} (m/ holds {}), where {} puts none.",
                       place_of_letter(after(kLetterEvidence)), after(kLetterEvidence), service);
  const auto impossible = impossible_runtime(service, call.platform, call.exec_env);
  return fmt::format("Its user agent says {}, where {} cannot run.",
                     impossible ? impossible->shown : after(kPlatformEvidence), service);
}

std::string known_by(const NewEvidence& evidence, int window_days) {
  return evidence.quarantined
             ? fmt::format("The same raised an alert for this identity in the last {} days and nobody acknowledged it.",
                           window_days)
             : fmt::format("This identity did the same on {} of the last {} days; 2 make it known.", evidence.days,
                           window_days);
}

}  // namespace

std::vector<std::string> evidence_of(const Candidate& call) {
  std::vector<std::string> out;
  for (std::string_view rest = call.evidence; !rest.empty();) {
    const std::string_view text = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(text.size() + 1, rest.size()));
    if (counts(text, call.token)) out.emplace_back(text);
  }
  if (call.console_session) return out;
  if (const auto runtime = impossible_runtime(call.token.service, call.platform, call.exec_env))
    out.push_back(joined(kPlatformEvidence, runtime->value));
  if (call.tool_kind == ToolKind::attack) out.push_back(joined(kToolEvidence, call.tool));
  return out;
}

std::string letter_evidence(const UserAgent& agent) {
  std::string out;
  for (const SourceLetter& letter : kSourceLetters) {
    if ((agent.letters & letter.bit) == 0) continue;
    if (!out.empty()) out += ',';
    out.append(kLetterEvidence).append(letter.id);
  }
  return out;
}

bool is_learned_as_evidence(std::string_view evidence) noexcept {
  return !evidence.starts_with(kToolEvidence) && !evidence.starts_with(kPlatformEvidence);
}

bool has_evidence(const Candidate& call) {
  if (call.tool_kind == ToolKind::attack) return true;
  if (impossible_runtime(call.token.service, call.platform, call.exec_env)) return true;
  return !call.evidence.empty() && !evidence_of(call).empty();
}

std::optional<Verdict> judge_misused_service_token(const Candidate& call, const MisuseEvidence& evidence) {
  const auto said_elsewhere = [&](Variation variation) {
    return (variation == Variation::misused_attack_tool && evidence.remote_is_strong) ||
           (variation == Variation::misused_platform && evidence.platform_said_elsewhere);
  };
  Verdict verdict{};
  const auto raises = [&](const Kind& kind) {
    return !said_elsewhere(kind.variation) && std::ranges::any_of(evidence.unlearned, [&](const NewEvidence& item) {
      return item.text.starts_with(kind.evidence);
    });
  };
  const auto kind = std::ranges::find_if(kKinds, raises);
  if (kind == kKinds.end()) return std::nullopt;
  verdict.variation = kind->variation;
  // What gives the alert its name comes first.
  for (const bool names_it : {true, false}) {
    for (const NewEvidence& item : evidence.unlearned) {
      if ((variation_of(item.text) == verdict.variation) != names_it) continue;
      verdict.why.push_back(sentence_of(item.text, call));
      verdict.why.push_back(known_by(item, evidence.window_days));
    }
  }
  if (!call.token.parent_role.empty() &&
      (verdict.variation == Variation::misused_console || verdict.variation == Variation::misused_platform))
    verdict.why.push_back(fmt::format(
        "{} has not assumed {} on 2 of the last {} days without an alert; where it does, that is a pipeline.",
        call.token.parent_role, call.token.role_identity, evidence.window_days));
  return verdict;
}

}  // namespace straykey
