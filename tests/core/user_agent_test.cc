// User agents as AWS tools send them: a table of text and what it must mean.
#include "core/event/user_agent.h"

#include <doctest/doctest.h>

#include <string>

namespace straykey {
namespace {

struct Row {
  std::string_view text;
  std::string_view tool;
  ToolKind kind;
  Platform platform;
  std::string_view exec_env = "";
  std::string_view command = "";
  std::string_view sid = "";
};

constexpr auto kCli = ToolKind::cli;
constexpr auto kSdk = ToolKind::sdk;
constexpr auto kOther = ToolKind::other;
constexpr auto kAttack = ToolKind::attack;

const Row kRows[] = {
    {"", "unknown", kOther, Platform::unknown},
    {"   ", "unknown", kOther, Platform::unknown},
    {"[]", "unknown", kOther, Platform::unknown},
    // The AWS CLI through the years.
    {"aws-cli/1.16.19 Python/2.7.10 Darwin/17.7.0 botocore/1.12.9", "aws-cli", kCli, Platform::macos},
    {"[aws-cli/1.16.19 Python/2.7.10 Darwin/17.7.0 botocore/1.12.9]", "aws-cli", kCli, Platform::macos},
    {"aws-cli/2.15.0 Python/3.11.6 Darwin/23.0.0 source/arm64 prompt/off command/s3.cp", "aws-cli", kCli,
     Platform::macos, "", "s3.cp"},
    {"aws-cli/2.36.32 md/awscrt#0.36.2 ua/2.1 os/macos#25.5.0 md/arch#arm64 lang/python#3.14.7 md/pyimpl#CPython "
     "m/AP,n,E,b,Z cfg/retry-mode#standard md/installer#source sid/e15370b661ab md/prompt#off "
     "md/command#sts.get-caller-identity",
     "aws-cli", kCli, Platform::macos, "", "sts.get-caller-identity", "e15370b661ab"},
    {"aws-cli/1.24.10 Python/3.7.12 Linux/4.14.255 exec-env/AWS_Lambda_python3.7 botocore/1.26.10", "aws-cli", kCli,
     Platform::linux_os, "AWS_Lambda_python3.7"},
    {"aws-cli/2.15.0 Python/3.11.6 Linux/5.10.1 exec-env/CloudShell command/s3.ls", "aws-cli", kCli, Platform::linux_os,
     "CloudShell", "s3.ls"},
    {"aws-cli/2.9.1 Python/3.9.11 Windows/10 exe/AMD64 prompt/off command/s3.ls", "aws-cli", kCli, Platform::windows,
     "", "s3.ls"},
    {"aws-cli/2.9.1 Python/3.9.11 Linux/5.15.90.1-microsoft-standard-WSL2 exe/x86_64.ubuntu.22", "aws-cli", kCli,
     Platform::wsl},
    {"aws-cli/2.9.1 Python/3.9.11 Linux/6.1.0-kali5-amd64 exe/x86_64.kali.2023", "aws-cli", kCli, Platform::kali},
    {"aws-cli/2.20.0 md/awscrt#0.22 ua/2.0 os/linux#6.6.9-amd64 md/distrib#kali.2024", "aws-cli", kCli, Platform::kali},
    {"AWSPowerShell.Common/4.1.90.0 .NET_Core/6.0.5 OS/Microsoft_Windows_10.0.17763 PowerShellCore/7.-1 ClientAsync",
     "aws-powershell", kCli, Platform::windows},
    // Other command lines and file clients.
    {"s5cmd/2.0.0", "s5cmd", kCli, Platform::unknown},
    {"rclone/v1.64.0", "rclone", kCli, Platform::unknown},
    {"curl/8.4.0", "curl", kCli, Platform::unknown},
    {"S3 Browser/11.6.7 (https://s3browser.com)", "s3browser", kCli, Platform::unknown},
    {"Cyberduck/8.5.0.38946 (Mac OS X/12.6) (x86_64)", "cyberduck", kCli, Platform::macos},
    {"Boto3/1.26.0 Python/3.8.8 Linux/5.10 exec-env/X Botocore/1.29.0 aws-sam-cli/1.100.0", "aws-sam-cli", kCli,
     Platform::linux_os, "X"},
    {"aws-sdk-go-v2/1.30.0 os/linux lang/go#1.22.0 eksctl/0.180.0", "eksctl", kCli, Platform::linux_os},
    // Code.
    {"Boto3/1.42.97 md/Botocore#1.42.97 ua/2.1 os/linux#5.10.0 md/arch#x86_64 exec-env/AWS_Lambda_python3.12", "boto3",
     kSdk, Platform::linux_os, "AWS_Lambda_python3.12"},
    {"aws-sdk-js/3.895.0 ua/2.1 os/linux#5.10 lang/js md/nodejs#20", "aws-sdk-js", kSdk, Platform::linux_os},
    {"aws-sdk-nodejs/2.814.0 darwin/v16.14.0 promise", "aws-sdk-js", kSdk, Platform::macos},
    {"aws-sdk-go/1.41.4 (go1.18.3; linux; amd64) amazon-ssm-agent/", "aws-sdk-go", kSdk, Platform::linux_os},
    {"aws-sdk-java/1.12.1 Windows_10/10.0 OpenJDK/17", "aws-sdk-java", kSdk, Platform::windows},
    {"aws-sdk-perl/1.0", "aws-sdk", kSdk, Platform::unknown},
    {"APN/1.0 HashiCorp/1.0 Terraform/1.1.2 (+https://www.terraform.io) terraform-provider-aws/3.76.1 "
     "aws-sdk-go/1.44.157 (go1.19.3; linux; amd64) HashiCorp-terraform-exec/0.17.2",
     "terraform", kSdk, Platform::linux_os},
    {"APN/1.0 Example/1.0", "apn", kSdk, Platform::unknown},
    // A CDK helper function runs in Lambda under the CDK's name: not a person's command.
    {"aws-sdk-js/3.895.0 ua/2.1 exec-env/AWS_Lambda_nodejs20.x aws-cdk/2.100.0", "aws-sdk-js", kSdk, Platform::unknown,
     "AWS_Lambda_nodejs20.x"},
    // Consoles embed a CLI or an SDK; services call by name.
    {"aws-internal/3 aws-cli/1.27.78 Python/3.9 Linux/5.10 RDS Console", "aws-internal", kOther, Platform::linux_os},
    {"[S3Console/0.4, aws-internal/3 aws-sdk-java/1.12.488 Linux/5.10.184]", "aws-console", kOther, Platform::unknown},
    {"RDS Console, aws-internal/3 aws-cli/1.2.3", "aws-console", kOther, Platform::unknown},
    {"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/99", "browser",
     kOther, Platform::macos},
    {"Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:102.0) aws-cli/2.0", "browser", kOther, Platform::linux_os},
    {"AWS Internal", "aws-service", kOther, Platform::unknown},
    {"lambda.amazonaws.com", "aws-service", kOther, Platform::unknown},
    {"console.ec2.amazonaws.com", "aws-console", kOther, Platform::unknown},
    {"my-own-agent/7", "other", kOther, Platform::unknown},
    // Attack tools, also behind another product.
    {"TruffleHog", "trufflehog", kAttack, Platform::unknown},
    {"Pacu/1.5", "pacu", kAttack, Platform::unknown},
    {"stratus-red-team_39f95f43-0000-4000-8000-000000000000", "stratus-red-team", kAttack, Platform::unknown},
    {"APN/1.0 HashiCorp/1.0 Terraform/1.1.2 aws-sdk-go/1.44 (go1.19.3; linux; amd64) stratus-red-team_39f9",
     "stratus-red-team", kAttack, Platform::linux_os},
    // Text that means harm elsewhere is text here.
    {"kalibrate/1.0 skaling", "other", kOther, Platform::unknown},
    {"aws-cli/2.0\r\nX: y \x1b[31m <script>", "aws-cli", kCli, Platform::unknown},
    {"${jndi:ldap://192.0.2.1/a}", "other", kOther, Platform::unknown},
    {"\xe2\x80\xae/1.0", "other", kOther, Platform::unknown},
};

TEST_CASE("each known user agent means its tool, platform, place and command") {
  for (const Row& row : kRows) {
    CAPTURE(row.text);
    const UserAgent agent = classify_user_agent(row.text);
    CHECK(agent.tool == row.tool);
    CHECK(name_of(agent.kind) == name_of(row.kind));
    CHECK(name_of(agent.platform) == name_of(row.platform));
    CHECK(agent.exec_env == row.exec_env);
    CHECK(agent.command == row.command);
    CHECK(agent.sid == row.sid);
  }
}

TEST_CASE("only command lines and attack tools count as a CLI") {
  CHECK(classify_user_agent("aws-cli/2.0").is_cli());
  CHECK(classify_user_agent("Pacu").is_cli());
  CHECK_FALSE(classify_user_agent("Boto3/1.0").is_cli());
  CHECK_FALSE(classify_user_agent("aws-internal/3 aws-cli/1.27").is_cli());
}

TEST_CASE("metrics letters and their order change nothing that is compared") {
  const UserAgent one = classify_user_agent("aws-cli/2.36.32 ua/2.1 os/linux#6 m/AP,n,E,b,Z sid/aaa md/command#s3.ls");
  const UserAgent two = classify_user_agent("aws-cli/2.36.32 ua/2.1 os/linux#6 m/Z,b,E sid/bbb md/command#s3.ls");
  CHECK(one.tool == two.tool);
  CHECK(one.platform == two.platform);
  CHECK(one.exec_env == two.exec_env);
}

TEST_CASE("an exec-env is at most 64 bytes and every cut of a text is read safely") {
  const std::string text = "aws-cli/2.0 exec-env/" + std::string(500, 'x') + " [(;,/#] command/";
  CHECK(classify_user_agent(text).exec_env.size() == 64);
  for (std::size_t size = 0; size <= text.size(); ++size) {
    const std::string cut = text.substr(0, size);
    CHECK(classify_user_agent(cut).exec_env.size() <= 64);
  }
}

TEST_CASE("what aws-cli reports is found whatever the letter case") {
  CHECK(classify_user_agent("AWS-CLI/2.0 OS/MACOS#1").tool == "aws-cli");
  CHECK(classify_user_agent("AWS-CLI/2.0 OS/MACOS#1").platform == Platform::macos);
}

}  // namespace
}  // namespace straykey
