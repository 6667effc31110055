#pragma once
// User agents of the simulated organisation, in the forms that AWS's tools send (tests/agents/README.md).
#include <string_view>

namespace straykey::agent {

inline constexpr std::string_view kLambdaPython =
    "Boto3/1.42.97 md/Botocore#1.42.97 ua/2.1 os/linux#5.10.245-243.979.amzn2.x86_64 md/arch#x86_64 "
    "lang/python#3.12.12 "
    "md/pyimpl#CPython exec-env/AWS_Lambda_python3.12 m/Z,b,g cfg/retry-mode#legacy Botocore/1.42.97";
inline constexpr std::string_view kLambdaNode =
    "aws-sdk-js/3.895.0 ua/2.1 os/linux#5.10.245-243.979.amzn2.x86_64 lang/js md/nodejs#22.20.0 "
    "exec-env/AWS_Lambda_nodejs22.x "
    "api/dynamodb#3.895.0 m/E,g";
inline constexpr std::string_view kGo =
    "aws-sdk-go-v2/1.36.3 ua/2.1 os/linux lang/go#1.24.1 md/GOOS#linux md/GOARCH#amd64 m/E,h";
inline constexpr std::string_view kFargateJava =
    "aws-sdk-java/2.31.50 md/io#async md/http#NettyNio ua/2.1 os/Linux#5.10.240-238.959.amzn2.x86_64 lang/java#21.0.7 "
    "md/OpenJDK_64-Bit_Server_VM exec-env/AWS_ECS_FARGATE m/D,F,z";
inline constexpr std::string_view kEcsOnEc2Python =
    "Boto3/1.40.3 md/Botocore#1.40.3 ua/2.1 os/linux#6.1.141 md/arch#x86_64 lang/python#3.11.13 md/pyimpl#CPython "
    "exec-env/AWS_ECS_EC2 m/Z,b,z cfg/retry-mode#standard Botocore/1.40.3";
inline constexpr std::string_view kEc2Agent = "aws-sdk-go/1.55.5 (go1.23.8; linux; amd64) amazon-ssm-agent/3.3.2299.0";
inline constexpr std::string_view kGluePython =
    "Boto3/1.34.131 md/Botocore#1.34.131 ua/2.0 os/linux#5.10.238 md/arch#x86_64 lang/python#3.11.9 md/pyimpl#CPython "
    "cfg/retry-mode#legacy Botocore/1.34.131";
inline constexpr std::string_view kBuildCli =
    "aws-cli/2.27.50 md/awscrt#0.26.1 ua/2.1 os/linux#4.14.355 md/arch#x86_64 lang/python#3.13.4 md/pyimpl#CPython "
    "exec-env/AWS_ECS_EC2 m/E,z,Z,b cfg/retry-mode#standard md/installer#exe sid/6b1f0c2a9d44 md/prompt#off "
    "md/command#s3.sync";
inline constexpr std::string_view kFargateCli =
    "aws-cli/2.27.50 md/awscrt#0.26.1 ua/2.1 os/linux#5.10.240 md/arch#x86_64 lang/python#3.13.4 md/pyimpl#CPython "
    "exec-env/AWS_ECS_FARGATE m/z,E,b cfg/retry-mode#standard md/installer#exe sid/0c9e51d7aa20 md/prompt#off "
    "md/command#s3.cp";
inline constexpr std::string_view kEcsOnEc2Cli =
    "aws-cli/2.27.50 md/awscrt#0.26.1 ua/2.1 os/linux#6.1.141 md/arch#x86_64 lang/python#3.13.4 md/pyimpl#CPython "
    "exec-env/AWS_ECS_EC2 m/E,z,b cfg/retry-mode#standard md/installer#exe sid/ab41902c7e11 md/prompt#off "
    "md/command#ecs.list-tasks";
inline constexpr std::string_view kLinuxCli =
    "aws-cli/2.30.0 md/awscrt#0.27.6 ua/2.1 os/linux#6.8.0-60-generic md/arch#x86_64 lang/python#3.13.7 "
    "md/pyimpl#CPython "
    "m/E,Z cfg/retry-mode#standard md/installer#exe sid/77d0e3b1c5f2 md/prompt#off md/command#s3.ls";
inline constexpr std::string_view kMacCli =
    "aws-cli/2.30.0 md/awscrt#0.27.6 ua/2.1 os/macos#25.0.0 md/arch#arm64 lang/python#3.13.7 md/pyimpl#CPython "
    "m/A,E,b,Z cfg/retry-mode#standard md/installer#source sid/e15370b661ab md/prompt#off "
    "md/command#sts.get-caller-identity";
inline constexpr std::string_view kS5cmd = "aws-sdk-go/1.44.298 (go1.22.10; linux; amd64) S3Manager";
inline constexpr std::string_view kRclone = "rclone/v1.70.3";
inline constexpr std::string_view kMc = "MinIO (linux; amd64) minio-go/v7.0.88 mc/RELEASE.2025-03-12T17-29-24Z";
inline constexpr std::string_view kTruffleHog = "TruffleHog";
inline constexpr std::string_view kPythonAnywhere =
    "Boto3/1.40.45 md/Botocore#1.40.45 ua/2.1 os/linux#6.8.0-60-generic md/arch#x86_64 lang/python#3.12.3 "
    "md/pyimpl#CPython "
    "m/b,e,Z cfg/retry-mode#legacy Botocore/1.40.45";
inline constexpr std::string_view kNodeAnywhere =
    "aws-sdk-js/3.901.0 ua/2.1 os/linux#6.1.0-28-amd64 lang/js md/nodejs#20.19.5 api/s3#3.901.0 m/N,E";
inline constexpr std::string_view kPythonFromFile =
    "Boto3/1.42.97 md/Botocore#1.42.97 ua/2.1 os/linux#6.8.0-60-generic md/arch#x86_64 lang/python#3.12.3 "
    "md/pyimpl#CPython m/Z,n,b cfg/retry-mode#legacy Botocore/1.42.97";
inline constexpr std::string_view kNodeOnMac =
    "aws-sdk-js/3.901.0 ua/2.1 os/darwin#25.0.0 lang/js md/nodejs#22.20.0 api/s3#3.901.0 m/E";
inline constexpr std::string_view kBrowser =
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36";
inline constexpr std::string_view kRdsConsole =
    "aws-internal/3 aws-cli/1.27.78 Python/3.9.16 Linux/5.10.240 botocore/1.29.78 RDS Console";
inline constexpr std::string_view kS3Console =
    "[S3Console/0.4, aws-internal/3 aws-cli/1.27.78 aws-sdk-java/1.12.788 Linux/5.10.240 "
    "OpenJDK_64-Bit_Server_VM/25.452-b09]";
inline constexpr std::string_view kTerraform =
    "APN/1.0 HashiCorp/1.0 Terraform/1.13.3 terraform-provider-aws/6.14.1 aws-sdk-go-v2/1.39.2 os/linux lang/go#1.24.6";

}  // namespace straykey::agent
