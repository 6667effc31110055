#pragma once
// What made a call, read from its user agent: the tool, its platform and where it says it runs.
//
// Shape:  tool, platform and exec_env are names of closed tables or short views into the text; command and sid are
//         shown, never compared.
// Thread: any (a function of its argument).
// Source: user agents as AWS CLIs and SDKs send them; the first token's product is the tool.
//
#include <cstdint>
#include <string_view>
#include <vector>

namespace straykey {

// The numbers are stored in candidates, so they never change and new ones are added at the end.
enum class ToolKind : std::uint8_t {
  other,    // browsers, consoles, products of no table, AWS services calling by name
  sdk,      // boto3, aws-sdk-*, Terraform ...: code, not a person
  cli,      // a person's or a script's command line
  attack,   // made for attacks
  unknown,  // no user agent at all, as s3cmd, the PHP SDK and GDAL send none
  mcp,      // an MCP server of AWS, which an agent tells what to call: see mcp_event.h
};

// What serverless workloads do not use by themselves.
[[nodiscard]] constexpr bool counts_as_cli(ToolKind kind) noexcept {
  return kind == ToolKind::cli || kind == ToolKind::attack || kind == ToolKind::mcp;
}

enum class Platform : std::uint8_t { unknown, linux_os, macos, windows, wsl, kali };

// Where a client found its credentials, as far as that is evidence: bits of UserAgent::letters. SDKs and CLIs send the
// letters of the features that they use in `m/`; these are the ones that no workload's own token needs.
struct SourceLetter {
  std::string_view id;  // as sent, the case included
  std::uint8_t bit;
};
inline constexpr SourceLetter kSourceLetters[] = {
    {"AC", 1},  // the session of `aws login`
    {"AD", 2},  // its process
    {"g", 4},   // environment variables: natural for Lambda and for all that has no endpoint for credentials
    {"n", 8},   // a shared credentials file
    {"v", 16},  // a process that a profile names
    {"w", 32},  // such a process
    {"x", 64},  // boto 2's file
};

struct UserAgent {
  std::string_view tool = "unknown";  // family, lower case: "aws-cli", "boto3", "aws-sdk-go" ...; views static storage
  ToolKind kind = ToolKind::unknown;
  Platform platform = Platform::unknown;
  std::string_view
      exec_env;  // "AWS_Lambda_python3.12", "AWS_ECS_FARGATE", "CloudShell"; empty if none. At most 64 bytes
  std::string_view command;  // "s3.cp"; empty if none
  std::string_view sid;      // host session id of newer CLIs; empty if none
  // Of kSourceLetters those that it names; none where it also names a profile that assumes a role or a single sign-on
  // (i, o, p, r to u): then the credential is one that the client derived from what it had found.
  std::uint8_t letters = 0;

  [[nodiscard]] bool is_cli() const noexcept { return counts_as_cli(kind); }
};

// Views in the answer point into `text` or static storage. Never fails: what it does not know is tool "unknown"
// (empty text) or "other" (a product of no table).
[[nodiscard]] UserAgent classify_user_agent(std::string_view text) noexcept;

// Whether the tool has a row only since stores have format 2, and was "other" before. Attack tools are never told so.
[[nodiscard]] bool was_other_before_format_2(std::string_view tool) noexcept;

// Every name that UserAgent::tool may have, in no order, some more than once.
[[nodiscard]] std::vector<std::string_view> tool_names();

[[nodiscard]] std::string_view name_of(Platform platform) noexcept;  // "", "linux", "macos", "windows", "wsl", "kali"
[[nodiscard]] std::string_view name_of(ToolKind kind) noexcept;  // "other", "sdk", "cli", "attack", "unknown", "mcp"

}  // namespace straykey
