#include "core/event/user_agent.h"

#include <algorithm>
#include <array>
#include <utility>

namespace straykey {
namespace {

// --- Tables: add a row to teach a tool ---

struct Tool {
  std::string_view product;  // lower case; ends in '*': a prefix of the product
  std::string_view family;
  ToolKind kind;
};

// What the first product of a user agent may be. First match.
constexpr std::array kTools{
    // Command lines and file clients that a person types into or clicks through.
    Tool{"aws-cli", "aws-cli", ToolKind::cli},
    Tool{"awspowershell*", "aws-powershell", ToolKind::cli},
    Tool{"aws.tools*", "aws-powershell", ToolKind::cli},
    Tool{"aws-shell", "aws-shell", ToolKind::cli},
    Tool{"s3cmd", "s3cmd", ToolKind::cli},
    Tool{"s4cmd", "s4cmd", ToolKind::cli},
    Tool{"s5cmd", "s5cmd", ToolKind::cli},
    Tool{"rclone", "rclone", ToolKind::cli},
    Tool{"eksctl", "eksctl", ToolKind::cli},
    Tool{"aws-sam-cli", "aws-sam-cli", ToolKind::cli},
    Tool{"aws-cdk*", "aws-cdk", ToolKind::cli},
    Tool{"cdk", "aws-cdk", ToolKind::cli},
    Tool{"eb-cli", "eb-cli", ToolKind::cli},
    Tool{"awsebcli", "eb-cli", ToolKind::cli},
    Tool{"ecs-cli", "ecs-cli", ToolKind::cli},
    Tool{"aws-ecs-cli", "ecs-cli", ToolKind::cli},
    Tool{"copilot-cli", "copilot-cli", ToolKind::cli},
    Tool{"aws-vault", "aws-vault", ToolKind::cli},
    Tool{"saml2aws", "saml2aws", ToolKind::cli},
    Tool{"awscurl", "awscurl", ToolKind::cli},
    Tool{"curl", "curl", ToolKind::cli},
    Tool{"wget", "wget", ToolKind::cli},
    Tool{"httpie", "httpie", ToolKind::cli},
    Tool{"postmanruntime", "postman", ToolKind::cli},
    Tool{"s3 browser*", "s3browser", ToolKind::cli},
    Tool{"s3browser*", "s3browser", ToolKind::cli},
    Tool{"cyberduck", "cyberduck", ToolKind::cli},
    Tool{"duck", "cyberduck", ToolKind::cli},
    Tool{"mountain duck*", "cyberduck", ToolKind::cli},
    Tool{"winscp", "winscp", ToolKind::cli},
    Tool{"cloudberry*", "cloudberry", ToolKind::cli},
    Tool{"steampipe*", "steampipe", ToolKind::cli},
    Tool{"cloudquery*", "cloudquery", ToolKind::cli},
    Tool{"prowler*", "prowler", ToolKind::cli},
    Tool{"scoutsuite", "scoutsuite", ToolKind::cli},
    Tool{"scout suite*", "scoutsuite", ToolKind::cli},
    // Made for attacks, or to try credentials out.
    Tool{"pacu*", "pacu", ToolKind::attack},
    Tool{"trufflehog*", "trufflehog", ToolKind::attack},
    Tool{"stratus-red-team*", "stratus-red-team", ToolKind::attack},
    Tool{"cloudfox*", "cloudfox", ToolKind::attack},
    Tool{"weirdaal*", "weirdaal", ToolKind::attack},
    Tool{"enumerate-iam*", "enumerate-iam", ToolKind::attack},
    Tool{"aws_consoler*", "aws-consoler", ToolKind::attack},
    Tool{"peirates*", "peirates", ToolKind::attack},
    Tool{"s3scanner*", "s3scanner", ToolKind::attack},
    Tool{"atomic-red-team*", "atomic-red-team", ToolKind::attack},
    // Code.
    Tool{"boto3", "boto3", ToolKind::sdk},
    Tool{"botocore", "botocore", ToolKind::sdk},
    Tool{"aiobotocore", "botocore", ToolKind::sdk},
    Tool{"boto", "boto", ToolKind::sdk},
    Tool{"aws-sdk-go*", "aws-sdk-go", ToolKind::sdk},
    Tool{"aws-sdk-js*", "aws-sdk-js", ToolKind::sdk},
    Tool{"aws-sdk-nodejs*", "aws-sdk-js", ToolKind::sdk},
    Tool{"aws-sdk-java*", "aws-sdk-java", ToolKind::sdk},
    Tool{"aws-sdk-kotlin*", "aws-sdk-kotlin", ToolKind::sdk},
    Tool{"aws-sdk-dotnet*", "aws-sdk-dotnet", ToolKind::sdk},
    Tool{"aws-sdk-net*", "aws-sdk-dotnet", ToolKind::sdk},
    Tool{"aws-sdk-php*", "aws-sdk-php", ToolKind::sdk},
    Tool{"aws-sdk-ruby*", "aws-sdk-ruby", ToolKind::sdk},
    Tool{"aws-sdk-rust*", "aws-sdk-rust", ToolKind::sdk},
    Tool{"aws-sdk-cpp*", "aws-sdk-cpp", ToolKind::sdk},
    Tool{"aws-sdk-swift*", "aws-sdk-swift", ToolKind::sdk},
    Tool{"aws-sdk-*", "aws-sdk", ToolKind::sdk},
    Tool{"rusoto*", "rusoto", ToolKind::sdk},
    Tool{"minio*", "minio", ToolKind::sdk},
    Tool{"terraform*", "terraform", ToolKind::sdk},
    Tool{"opentofu*", "opentofu", ToolKind::sdk},
    Tool{"pulumi*", "pulumi", ToolKind::sdk},
    Tool{"ansible*", "ansible", ToolKind::sdk},
    Tool{"hashicorp*", "hashicorp", ToolKind::sdk},
    Tool{"apn*", "apn", ToolKind::sdk},
    Tool{"python-requests", "python-requests", ToolKind::sdk},
    Tool{"python-urllib*", "python-urllib", ToolKind::sdk},
    Tool{"go-http-client", "go-http-client", ToolKind::sdk},
    Tool{"apache-httpclient", "apache-httpclient", ToolKind::sdk},
    Tool{"okhttp", "okhttp", ToolKind::sdk},
    Tool{"axios", "axios", ToolKind::sdk},
    // Consoles, browsers, AWS itself.
    Tool{"aws-internal*", "aws-internal", ToolKind::other},
    Tool{"console.*", "aws-console", ToolKind::other},
    Tool{"signin.*", "aws-console", ToolKind::other},
    Tool{"s3console", "aws-console", ToolKind::other},
    Tool{"mozilla*", "browser", ToolKind::other},
    Tool{"opera", "browser", ToolKind::other},
};

// Families that are worth finding behind an SDK's product: programs built on an SDK that name themselves further on.
// Not the CDK: its helper functions run inside Lambda under that name.
constexpr std::array<std::string_view, 11> kNamedBehindSdk{"aws-sam-cli", "eksctl",    "s5cmd",     "rclone",
                                                           "eb-cli",      "aws-vault", "saml2aws",  "steampipe",
                                                           "cloudquery",  "prowler",   "scoutsuite"};
// Families that are worth finding behind a partner prefix ("APN/1.0 HashiCorp/1.0 Terraform/1.1.2").
constexpr std::array<std::string_view, 4> kNamedBehindApn{"terraform", "opentofu", "pulumi", "ansible"};

// Beginnings of tokens, lower case, that name the platform.
struct PlatformMark {
  std::string_view mark;
  Platform platform;
};
constexpr std::array kPlatformMarks{
    PlatformMark{"os/macos", Platform::macos},
    PlatformMark{"os/darwin", Platform::macos},
    PlatformMark{"darwin", Platform::macos},
    PlatformMark{"(darwin", Platform::macos},
    PlatformMark{"macos", Platform::macos},
    PlatformMark{"mac_os_x", Platform::macos},
    PlatformMark{"(macintosh", Platform::macos},
    PlatformMark{"(mac", Platform::macos},
    PlatformMark{"os/windows", Platform::windows},
    PlatformMark{"os/win32", Platform::windows},
    PlatformMark{"os/microsoft_windows", Platform::windows},
    PlatformMark{"windows", Platform::windows},
    PlatformMark{"(windows", Platform::windows},
    PlatformMark{"win32/", Platform::windows},
    PlatformMark{"os/linux", Platform::linux_os},
    PlatformMark{"linux/", Platform::linux_os},
    PlatformMark{"linux;", Platform::linux_os},
    PlatformMark{"(linux", Platform::linux_os},
    PlatformMark{"(x11", Platform::linux_os},
};

constexpr std::size_t kExecEnvBytesMax = 64;

// --- Reading ---

constexpr char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// `lower_case` is a prefix of `text`, whatever the case of `text`.
constexpr bool begins_with(std::string_view text, std::string_view lower_case) noexcept {
  if (text.size() < lower_case.size()) return false;
  for (std::size_t i = 0; i < lower_case.size(); ++i)
    if (lower(text[i]) != lower_case[i]) return false;
  return true;
}

constexpr bool equals(std::string_view text, std::string_view lower_case) noexcept {
  return text.size() == lower_case.size() && begins_with(text, lower_case);
}

constexpr std::string_view cut_at(std::string_view text, std::string_view stop) noexcept {
  return text.substr(0, text.find(stop));
}

// Takes the next token (parted by spaces) off the front of `text`.
std::string_view take_token(std::string_view& text) noexcept {
  const std::size_t begin = std::min(text.find_first_not_of(' '), text.size());
  const std::size_t end = std::min(text.find(' ', begin), text.size());
  const std::string_view token = text.substr(begin, end - begin);
  text.remove_prefix(end);
  return token;
}

// kTools by first byte: an agent has 15 products and words, and comparing each with 80 rows would cost more than
// parsing the record.
struct ToolIndex {
  std::array<Tool, kTools.size()> tools = kTools;
  std::array<std::uint8_t, 129> first{};  // tools [first[c], first[c + 1]) begin with c

  constexpr ToolIndex() {
    for (std::size_t i = 1; i < tools.size(); ++i)
      for (std::size_t j = i; j > 0 && tools[j].product[0] < tools[j - 1].product[0]; --j)
        std::swap(tools[j], tools[j - 1]);
    std::size_t at = 0;
    for (std::size_t c = 0; c < first.size(); ++c) {
      while (at < tools.size() && static_cast<std::size_t>(tools[at].product[0]) < c) ++at;
      first[c] = static_cast<std::uint8_t>(at);
    }
  }
};
constexpr ToolIndex kToolIndex;
static_assert(kTools.size() < 256);

// `all` is the text from the product on: names with a space are compared with it.
const Tool* find_tool(std::string_view product, std::string_view all) noexcept {
  const auto initial = static_cast<unsigned char>(product.empty() ? '\x7f' : lower(product.front()));
  if (initial >= 128) return nullptr;
  for (std::size_t i = kToolIndex.first[initial]; i < kToolIndex.first[initial + 1u]; ++i) {
    const Tool& tool = kToolIndex.tools[i];
    const bool prefix = tool.product.ends_with('*');
    const std::string_view name = prefix ? tool.product.substr(0, tool.product.size() - 1) : tool.product;
    const bool spaced = name.find(' ') != std::string_view::npos;
    if (spaced ? begins_with(all, name) : prefix ? begins_with(product, name) : equals(product, name)) return &tool;
  }
  return nullptr;
}

// "kali" as a word of its own or of a kernel's name, not a part of another word.
bool marks_kali(std::string_view token) noexcept {
  for (std::size_t at = 0; at + 4 <= token.size(); ++at) {
    if (!begins_with(token.substr(at), "kali")) continue;
    const auto is_letter = [](char c) { return lower(c) >= 'a' && lower(c) <= 'z'; };
    const bool starts = at == 0 || !is_letter(token[at - 1]);
    if (starts && (at + 4 == token.size() || !is_letter(token[at + 4]))) return true;
  }
  return false;
}

bool marks_wsl(std::string_view token) noexcept {
  return token.find("-microsoft") != std::string_view::npos || token.find("-Microsoft") != std::string_view::npos ||
         token.find("WSL2") != std::string_view::npos;
}

Platform platform_of(std::string_view token) noexcept {
  for (const PlatformMark& row : kPlatformMarks)
    if (begins_with(token, row.mark)) return row.platform;
  return Platform::unknown;
}

// Whether any token can mark Kali or WSL: asked once for the whole text, since nearly none does.
bool may_mark_distribution(std::string_view text) noexcept {
  for (const std::string_view mark : {"kali", "Kali", "KALI", "icrosoft", "WSL"})
    if (text.find(mark) != std::string_view::npos) return true;
  return false;
}

// Kali and WSL say more than the kernel that they run on; among the rest the first word counts.
void note_platform(std::string_view token, bool look_for_distribution, Platform& platform) noexcept {
  if (platform == Platform::kali || begins_with(token, "app/")) return;
  if (look_for_distribution && marks_kali(token))
    platform = Platform::kali;
  else if (look_for_distribution && marks_wsl(token))
    platform = Platform::wsl;
  else if (platform == Platform::unknown)
    platform = platform_of(token);
}

// True if the token was one of the named values.
bool note_named(std::string_view token, UserAgent& agent) noexcept {
  const auto value = [&](std::string_view name, std::string_view& field) {
    if (!begins_with(token, name)) return false;
    if (field.empty()) field = token.substr(name.size());
    return true;
  };
  return value("exec-env/", agent.exec_env) || value("command/", agent.command) ||
         value("md/command#", agent.command) || value("sid/", agent.sid);
}

// A later product may correct what the first said; an attack tool's always does.
void note_later_product(std::string_view token, std::string_view first_family, UserAgent& agent) noexcept {
  if (agent.kind == ToolKind::attack) return;
  const Tool* const tool = find_tool(cut_at(token, "/"), token);
  if (tool == nullptr) return;
  const bool apn = first_family == "apn" || first_family == "hashicorp";
  const bool behind_sdk =
      agent.kind == ToolKind::sdk && std::ranges::find(kNamedBehindSdk, tool->family) != kNamedBehindSdk.end();
  const bool behind_apn =
      apn && agent.tool == first_family && std::ranges::find(kNamedBehindApn, tool->family) != kNamedBehindApn.end();
  if (tool->kind != ToolKind::attack && !behind_sdk && !behind_apn) return;
  agent.tool = tool->family;
  agent.kind = tool->kind;
}

// The first tool of the text, or "other".
void note_first_product(std::string_view text, UserAgent& agent) noexcept {
  std::string_view rest = text;
  const std::string_view product = cut_at(take_token(rest), "/");
  if (const Tool* const tool = find_tool(product, text)) {
    agent.tool = tool->family;
    agent.kind = tool->kind;
  } else if (text == "AWS Internal" || product.ends_with(".amazonaws.com")) {
    agent.tool = "aws-service";
  } else if (text.ends_with(" Console") || product.ends_with("Console")) {
    agent.tool = "aws-console";
  } else {
    agent.tool = "other";
  }
}

}  // namespace

UserAgent classify_user_agent(std::string_view text) noexcept {
  UserAgent agent;
  if (text.starts_with('[') && text.ends_with(']') && text.size() >= 2) text = text.substr(1, text.size() - 2);
  text = text.substr(std::min(text.find_first_not_of(' '), text.size()));
  if (text.empty()) return agent;
  // "KHTML, like Gecko" is no list, but nothing behind it is read either.
  text = cut_at(text, ", ");
  note_first_product(text, agent);
  const std::string_view first_family = agent.tool;
  const bool look_for_distribution = may_mark_distribution(text);
  (void)take_token(text);
  while (!text.empty()) {
    const std::string_view token = take_token(text);
    if (token.empty() || note_named(token, agent)) continue;
    note_platform(token, look_for_distribution, agent.platform);
    note_later_product(token, first_family, agent);
  }
  agent.exec_env = agent.exec_env.substr(0, kExecEnvBytesMax);
  return agent;
}

std::string_view name_of(Platform platform) noexcept {
  constexpr std::array<std::string_view, 6> kNames{"", "linux", "macos", "windows", "wsl", "kali"};
  return kNames[static_cast<std::size_t>(platform)];
}

std::string_view name_of(ToolKind kind) noexcept {
  constexpr std::array<std::string_view, 4> kNames{"other", "sdk", "cli", "attack"};
  return kNames[static_cast<std::size_t>(kind)];
}

}  // namespace straykey
