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

// What the first product of a user agent may be. First match. Behind each row stands how it was seen: "run" is a run of
// the real program of that version by tests/agents/run on 2026-11-30, "source" is the program's own source, "trail" a
// published trail or AWS's manual; what is only "reported" was not seen yet. A program that no row can tell from its
// SDK has none (core/detect/CATALOGUE.md).
constexpr std::array kTools{
    // Command lines and file clients that a person types into or clicks through.
    Tool{"aws-cli", "aws-cli", ToolKind::cli},                // run 1.46.2, 2.9.19, 2.38.5
    Tool{"awspowershell*", "aws-powershell", ToolKind::cli},  // trail
    Tool{"aws-shell", "aws-shell", ToolKind::cli},            // reported
    Tool{"rclone", "rclone", ToolKind::cli},                  // run 1.75.2; 1.60.1 of Debian, without a version
    Tool{"s3fs", "s3fs", ToolKind::cli},                      // run 1.90
    Tool{"mountpoint-s3", "mountpoint-s3", ToolKind::cli},    // source
    Tool{"eksctl", "eksctl", ToolKind::cli},                  // source; behind the SDK
    Tool{"aws-sam-cli", "aws-sam-cli", ToolKind::cli},        // run 1.170.0, behind Boto3
    Tool{"eb-cli", "eb-cli", ToolKind::cli},                  // run 3.27.5
    Tool{"ecs-cli", "ecs-cli", ToolKind::cli},                // reported
    Tool{"aws-copilot", "aws-copilot", ToolKind::cli},        // reported
    Tool{"aws-ecs-cli-v2", "aws-copilot", ToolKind::cli},     // source, a former name
    Tool{"aws-chalice", "aws-chalice", ToolKind::cli},        // run 1.34.0
    Tool{"ec2-api-tools", "ec2-api-tools", ToolKind::cli},    // trail
    Tool{"saml2aws", "saml2aws", ToolKind::cli},              // source, to the identity provider
    Tool{"curl", "curl", ToolKind::cli},                      // run 7.88.1
    Tool{"wget", "wget", ToolKind::cli},                      // run 1.21.3
    Tool{"httpie", "httpie", ToolKind::cli},                  // run 3.2.4
    Tool{"postmanruntime", "postman", ToolKind::cli},         // reported
    Tool{"s3 browser*", "s3browser", ToolKind::cli},          // trail
    Tool{"cyberduck*", "cyberduck", ToolKind::cli},           // reported
    Tool{"mountain duck*", "cyberduck", ToolKind::cli},       // reported
    Tool{"winscp", "winscp", ToolKind::cli},                  // reported
    Tool{"cloudberry*", "cloudberry", ToolKind::cli},         // reported
    Tool{"cloudquery*", "cloudquery", ToolKind::cli},         // reported
    Tool{"scout-suite", "scoutsuite", ToolKind::cli},         // trail, 5.14.0
    Tool{"scout suite*", "scoutsuite", ToolKind::cli},        // trail, 5.12.0
    Tool{"prowler*", "prowler", ToolKind::cli},               // reported
    // Made for attacks. They are found behind any other product, too.
    Tool{"pacu*", "pacu", ToolKind::attack},                          // source: Pacu-Session-<id>
    Tool{"trufflehog*", "trufflehog", ToolKind::attack},              // source, trail
    Tool{"stratus-red-team*", "stratus-red-team", ToolKind::attack},  // trail
    // Code.
    Tool{"boto3", "boto3", ToolKind::sdk},                          // run 1.44.5
    Tool{"botocore", "botocore", ToolKind::sdk},                    // reported
    Tool{"aiobotocore", "botocore", ToolKind::sdk},                 // run 3.10.0
    Tool{"boto", "boto", ToolKind::sdk},                            // run 2.49.0
    Tool{"aws-sdk-go*", "aws-sdk-go", ToolKind::sdk},               // run 1.55.8, v2 1.48.0
    Tool{"aws-sdk-js*", "aws-sdk-js", ToolKind::sdk},               // run 3.1168.0
    Tool{"aws-sdk-nodejs*", "aws-sdk-js", ToolKind::sdk},           // run 2.1693.0
    Tool{"aws-sdk-java*", "aws-sdk-java", ToolKind::sdk},           // run 1.12.797, 2.57.8
    Tool{"aws-sdk-kotlin*", "aws-sdk-kotlin", ToolKind::sdk},       // reported
    Tool{"aws-sdk-dotnet*", "aws-sdk-dotnet", ToolKind::sdk},       // reported
    Tool{"aws-sdk-net*", "aws-sdk-dotnet", ToolKind::sdk},          // reported
    Tool{"aws-sdk-php*", "aws-sdk-php", ToolKind::sdk},             // reported
    Tool{"aws-sdk-ruby*", "aws-sdk-ruby", ToolKind::sdk},           // run 3.168.1
    Tool{"aws-sdk-rust*", "aws-sdk-rust", ToolKind::sdk},           // reported
    Tool{"aws-sdk-cpp*", "aws-sdk-cpp", ToolKind::sdk},             // reported
    Tool{"aws-sdk-swift*", "aws-sdk-swift", ToolKind::sdk},         // reported
    Tool{"aws-sdk-*", "aws-sdk", ToolKind::sdk},                    // any other
    Tool{"rusoto*", "rusoto", ToolKind::sdk},                       // trail
    Tool{"minio*", "minio", ToolKind::sdk},                         // run 7.2.20 (Python), 8.0.7 (JavaScript)
    Tool{"terraform*", "terraform", ToolKind::sdk},                 // trail
    Tool{"opentofu*", "opentofu", ToolKind::sdk},                   // reported
    Tool{"pulumi*", "pulumi", ToolKind::sdk},                       // reported
    Tool{"ansible*", "ansible", ToolKind::sdk},                     // reported
    Tool{"hashicorp*", "hashicorp", ToolKind::sdk},                 // trail
    Tool{"apn", "apn", ToolKind::sdk},                              // trail
    Tool{"python-requests", "python-requests", ToolKind::sdk},      // run 2.34.2
    Tool{"python-urllib*", "python-urllib", ToolKind::sdk},         // reported
    Tool{"go-http-client", "go-http-client", ToolKind::sdk},        // run, for credentials
    Tool{"apache-httpclient", "apache-httpclient", ToolKind::sdk},  // reported
    Tool{"okhttp", "okhttp", ToolKind::sdk},                        // reported
    Tool{"axios", "axios", ToolKind::sdk},                          // reported
    // Consoles, browsers, AWS itself.
    Tool{"aws-internal*", "aws-internal", ToolKind::other},
    Tool{"console.*", "aws-console", ToolKind::other},
    Tool{"signin.*", "aws-console", ToolKind::other},
    Tool{"s3console", "aws-console", ToolKind::other},
    Tool{"mozilla*", "browser", ToolKind::other},
    Tool{"opera", "browser", ToolKind::other},
};

// Families that are worth finding behind an SDK's product: programs built on an SDK that name themselves further on.
constexpr std::array<std::string_view, 7> kNamedBehindSdk{"aws-sam-cli", "eksctl",  "eb-cli",    "saml2aws",
                                                          "cloudquery",  "prowler", "scoutsuite"};
// Families that are worth finding behind a partner prefix ("APN/1.0 HashiCorp/1.0 Terraform/1.1.2").
constexpr std::array<std::string_view, 4> kNamedBehindApn{"terraform", "opentofu", "pulumi", "ansible"};

// Words that name a command line only behind the product of what it is built on, as in kTools with how they were seen.
struct Behind {
  std::string_view first;  // family of the first product
  std::string_view product;
  std::string_view family;
  bool anywhere;  // false: not with an exec-env, where AWS runs helper functions of the tool under its name
};
constexpr std::array kBehind{
    // run 2.3.0. Any Go program that uses the transfer manager of version 1 of the SDK says the same, and s5cmd says it
    // only of transfers.
    Behind{"aws-sdk-go", "s3manager", "s5cmd", true},
    // run of 2025-03-13
    Behind{"minio", "mc", "mc", true},
    // source
    Behind{"boto3", "apn_1826889", "prowler", true},
    // run 2.0
    Behind{"browser", "libs3", "libs3", true},
    // run 2.1140.0
    Behind{"aws-sdk-js", "aws-cdk", "aws-cdk", false},
};

// Beginnings of tokens, lower case, that name the platform.
struct PlatformMark {
  std::string_view mark;
  Platform platform;
};
constexpr std::array kPlatformMarks{
    PlatformMark{"os/macos", Platform::macos},   PlatformMark{"os/mac_os", Platform::macos},
    PlatformMark{"os/darwin", Platform::macos},  PlatformMark{"darwin", Platform::macos},
    PlatformMark{"(darwin", Platform::macos},    PlatformMark{"macos", Platform::macos},
    PlatformMark{"mac_os_x", Platform::macos},   PlatformMark{"(macintosh", Platform::macos},
    PlatformMark{"(mac", Platform::macos},       PlatformMark{"os/windows", Platform::windows},
    PlatformMark{"os/win32", Platform::windows}, PlatformMark{"os/microsoft_windows", Platform::windows},
    PlatformMark{"windows", Platform::windows},  PlatformMark{"(windows", Platform::windows},
    PlatformMark{"win32/", Platform::windows},   PlatformMark{"os/linux", Platform::linux_os},
    PlatformMark{"linux/", Platform::linux_os},  PlatformMark{"linux;", Platform::linux_os},
    PlatformMark{"(linux", Platform::linux_os},  PlatformMark{"(x11", Platform::linux_os},
};

constexpr std::size_t kExecEnvBytesMax = 64;
constexpr std::string_view kAmazonQ = "AmazonQ-For-CLI";

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

bool contains(std::string_view text, std::string_view lower_case) noexcept {
  for (std::size_t at = 0; at + lower_case.size() <= text.size(); ++at)
    if (begins_with(text.substr(at), lower_case)) return true;
  return false;
}

// "kali" as a word of its own or of a kernel's name, in a token that tells the system: a program may be called so, too.
bool marks_kali(std::string_view token) noexcept {
  constexpr std::array<std::string_view, 6> kSystems{"os/", "linux/", "md/distrib#", "exe/", "source/", "(linux"};
  if (std::ranges::none_of(kSystems, [&](std::string_view system) { return begins_with(token, system); })) return false;
  for (std::size_t at = 0; at + 4 <= token.size(); ++at) {
    if (!begins_with(token.substr(at), "kali")) continue;
    const auto is_letter = [](char c) { return lower(c) >= 'a' && lower(c) <= 'z'; };
    const bool starts = at == 0 || !is_letter(token[at - 1]);
    if (starts && (at + 4 == token.size() || !is_letter(token[at + 4]))) return true;
  }
  return false;
}

// The kernel's name in version 2 ("...-microsoft-standard-WSL2") and in version 1 ("...-Microsoft").
bool marks_wsl(std::string_view token) noexcept {
  return contains(token, "-microsoft") || contains(token, "wsl2");
}

Platform platform_of(std::string_view token) noexcept {
  for (const PlatformMark& row : kPlatformMarks)
    if (begins_with(token, row.mark)) return row.platform;
  if (equals(token, "linux")) return Platform::linux_os;
  // Ruby's: "x86_64-linux", "arm64-darwin23", "x64-mingw32".
  constexpr std::array<std::string_view, 5> kMachines{"x86_64-", "arm64-", "aarch64-", "x64-", "universal-"};
  for (const std::string_view machine : kMachines) {
    if (!begins_with(token, machine)) continue;
    const std::string_view system = token.substr(machine.size());
    if (begins_with(system, "darwin")) return Platform::macos;
    if (begins_with(system, "mingw")) return Platform::windows;
    if (begins_with(system, "linux")) return Platform::linux_os;
  }
  return Platform::unknown;
}

// Whether any token can mark Kali or WSL: asked once for the whole text, since nearly none does.
bool may_mark_distribution(std::string_view text) noexcept {
  for (const std::string_view mark : {"kali", "Kali", "KALI", "-microsoft", "-Microsoft", "WSL2", "wsl2"})
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

// What the `m/` words of an agent say together: they are one set, in any order, and case matters.
struct Letters {
  std::uint8_t found = 0;
  bool derived = false;

  void note(std::string_view ids) noexcept {
    constexpr std::string_view kDerived = "ioprstu";
    while (!ids.empty()) {
      const std::string_view id = cut_at(ids, ",");
      ids.remove_prefix(std::min(id.size() + 1, ids.size()));
      for (const SourceLetter& letter : kSourceLetters)
        if (letter.id == id) found |= letter.bit;
      derived = derived || (id.size() == 1 && kDerived.find(id[0]) != std::string_view::npos);
    }
  }
};

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

const Behind* find_behind(std::string_view token, std::string_view first_family) noexcept {
  const std::string_view product = cut_at(token, "/");
  const auto at = std::ranges::find_if(
      kBehind, [&](const Behind& row) { return row.first == first_family && equals(product, row.product); });
  return at == kBehind.end() ? nullptr : &*at;
}

// The first tool of the text, or "other".
void note_first_product(std::string_view text, UserAgent& agent) noexcept {
  std::string_view rest = text;
  const std::string_view product = cut_at(take_token(rest), "/");
  agent.kind = ToolKind::other;
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
  const Behind* behind = nullptr;
  const bool look_for_distribution = may_mark_distribution(text);
  Letters letters;
  (void)take_token(text);
  while (!text.empty()) {
    const std::string_view token = take_token(text);
    if (token.empty() || note_named(token, agent)) continue;
    if (token.starts_with("m/")) {
      letters.note(token.substr(2));
      continue;
    }
    note_platform(token, look_for_distribution, agent.platform);
    note_later_product(token, first_family, agent);
    if (behind == nullptr) behind = find_behind(token, first_family);
  }
  if (behind != nullptr && agent.tool == first_family && (behind->anywhere || agent.exec_env.empty())) {
    agent.tool = behind->family;
    agent.kind = ToolKind::cli;
  }
  if (!letters.derived) agent.letters = letters.found;
  // The variable's value is "AmazonQ-For-CLI Version/1.2", which the SDKs write in four ways: as it is, and with "-" or
  // "_" for the space or the slash (findings/exec-env-four-ways.sh).
  if (agent.exec_env.starts_with(kAmazonQ)) agent.exec_env = agent.exec_env.substr(0, kAmazonQ.size());
  agent.exec_env = agent.exec_env.substr(0, kExecEnvBytesMax);
  return agent;
}

std::vector<std::string_view> tool_names() {
  std::vector<std::string_view> names{"other", "unknown", "mcp", "aws-service", "aws-console"};
  for (const Tool& tool : kTools) names.push_back(tool.family);
  for (const Behind& behind : kBehind) names.push_back(behind.family);
  return names;
}

bool was_other_before_format_2(std::string_view tool) noexcept {
  constexpr std::array<std::string_view, 6> kNamedSince{"s3fs",        "mountpoint-s3", "aws-copilot",
                                                        "aws-chalice", "ec2-api-tools", "mcp"};
  return std::ranges::find(kNamedSince, tool) != kNamedSince.end();
}

std::string_view name_of(Platform platform) noexcept {
  constexpr std::array<std::string_view, 6> kNames{"", "linux", "macos", "windows", "wsl", "kali"};
  return kNames[static_cast<std::size_t>(platform)];
}

std::string_view name_of(ToolKind kind) noexcept {
  constexpr std::array<std::string_view, 6> kNames{"other", "sdk", "cli", "attack", "unknown", "mcp"};
  return kNames[static_cast<std::size_t>(kind)];
}

}  // namespace straykey
