#!/usr/bin/env python3
"""What must hold for each CloudFormation template of deploy/aws, whatever a linter says: the rule's state, the least privilege, nothing unused,
nothing that can be lost without a dead-letter queue or a backup. Each check is tried on a template that breaks it. Skipped, by name, without PyYAML."""
import copy
import json
import re
import subprocess
import sys
import unittest
from pathlib import Path

try:
    import yaml  # noqa: F401
except ImportError:
    print("skipped: PyYAML (Debian's python3-yaml) is not installed")
    sys.exit(77)

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE))
from templates import AWS, PSEUDO, as_list, names_used, nodes, paths, read, statements  # noqa: E402

ALL_EVENTS = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"
# What each role of a template may do: no more, no less.
ROLES = {
    "eventbridge.yaml": {"InvokeRole": {"events:InvokeApiDestination"}},
    "s3-lambda.yaml": {"ForwarderRole": {
        "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "s3:GetObject", "kms:Decrypt", "secretsmanager:GetSecretValue",
        "logs:CreateLogStream", "logs:PutLogEvents"}},
    "s3-sqs.yaml": {"SourceRole": {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility", "sqs:GetQueueAttributes",
                                   "s3:GetObject", "kms:Decrypt"}},
    "cloudwatch-firehose.yaml": {
        "DeliveryRole": {"secretsmanager:GetSecretValue", "kms:Decrypt", "s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads",
                         "s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject", "logs:PutLogEvents"},
        "SubscriptionRole": {"firehose:PutRecord", "firehose:PutRecordBatch"}},
}
# The only resources that end in a star, and what stands before it.
STARS = (r"arn:\$\{AWS::Partition\}:s3:::\$\{TrailBucket\}/\$\{KeyPrefix\}\*", r"\$\{Backup\.Arn\}/\*",
         r"arn:\$\{AWS::Partition\}:logs:\$\{AWS::Region\}:\$\{AWS::AccountId\}:log-group:\$\{DeliveryLogs\}:log-stream:\*")
# Services that use a role for what was made with it, by somebody who may pass it; they are not known to say for whose sake they call.
PASSED_TO = ("lambda.amazonaws.com", "firehose.amazonaws.com")
SECRETS_NO_ECHO = re.compile(r"Token$|Password|Secret$")


def of_kind(template, kind):
    return {name: resource for name, resource in template["Resources"].items() if resource["Type"] == kind}


def rules(template):
    """Rules take read-only management events where they take CloudTrail's, from AWS itself only, and lose nothing."""
    for name, rule in of_kind(template, "AWS::Events::Rule").items():
        properties = rule["Properties"]
        of_cloudtrail = "CloudTrail" in json.dumps(properties["EventPattern"].get("detail-type", "CloudTrail"))
        if properties.get("State") != (ALL_EVENTS if of_cloudtrail else "ENABLED"):
            yield f"{name} has the state {properties.get('State')}"
        if properties["EventPattern"].get("source") not in ([{"prefix": "aws."}], ["aws.s3"]):
            yield f"{name} takes events that AWS did not send"
        for target in properties["Targets"]:
            if "DeadLetterConfig" not in target:
                yield f"a target of {name} has no dead-letter queue"
            if of_cloudtrail and target.get("RetryPolicy") != {"MaximumEventAgeInSeconds": 86400, "MaximumRetryAttempts": 185}:
                yield f"a target of {name} gives up before it must"


def privileges(template, roles):
    """Policies allow what is listed, on what the template names."""
    found = {}
    for name, statement in statements(template):
        actions = as_list(statement["Action"])
        if statement["Effect"] != "Allow" or "NotAction" in statement or "NotResource" in statement or "NotPrincipal" in statement:
            yield f"{name} has a statement that does not say what is allowed"
        if any("*" in action for action in actions):
            yield f"{name} has an action with a star: {actions}"
        if "Principal" in statement:
            yield from principals(name, statement)
        else:
            found.setdefault(name, set()).update(actions)
        if actions == ["sts:AssumeRole"]:
            continue
        for resource in as_list(statement.get("Resource", "*")):
            text = resource.get("Fn::Sub", "") if isinstance(resource, dict) else resource
            if "*" in text and not any(re.fullmatch(star, text) for star in STARS):
                yield f"{name} allows {actions} on {text}"
            if isinstance(resource, str) or text and "${" not in text:
                yield f"{name} names the resource {text} itself"
        if "kms:Decrypt" in actions and "kms:ViaService" not in json.dumps(statement.get("Condition")):
            yield f"{name} may decrypt by other ways than a service"
    if found != roles:
        yield f"roles may do {found}, and should {roles}"
    if any("ManagedPolicyArns" in node for node in nodes(template["Resources"])):
        yield "a managed policy is attached"


def principals(name, statement):
    principal = statement["Principal"]
    if principal == "*" or "*" in json.dumps(principal):
        yield f"{name} trusts everybody"
    service = principal.get("Service")
    if service and service not in PASSED_TO and "aws:Source" not in json.dumps(statement.get("Condition")):
        yield f"{name} lets {service} act for anybody"


def names(template):
    """Parameters, conditions and resources that are named exist, and what exists is used."""
    sections = {key: template.get(key, {}) for key in ("Parameters", "Conditions", "Resources")}
    known = {name for section in sections.values() for name in section}
    used = set(names_used(template["Resources"])) | set(names_used(template["Conditions"])) | set(names_used(template["Outputs"]))
    for name in sorted(used - known):
        if not name.startswith(PSEUDO):
            yield f"{name} is used and is nowhere"
    for section in ("Parameters", "Conditions"):
        for name in sections[section]:
            if name not in used:
                yield f"{name} of {section} is used nowhere"
    for name, parameter in sections["Parameters"].items():
        if not parameter.get("Description"):
            yield f"{name} has no description"
        if SECRETS_NO_ECHO.search(name) and not parameter.get("NoEcho"):
            yield f"{name} is shown to whoever looks at the stack"


def queues(template):
    """Queues are encrypted, keep for 14 days, and end in a dead-letter queue that has an alarm."""
    found = of_kind(template, "AWS::SQS::Queue")
    for name, queue in found.items():
        properties = queue["Properties"]
        if not properties.get("SqsManagedSseEnabled"):
            yield f"{name} is not encrypted"
        if properties.get("MessageRetentionPeriod") != 1209600:
            yield f"{name} drops messages before 14 days"
        if name != "DeadLetters" and "RedrivePolicy" not in properties:
            yield f"{name} has no dead-letter queue"
    if found and "DeadLettersAlarm" not in template["Resources"]:
        yield "nobody hears of dead letters"


def functions(template):
    """Lambda hides messages for six times the function's timeout, and hears which of them failed."""
    for name, mapping in of_kind(template, "AWS::Lambda::EventSourceMapping").items():
        if mapping["Properties"].get("FunctionResponseTypes") != ["ReportBatchItemFailures"]:
            yield f"{name} does not report single failures"
        timeout = template["Resources"]["Forwarder"]["Properties"]["Timeout"]
        if template["Resources"]["Notices"]["Properties"]["VisibilityTimeout"] < 6 * timeout:
            yield "a message comes again while it is being worked on"
    for name, function in of_kind(template, "AWS::Lambda::Function").items():
        if "LoggingConfig" not in function["Properties"]:
            yield f"{name} writes where it may not"


def streams(template):
    """Firehose tries for as long as it can, and keeps what failed."""
    for name, stream in of_kind(template, "AWS::KinesisFirehose::DeliveryStream").items():
        http = stream["Properties"]["HttpEndpointDestinationConfiguration"]
        if http.get("S3BackupMode") != "FailedDataOnly" or http.get("RetryOptions") != {"DurationInSeconds": 7200}:
            yield f"{name} gives up before it must"
        if "AccessKey" in http["EndpointConfiguration"] or not http.get("SecretsManagerConfiguration", {}).get("Enabled"):
            yield f"{name} has its token in the template"
    for name, bucket in of_kind(template, "AWS::S3::Bucket").items():
        if bucket.get("DeletionPolicy") != "Retain" or not all(bucket["Properties"].get("PublicAccessBlockConfiguration", {"": False}).values()):
            yield f"{name} goes with the stack, or may be made public"


def findings(name, template):
    yield from rules(template)
    yield from privileges(template, ROLES[name])
    yield from names(template)
    yield from queues(template)
    yield from functions(template)
    yield from streams(template)


def change(text, old, new):
    assert text.count(old) >= 1, old
    return text.replace(old, new, 1)


# (template, what is there, what is put in its place, words of the finding)
BREAKS = (
    ("eventbridge.yaml", f"      State: {ALL_EVENTS}\n", "", "has the state None"),
    ("eventbridge.yaml", f"State: {ALL_EVENTS}", "State: ENABLED", "has the state ENABLED"),
    ("eventbridge.yaml", "- prefix: aws.\n", "- prefix: a\n", "AWS did not send"),
    ("eventbridge.yaml", "          DeadLetterConfig:\n            Arn: !GetAtt DeadLetters.Arn\n", "", "no dead-letter queue"),
    ("eventbridge.yaml", "MaximumRetryAttempts: 185", "MaximumRetryAttempts: 5", "before it must"),
    ("eventbridge.yaml", "Action: events:InvokeApiDestination", "Action: events:*", "with a star"),
    ("eventbridge.yaml", "                Resource: !GetAtt Destination.Arn", "                Resource: '*'", "on *"),
    ("eventbridge.yaml", "    NoEcho: true\n", "", "is shown"),
    ("eventbridge.yaml", "      InvocationRateLimitPerSecond: !Ref RatePerSecond\n", "", "RatePerSecond of Parameters is used nowhere"),
    ("eventbridge.yaml", "            Condition:\n              StringEquals:\n                aws:SourceAccount: !Ref AWS::AccountId\n", "", "for anybody"),
    ("s3-lambda.yaml", "        - ReportBatchItemFailures\n", "        - Other\n", "single failures"),
    ("s3-lambda.yaml", "VisibilityTimeout: 720", "VisibilityTimeout: 120", "comes again"),
    ("s3-lambda.yaml", "                  - sqs:DeleteMessage\n", "                  - sqs:DeleteMessage\n                  - sqs:PurgeQueue\n", "sqs:PurgeQueue"),
    ("s3-lambda.yaml", "      SqsManagedSseEnabled: true\n", "", "not encrypted"),
    ("s3-lambda.yaml", "!Ref Endpoint\n", "!Ref Endpont\n", "Endpont is used and is nowhere"),
    ("s3-sqs.yaml", "s3:::${TrailBucket}/${KeyPrefix}*", "s3:::${TrailBucket}*", "allows ['s3:GetObject'] on"),
    ("s3-sqs.yaml", "                  - sqs:ChangeMessageVisibility\n", "", "and should"),
    ("s3-sqs.yaml", "              AWS: !Ref TrustedPrincipalArn", "              AWS: '*'", "trusts everybody"),
    ("s3-sqs.yaml", "      MessageRetentionPeriod: 1209600\n", "", "before 14 days"),
    ("cloudwatch-firehose.yaml", "S3BackupMode: FailedDataOnly", "S3BackupMode: AllData", "before it must"),
    ("cloudwatch-firehose.yaml", "    DeletionPolicy: Retain\n", "", "goes with the stack"),
    ("cloudwatch-firehose.yaml", "                      kms:ViaService: ", "                      kms:Other: ", "other ways"),
)


class Templates(unittest.TestCase):
    def test_every_template_keeps_every_rule(self):
        self.assertEqual([path.name for path in paths()], sorted(ROLES))
        for path in paths():
            with self.subTest(path.name):
                self.assertEqual(list(findings(path.name, read(path.read_text()))), [])

    def test_every_rule_is_seen_to_break(self):
        for name, old, new, words in BREAKS:
            with self.subTest(f"{name}: {old.strip()}"):
                broken = read(change((AWS / name).read_text(), old, new))
                self.assertTrue(any(words in finding for finding in findings(name, broken)), list(findings(name, broken)))

    def test_a_key_that_stands_twice_is_refused(self):
        with self.assertRaises(yaml.YAMLError):
            read("a: 1\na: 2\n")

    def test_the_template_holds_the_forwarder_as_it_is(self):
        subprocess.run([sys.executable, "-B", HERE / "inline.py", "--check"], check=True)
        template = read((AWS / "s3-lambda.yaml").read_text())
        code = template["Resources"]["Forwarder"]["Properties"]["Code"]["ZipFile"]
        self.assertEqual(code, (AWS / "forwarder/index.js").read_text())
        self.assertLess(len((AWS / "s3-lambda.yaml").read_bytes()), 51_200)      # what CloudFormation takes without a bucket

    def test_the_commands_of_the_readme_give_each_template_what_it_needs(self):
        seen = set()
        for command in re.findall(r"^(?:aws|for) .*$", (AWS / "README.md").read_text(), re.MULTILINE):
            for name in re.findall(r"deploy/aws/([\w-]+\.yaml)", command):
                seen.add(name)
                parameters = read((AWS / name).read_text())["Parameters"]
                given = set(re.findall(r"ParameterKey=(\w+)", command) or re.findall(r" (\w+)=", command.partition("--parameter-overrides")[2]))
                needed = {key for key, parameter in parameters.items() if "Default" not in parameter}
                self.assertLessEqual(given, set(parameters), command)
                self.assertLessEqual(needed, given, command)
                self.assertIn("CAPABILITY_IAM", command)
        self.assertEqual(seen, set(ROLES))

    def test_metrics_and_files_that_the_pages_name_are_there(self):
        api = (ROOT / "net/API.md").read_text()
        for page in (AWS / "README.md", *sorted((ROOT / "docs/senders").glob("*.md"))):
            for name in re.findall(r"\bstraykey_[a-z0-9_]+[a-z]\b", page.read_text()):
                self.assertRegex(api, rf"`{name}[`{{]", f"{page.name} names {name}")
            for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
                self.assertTrue((page.parent / link).exists(), f"{page.name} links to {link}")

    def test_one_parameter_means_one_thing_in_all_templates(self):
        said = {}
        for path in paths():
            for name, parameter in read(path.read_text())["Parameters"].items():
                kept = copy.deepcopy({key: value for key, value in parameter.items() if key in ("Type", "Default", "NoEcho")})
                self.assertEqual(said.setdefault(name, kept), kept, f"{path.name}: {name}")


if __name__ == "__main__":
    unittest.main()
