// User agents as AWS tools send them: a table of text and what it must mean.
#include "core/event/user_agent.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

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
constexpr auto kUnknown = ToolKind::unknown;

const Row kRows[] = {
    // s3cmd, the PHP SDK and GDAL send no agent at all.
    {"", "unknown", kUnknown, Platform::unknown},
    {"   ", "unknown", kUnknown, Platform::unknown},
    {"[]", "unknown", kUnknown, Platform::unknown},
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
    {"aws-cli/1.46.2 md/Botocore#1.43.62 ua/2.1 os/linux#6.18.44 md/arch#x86_64 lang/python#3.11.7 md/pyimpl#CPython "
     "m/Z,g,b,D,N cfg/retry-mode#legacy botocore/1.43.62",
     "aws-cli", kCli, Platform::linux_os},
    {"aws-cli/2.38.5 md/awscrt#0.38.0 ua/2.1 os/linux#6.18.44 md/arch#x86_64 lang/python#3.14.8 md/pyimpl#CPython "
     "exec-env/CloudShell m/z,Z,E,C,N,b cfg/retry-mode#standard md/installer#docker sid/93c0d1 md/distrib#debian.12 "
     "md/prompt#off md/command#s3.ls",
     "aws-cli", kCli, Platform::linux_os, "CloudShell", "s3.ls", "93c0d1"},
    {"aws-cli/2.9.19 Python/3.11.2 Linux/6.18.44 source/x86_64.debian.12 prompt/off command/sts.get-caller-identity",
     "aws-cli", kCli, Platform::linux_os, "", "sts.get-caller-identity"},
    {"aws-cli/2.30.1 ua/2.1 os/linux#5.10 exec-env/AmazonQ-For-CLI Version/1.2 md/command#s3.ls", "aws-cli", kCli,
     Platform::linux_os, "AmazonQ-For-CLI", "s3.ls"},
    {"aws-cli/2.38.5 ua/2.1 os/linux#6 exec-env/AmazonQ-For-CLI-Version-1.2 m/g md/command#s3.ls", "aws-cli", kCli,
     Platform::linux_os, "AmazonQ-For-CLI", "s3.ls"},
    {"aws-sdk-js/3.1168.0 os/linux#6 lang/js exec-env/AmazonQ-For-CLI-Version/1.2", "aws-sdk-js", kSdk,
     Platform::linux_os, "AmazonQ-For-CLI"},
    {"aws-sdk-java/2.57.8 os/Linux#6 exec-env/AmazonQ-For-CLI_Version_1.2", "aws-sdk-java", kSdk, Platform::linux_os,
     "AmazonQ-For-CLI"},
    // Other command lines and file clients.
    {"rclone/v1.64.0", "rclone", kCli, Platform::unknown},
    {"rclone/", "rclone", kCli, Platform::unknown},
    {"curl/8.4.0", "curl", kCli, Platform::unknown},
    {"S3 Browser/11.6.7 (https://s3browser.com)", "s3browser", kCli, Platform::unknown},
    {"Cyberduck/8.5.0.38946 (Mac OS X/12.6) (x86_64)", "cyberduck", kCli, Platform::macos},
    {"s3fs/1.90 (commit hash unknown; GnuTLS(gcrypt))", "s3fs", kCli, Platform::unknown},
    {"mountpoint-s3/1.10.0 CRTS3NativeClient/0.1.x platform/unknown", "mountpoint-s3", kCli, Platform::unknown},
    {"ec2-api-tools 1.6.12.2", "ec2-api-tools", kCli, Platform::unknown},
    {"aws-chalice/1.34.0 md/Botocore#1.44.8 ua/2.1 os/linux#6.18.44 m/N,Z,E,b,g Botocore/1.44.8", "aws-chalice", kCli,
     Platform::linux_os},
    {"eb-cli/3.27.5 md/Botocore#1.44.8 ua/2.1 os/linux#6.18.44 m/g,N,Z,E,b cfg/retry-mode#standard", "eb-cli", kCli,
     Platform::linux_os},
    {"aws-copilot/v1.34.0 (darwin) aws-sdk-go/1.55.5 (go1.22.5; darwin; arm64)", "aws-copilot", kCli, Platform::macos},
    {"Scout-Suite/5.14.0 md/Botocore#1.35.75 ua/2.0 os/linux#6.10.11 Scout Suite/5.14.0 (https://example.com)",
     "scoutsuite", kCli, Platform::linux_os},
    {"Scout Suite/5.12.0 Python/3.9.2 Linux/6.0.0-2parrot1-amd64 Scout Suite/5.12.0", "scoutsuite", kCli,
     Platform::linux_os},
    // Named behind what they are built on.
    {"Boto3/1.26.0 Python/3.8.8 Linux/5.10 exec-env/X Botocore/1.29.0 aws-sam-cli/1.100.0", "aws-sam-cli", kCli,
     Platform::linux_os, "X"},
    {"Boto3/1.43.108 md/Botocore#1.43.127 md/awscrt#0.38.0 ua/2.1 os/linux#6.18.44 m/b,D,N,C,Z,g Botocore/1.43.127 "
     "aws-sam-cli/1.170.0",
     "aws-sam-cli", kCli, Platform::linux_os},
    {"aws-sdk-go-v2/1.30.0 os/linux lang/go#1.22.0 eksctl/0.180.0", "eksctl", kCli, Platform::linux_os},
    {"aws-sdk-go/1.44.298 (go1.22.10; linux; amd64) S3Manager", "s5cmd", kCli, Platform::linux_os},
    {"aws-sdk-go/1.44.298 (go1.22.10; darwin; arm64) S3Manager", "s5cmd", kCli, Platform::macos},
    {"aws-sdk-go/1.44.298 (go1.22.10; linux; amd64)", "aws-sdk-go", kSdk, Platform::linux_os},
    {"MinIO (darwin; arm64) minio-go/v7.0.88 mc/RELEASE.2025-03-12T17-29-24Z", "mc", kCli, Platform::macos},
    {"MinIO (linux; amd64) minio-go/v7.0.88", "minio", kSdk, Platform::linux_os},
    {"MinIO (Linux; x86_64) minio-py/7.2.20", "minio", kSdk, Platform::linux_os},
    {"aws-sdk-go/1.44.298 (go1.22.10; linux; amd64) mc/1", "aws-sdk-go", kSdk, Platform::linux_os},
    {"Boto3/1.42.97 md/Botocore#1.42.97 ua/2.1 os/linux#6.1 m/n,b Botocore/1.42.97 APN_1826889", "prowler", kCli,
     Platform::linux_os},
    {"Boto3/1.42.97 md/Botocore#1.42.97 ua/2.1 os/linux#6.1 Botocore/1.42.97 APN_1234567", "boto3", kSdk,
     Platform::linux_os},
    {"Mozilla/4.0 (Compatible; s3; libs3 2.0; Linux x86_64)", "libs3", kCli, Platform::linux_os},
    {"aws-sdk-js/3.895.0 ua/2.1 os/darwin#24.6.0 lang/js md/nodejs#22.20.0 api/sts#3.895.0 aws-cdk/2.1029.0", "aws-cdk",
     kCli, Platform::macos},
    // Code.
    {"Boto3/1.42.97 md/Botocore#1.42.97 ua/2.1 os/linux#5.10.0 md/arch#x86_64 exec-env/AWS_Lambda_python3.12", "boto3",
     kSdk, Platform::linux_os, "AWS_Lambda_python3.12"},
    {"aws-sdk-js/3.895.0 ua/2.1 os/linux#5.10 lang/js md/nodejs#20", "aws-sdk-js", kSdk, Platform::linux_os},
    {"aws-sdk-nodejs/2.814.0 darwin/v16.14.0 promise", "aws-sdk-js", kSdk, Platform::macos},
    {"aws-sdk-go/1.41.4 (go1.18.3; linux; amd64) amazon-ssm-agent/", "aws-sdk-go", kSdk, Platform::linux_os},
    {"aws-sdk-java/1.12.1 Windows_10/10.0 OpenJDK/17", "aws-sdk-java", kSdk, Platform::windows},
    {"aws-sdk-java/1.12.797 Windows_11/10.0 OpenJDK/17", "aws-sdk-java", kSdk, Platform::windows},
    {"aws-sdk-java/1.12.797 Mac_OS_X/14.5 OpenJDK/17", "aws-sdk-java", kSdk, Platform::macos},
    {"aws-sdk-java/2.57.8 md/io#sync md/http#UrlConnection ua/2.1 api/STS#2.57.x os/Mac_OS_X#14.5 lang/java#17.0.15",
     "aws-sdk-java", kSdk, Platform::macos},
    {"aws-sdk-js/3.895.0 ua/2.1 os/win32#10.0.19045 lang/js md/nodejs#20", "aws-sdk-js", kSdk, Platform::windows},
    {"aws-sdk-js/3.895.0 ua/2.1 os/darwin#23.6.0 lang/js md/nodejs#20", "aws-sdk-js", kSdk, Platform::macos},
    {"aws-sdk-js/3.895.0 ua/2.1 os/linux#5.15.90.1-microsoft-standard-WSL2 lang/js", "aws-sdk-js", kSdk, Platform::wsl},
    {"aws-sdk-js/3.895.0 ua/2.1 os/linux#6.1.0-kali5-amd64 lang/js", "aws-sdk-js", kSdk, Platform::kali},
    {"aws-sdk-go-v2/1.48.0 ua/2.1 os/macos lang/go#1.26.8 md/GOOS#darwin m/g", "aws-sdk-go", kSdk, Platform::macos},
    {"aws-sdk-go/1.55.8 (go1.26.8; windows; amd64)", "aws-sdk-go", kSdk, Platform::windows},
    {"aws-sdk-dotnet/3.7.1 OS/Microsoft_Windows_10.0.22631 ClientAsync", "aws-sdk-dotnet", kSdk, Platform::windows},
    {"aws-sdk-ruby3/3.168.1 ruby/3.1.2 x86_64-linux-gnu aws-sdk-core/3.168.1", "aws-sdk-ruby", kSdk,
     Platform::linux_os},
    {"aws-sdk-ruby3/3.168.1 ruby/3.1.2 arm64-darwin22 aws-sdk-core/3.168.1", "aws-sdk-ruby", kSdk, Platform::macos},
    {"Boto3/1.17.80 Python/3.9.5 Darwin/20.3.0 Botocore/1.20.80", "boto3", kSdk, Platform::macos},
    {"Boto3/1.17.80 Python/3.9.5 Windows/10 Botocore/1.20.80", "boto3", kSdk, Platform::windows},
    {"Boto3/1.17.80 Python/3.9.5 Linux/4.4.0-19041-Microsoft Botocore/1.20.80", "boto3", kSdk, Platform::wsl},
    {"Boto3/1.34.0 ua/2.0 os/linux#6.1 app/kali-lab m/b", "boto3", kSdk, Platform::linux_os},
    {"Boto3/1.34.0 ua/2.0 os/linux#6.1 app/darwin kali/1.0", "boto3", kSdk, Platform::linux_os},
    {"awslambda-worker/1.0 rusoto/0.47.0 rust/1.55.0 linux", "other", kOther, Platform::linux_os},
    {"aws-sdk-perl/1.0", "aws-sdk", kSdk, Platform::unknown},
    {"APN/1.0 HashiCorp/1.0 Terraform/1.1.2 (+https://www.terraform.io) terraform-provider-aws/3.76.1 "
     "aws-sdk-go/1.44.157 (go1.19.3; linux; amd64) HashiCorp-terraform-exec/0.17.2",
     "terraform", kSdk, Platform::linux_os},
    {"APN/1.0 Example/1.0", "apn", kSdk, Platform::unknown},
    // s4cmd and awscurl cannot be told from the libraries that they use, so they have no row.
    {"Boto3/1.44.8 md/Botocore#1.44.8 ua/2.1 os/linux#6.18.44 m/E,g,b,Z,N Botocore/1.44.8", "boto3", kSdk,
     Platform::linux_os},
    {"python-requests/2.34.2", "python-requests", kSdk, Platform::unknown},
    {"aws-sdk-js/3.1077.0 ua/2.1 os/linux#6.18 lang/js md/nodejs#20.20.2 api/sts#3.1077.0 m/E,g aws-cdk/2.1140.0",
     "aws-cdk", kCli, Platform::linux_os},
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
    {"Boto3/1.34.0 ua/2.0 os/linux#6.1 Botocore/1.34.0 Pacu-Session-00000000-0000-4000-8000-000000000000", "pacu",
     kAttack, Platform::linux_os},
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
  CHECK(classify_user_agent("TruffleHog").is_cli());
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

TEST_CASE("the m/ sets of an agent are one set, whose case matters, and a derived key's says nothing") {
  struct Letters {
    std::string_view sets;
    std::vector<std::string_view> read;
  };
  for (const Letters& row : std::vector<Letters>{
           {"m/AP,n,E,b,Z", {"n"}},
           {"m/E,n", {"n"}},
           {"m/n,E", {"n"}},
           {"m/E md/prompt#off m/n m/g", {"g", "n"}},
           {"m/N,E,V,W,X,G", {}},
           {"m/v,w,x", {"v", "w", "x"}},
           {"m/AC,AD,ACE", {"AC", "AD"}},
           {"m/z,0,h,k,q,e,8,3", {}},
           {"m/n,i", {}},
           {"m/g m/o", {}},
           {"m/n,p", {}},
           {"m/n,r", {}},
           {"m/n,s", {}},
           {"m/n,t", {}},
           {"m/n,u", {}},
           {"m/n,I,U", {"n"}},
           {"m/", {}},
           {"m/,,n,", {"n"}},
           {"md/n M/n om/n", {}},
       }) {
    CAPTURE(row.sets);
    const UserAgent agent = classify_user_agent("Boto3/1.42.97 ua/2.1 " + std::string(row.sets) + " Botocore/1.42.97");
    std::vector<std::string_view> read;
    for (const SourceLetter& letter : kSourceLetters)
      if ((agent.letters & letter.bit) != 0) read.push_back(letter.id);
    CHECK(read == row.read);
  }
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
