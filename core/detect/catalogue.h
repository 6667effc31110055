#pragma once
// The catalogue: the three analytics, their fourteen variations, and what analysts are told about each. One table;
// CATALOGUE.md is checked against it by a test.
//
// Source: names and severities of the first two analytics are those of the published analytics alert reference (edition
//         of 2024-12-03) and do not change. The third is ours, and says so.
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace straykey {

enum class Severity : std::uint8_t { informational, low, medium, high };
[[nodiscard]] std::string_view name_of(Severity severity) noexcept;
[[nodiscard]] std::optional<Severity> severity_from(std::string_view name) noexcept;

// The numbers are stored, so they never change.
enum class Analytic : std::uint8_t { remote_service_token, serverless_cli, misused_service_token };
[[nodiscard]] std::string_view name_of(Analytic analytic) noexcept;

// How much the evidence weighs. One dedup key may have an alert of each tier.
enum class Tier : std::uint8_t { weak, strong };
[[nodiscard]] std::string_view name_of(Tier tier) noexcept;

enum class Variation : std::uint8_t {
  remote_base,
  remote_suspicious,
  remote_eks_remote,
  remote_eks_suspicious,
  remote_ecs_suspicious,
  remote_ecs_remote,
  cli_base,
  cli_aws_cli,
  cli_unusual,
  misused_console,
  misused_attack_tool,
  misused_exchanged,
  misused_pasted,
  misused_platform,
};
inline constexpr std::size_t kVariationCount = 14;

struct CatalogueEntry {
  Variation variation;
  std::string_view id;  // "remote_service_token.eks_remote"
  Analytic analytic;
  Tier tier;
  std::string_view name;
  Severity severity;
  std::string_view description;                  // what was seen
  std::string_view goal;                         // what an attacker wants with it
  std::span<const std::string_view> actions;     // investigative actions
  std::string_view tactic;                       // "TA0006 Credential Access"; empty where the reference names none
  std::span<const std::string_view> techniques;  // our own mapping
  std::string_view tag;                          // empty: none
  std::string_view catalogue = "reference";      // whose names and severities: the published reference's, or "straykey"
};

[[nodiscard]] const CatalogueEntry& catalogue_entry(Variation variation) noexcept;
[[nodiscard]] std::span<const CatalogueEntry> catalogue() noexcept;
[[nodiscard]] const CatalogueEntry* catalogue_entry_by_id(std::string_view id) noexcept;

}  // namespace straykey
