// One record -> Event or reason: fields, types, times, odd shapes, cuts.
#include "core/event/cloudtrail.h"

#include <doctest/doctest.h>

#include <cstring>
#include <string>

namespace straykey {
namespace {

constexpr Seconds kNow = 1'780'000'000;  // 2026-05-28
constexpr std::string_view kCore =
    R"("eventVersion":"1.11","eventTime":"2026-05-01T10:00:00Z","eventSource":"s3.amazonaws.com",
      "eventName":"ListBuckets")";

// Parses copies with the padding that a request's body has; what it gave last stays readable.
class Reading {
 public:
  std::variant<Event, RejectReason> parse(std::string_view record, Seconds now = kNow) {
    text_ = std::string(record) + std::string(kJsonPadding, '\0');
    return parser_.parse(std::string_view(text_).substr(0, record.size()), arena_, now);
  }
  Event event(std::string_view record, Seconds now = kNow) {
    const auto result = parse(record, now);
    CAPTURE(record);
    REQUIRE(std::holds_alternative<Event>(result));
    return std::get<Event>(result);
  }
  std::string_view reason(std::string_view record) {
    const auto result = parse(record);
    return std::holds_alternative<Event>(result) ? "taken" : name_of(std::get<RejectReason>(result));
  }

 private:
  RecordParser parser_;
  TextArena arena_;
  std::string text_;
};

std::string with(std::string_view members) {
  return "{" + std::string(kCore) + "," + std::string(members) + "}";
}

TEST_CASE("every field that decides is found in its place") {
  Reading reading;
  const std::string record = with(R"(
    "userIdentity":{"type":"AssumedRole","principalId":"AROAEXAMPLE:orders",
      "arn":"arn:aws:sts::111122223333:assumed-role/orders/orders",
      "accountId":"111122223333","accessKeyId":"ASIAEXAMPLE","userName":"u","invokedBy":"x.amazonaws.com",
      "identityProvider":"idp",
      "sessionContext":{"sessionIssuer":{"type":"Role","arn":"arn:aws:iam::111122223333:role/orders"},
        "webIdFederationData":{"federatedProvider":"oidc"},"attributes":{"creationDate":"2026-05-01T09:00:00Z"},
      "ec2RoleDelivery":"2.0"},
      "inScopeOf":{"issuerType":"AWS::Lambda::Function",
      "credentialsIssuedTo":"arn:aws:lambda:eu-west-1:111122223333:function:orders"}},
    "awsRegion":"eu-west-1","sourceIPAddress":"192.0.2.10","userAgent":"aws-cli/2.15.0 md/command#s3.ls",
      "errorCode":"AccessDenied",
    "eventID":"e-1","sharedEventID":"s-1","eventType":"AwsApiCall","eventCategory":"Management",
      "recipientAccountId":"111122223333",
    "vpcEndpointId":"vpce-1","vpcEndpointAccountId":"444455556666","sessionCredentialFromConsole":"true",
    "requestParameters":null,"responseElements":null,"tlsDetails":{"x":[1,2]})");
  const Event e = reading.event(record);
  CHECK(e.record == record);
  CHECK(e.time == 1'777'629'600);
  CHECK_FALSE(e.from_future);
  CHECK(e.event_id == "e-1");
  CHECK(e.shared_event_id == "s-1");
  CHECK(e.event_name == "ListBuckets");
  CHECK(e.event_source == "s3.amazonaws.com");
  CHECK(e.event_type == "AwsApiCall");
  CHECK(e.event_category == "Management");
  CHECK(e.region == "eu-west-1");
  CHECK(e.source_ip == "192.0.2.10");
  CHECK(e.user_agent_text == "aws-cli/2.15.0 md/command#s3.ls");
  CHECK(e.user_agent.tool == "aws-cli");
  CHECK(e.user_agent.command == "s3.ls");
  CHECK(e.error_code == "AccessDenied");
  CHECK(e.recipient_account == "111122223333");
  CHECK(e.vpc_endpoint == "vpce-1");
  CHECK(e.vpc_endpoint_account == "444455556666");
  CHECK(e.console_session);
  CHECK(e.type == IdentityType::assumed_role);
  CHECK(e.arn == "arn:aws:sts::111122223333:assumed-role/orders/orders");
  CHECK(e.account == "111122223333");
  CHECK(e.access_key == "ASIAEXAMPLE");
  CHECK(e.principal_id == "AROAEXAMPLE:orders");
  CHECK(e.user_name == "u");
  CHECK(e.invoked_by == "x.amazonaws.com");
  CHECK(e.identity_provider == "idp");
  CHECK(e.session_issuer_arn == "arn:aws:iam::111122223333:role/orders");
  CHECK(e.federated_provider == "oidc");
  CHECK(e.ec2_role_delivery == "2.0");
  CHECK(e.in_scope_issuer_type == "AWS::Lambda::Function");
  CHECK(e.in_scope_issued_to == "arn:aws:lambda:eu-west-1:111122223333:function:orders");
}

TEST_CASE("inScopeOf is found under sessionContext too") {
  Reading reading;
  const Event e = reading.event(with(
      R"("userIdentity":{"type":"AssumedRole","sessionContext":{"inScopeOf":{"issuerType":"AWS::EC2::Instance",
      "credentialsIssuedTo":"i"}}})"));
  CHECK(e.in_scope_issuer_type == "AWS::EC2::Instance");
  CHECK(e.in_scope_issued_to == "i");
}

TEST_CASE("an AssumeRole says what it issued, to whom, and for which pod") {
  Reading reading;
  const Event e = reading.event(
      R"({"eventVersion":"1.08","eventTime":"2026-05-01T10:00:00Z","eventSource":"sts.amazonaws.com",
      "eventName":"AssumeRole",
      "userIdentity":{"type":"AWSService","invokedBy":"pods.eks.amazonaws.com"},
      "requestParameters":{"roleArn":"arn:aws:iam::111122223333:role/pod","roleSessionName":"eks-c-p-1",
        "tags":[{"key":"kubernetes-namespace","value":"shop"},{"value":"cart",
      "key":"kubernetes-service-account"},{"key":7},{}]},
      "responseElements":{"credentials":{"accessKeyId":"ASIAISSUED","expiration":"May 1"}}})");
  CHECK(e.assumes_role());
  CHECK(e.assumed_role_arn == "arn:aws:iam::111122223333:role/pod");
  CHECK(e.role_session_name == "eks-c-p-1");
  CHECK(e.issued_key == "ASIAISSUED");
  CHECK(e.kubernetes_namespace == "shop");
  CHECK(e.kubernetes_service_account == "cart");
  const Event other = reading.event(
      with(R"("requestParameters":{"roleArn":"r"},"responseElements":{"credentials":{"accessKeyId":"k"}})"));
  CHECK(other.assumed_role_arn.empty());
  CHECK(other.issued_key.empty());
}

TEST_CASE("tags may come as a map") {
  Reading reading;
  const Event e = reading.event(
      R"({"eventTime":"2026-05-01T10:00:00Z","eventSource":"sts.amazonaws.com","eventName":"AssumeRoleWithWebIdentity",
      "userIdentity":{"type":"WebIdentityUser","userName":"system:serviceaccount:ns:sa","identityProvider":"oidc.eks"},
      "requestParameters":{"principalTags":{"kubernetes-namespace":"ns","x":1}}})");
  CHECK(e.kubernetes_namespace == "ns");
  CHECK(e.user_name == "system:serviceaccount:ns:sa");
  CHECK(e.identity_provider == "oidc.eks");
  CHECK(e.type == IdentityType::web_identity);
}

TEST_CASE("the ARN of a role session says what the type does not") {
  Reading reading;
  constexpr std::string_view kArn = R"("arn":"arn:aws:sts::111122223333:assumed-role/orders/orders-fn")";
  for (const std::string_view type : {"", R"("type":null,)", R"("type":"",)"})
    CHECK(reading.event(with(R"("userIdentity":{)" + std::string(type) + std::string(kArn) + "}")).type ==
          IdentityType::assumed_role);
  CHECK(reading.event(with(R"("userIdentity":{"type":"Unheard",)" + std::string(kArn) + "}")).type ==
        IdentityType::other);
  CHECK(reading.event(with(R"("userIdentity":{"arn":"arn:aws:iam::111122223333:user/ana"})")).type ==
        IdentityType::none);
}

TEST_CASE("absent, null and empty are the same, and no userIdentity is fine") {
  Reading reading;
  for (const std::string_view members :
       {R"("x":1)", R"("userIdentity":null,"sourceIPAddress":null,"errorCode":"")",
        R"("userIdentity":{"accessKeyId":""})",
        R"("userIdentity":{"type":null,"sessionContext":{"webIdFederationData":{},"sessionIssuer":null}})"}) {
    const Event e = reading.event(with(members));
    CHECK(e.type == IdentityType::none);
    CHECK(e.access_key.empty());
    CHECK(e.source_ip.empty());
    CHECK(e.federated_provider.empty());
    CHECK_FALSE(e.console_session);
  }
}

TEST_CASE("each field that decides is refused in each wrong type, and taken as null") {
  Reading reading;
  const std::string_view texts[] = {"eventID",         "awsRegion",          "errorCode",           "eventType",
                                    "userAgent",       "sharedEventID",      "eventCategory",       "vpcEndpointId",
                                    "sourceIPAddress", "recipientAccountId", "vpcEndpointAccountId"};
  const std::string_view objects[] = {"userIdentity"};
  const auto quoted = [](std::string_view name) { return "\"" + std::string(name) + "\":"; };
  for (const std::string_view name : texts) {
    CAPTURE(name);
    for (const std::string_view wrong : {"-1", "true", "{}", "[]", "[\"x\"]", "1.5"})
      CHECK(reading.reason(with(quoted(name) + std::string(wrong))) == "bad_field_type");
    CHECK(reading.reason(with(quoted(name) + "null")) == "taken");
  }
  for (const std::string_view name : objects)
    for (const std::string_view wrong : {"1", "true", "\"x\"", "[]"})
      CHECK(reading.reason(with(quoted(name) + std::string(wrong))) == "bad_field_type");
  for (const std::string_view name : {"type", "arn", "accountId", "accessKeyId", "principalId", "userName", "invokedBy",
                                      "identityProvider", "sessionContext", "inScopeOf"}) {
    CAPTURE(name);
    CHECK(reading.reason(with(R"("userIdentity":{)" + quoted(name) + "true}")) == "bad_field_type");
  }
  for (const std::string_view name : {"sessionIssuer", "webIdFederationData", "ec2RoleDelivery"}) {
    CAPTURE(name);
    CHECK(reading.reason(with(R"("userIdentity":{"sessionContext":{)" + quoted(name) + "[1]}}")) == "bad_field_type");
  }
  CHECK(reading.reason(with(R"("sessionCredentialFromConsole":7)")) == "bad_field_type");
  CHECK(reading.reason(R"({"eventVersion":"1","eventTime":1714557600,"eventName":"x"})") == "bad_field_type");
  CHECK(reading.reason(R"({"eventVersion":"1","eventTime":"2026-05-01T10:00:00Z","eventName":["x"]})") ==
        "bad_field_type");
  CHECK(reading.reason(with(R"("requestParameters":"text","tlsDetails":7)")) == "taken");
}

TEST_CASE("an account that a tool made a number of has its twelve digits again") {
  Reading reading;
  const Event e = reading.event(with(R"("recipientAccountId":12345678901,"vpcEndpointAccountId":4.44455556666e11,)"
                                     R"("userIdentity":{"type":"IAMUser","accountId":111122223333})"));
  CHECK(e.recipient_account == "012345678901");
  CHECK(e.vpc_endpoint_account == "444455556666");
  CHECK(e.account == "111122223333");
  for (const std::string_view wrong : {"1000000000000", "0", "-5", "111122223333.5"})
    CHECK(reading.reason(with(R"("recipientAccountId":)" + std::string(wrong))) == "bad_field_type");
  // Three distinct fields may be numbers; what repeats itself without end is odd.
  CHECK(reading.reason(with(R"("recipientAccountId":1,"recipientAccountId":2,"recipientAccountId":3,)"
                            R"("recipientAccountId":4)")) == "bad_field_type");
}

TEST_CASE("a time may be in the form that a database gives it") {
  Reading reading;
  for (const std::string_view time :
       {"2026-05-01 10:00:00", "2026-05-01 10:00:00.000000000", "2026-05-01T10:00:00+0000", "2026-05-01 10:00:00+00:00",
        "2026-05-01 10:00:00.000 UTC", "2026-05-01T10:00:00"})
    CHECK(reading.event(R"({"eventVersion":"1","eventName":"x","eventTime":")" + std::string(time) + "\"}").time ==
          1'777'629'600);
}

TEST_CASE("a record of Logstash's codec has its time in @timestamp, and no other record has") {
  Reading reading;
  CHECK(reading.event(R"({"@timestamp":"2026-05-01T10:00:00.000Z","@version":"1","eventVersion":"1","eventName":"x"})")
            .time == 1'777'629'600);
  CHECK(reading
            .event(R"({"@timestamp":"2026-05-02T10:00:00.000Z","@version":"1","eventVersion":"1","eventName":"x",)"
                   R"("eventTime":"2026-05-01T10:00:00Z"})")
            .time == 1'777'629'600);
  CHECK(reading.reason(R"({"@timestamp":"2026-05-01T10:00:00.000Z","eventVersion":"1","eventName":"x"})") ==
        "missing_event_time");
}

TEST_CASE("console sessions and failed sign-ins are noticed") {
  Reading reading;
  CHECK(reading.event(with(R"("sessionCredentialFromConsole":true)")).console_session);
  CHECK_FALSE(reading.event(with(R"("sessionCredentialFromConsole":"false")")).console_session);
  const auto sign_in = [](std::string_view members) {
    return R"({"eventTime":"2026-05-01T10:00:00Z","eventSource":"signin.amazonaws.com","eventName":"ConsoleLogin",)" +
           std::string(members) + "}";
  };
  CHECK(reading.event(sign_in(R"("responseElements":{"ConsoleLogin":"Failure"})")).sign_in_failed);
  CHECK(reading.event(sign_in(R"("errorMessage":"Failed authentication")")).sign_in_failed);
  CHECK(reading.event(sign_in(R"("serviceEventDetails":{"CredentialVerification":"Failure"})")).sign_in_failed);
  CHECK_FALSE(reading.event(sign_in(R"("responseElements":{"ConsoleLogin":"Success"})")).sign_in_failed);
  CHECK_FALSE(reading.event(with(R"("errorCode":"AccessDenied")")).sign_in_failed);
}

TEST_CASE("who acts for a caller is noticed: an MCP server of AWS, a product of another company") {
  Reading reading;
  CHECK_EQ(reading.event(with(R"("eventType":"AwsMcpEvent","userAgent":"aws-cli/2")")).user_agent.tool, "mcp");
  const auto identity = [](std::string_view member) { return with(R"("userIdentity":{)" + std::string(member) + "}"); };
  CHECK_EQ(reading.event(identity(R"("invokedBy":"eks-mcp.amazonaws.com")")).user_agent.kind, ToolKind::mcp);
  CHECK_EQ(reading.event(identity(R"("invokedBy":"eks.amazonaws.com")")).user_agent.kind, ToolKind::unknown);
  CHECK(reading.event(identity(R"("invokedByDelegate":{"accountId":"444455556666"})")).delegated);
  CHECK_FALSE(reading.event(identity(R"("invokedByDelegate":null)")).delegated);
}

TEST_CASE("a request that was signed ahead of time is noticed, where the record tells and where it does not") {
  Reading reading;
  const auto s3 = [&](std::string_view members, std::string_view source = "s3.amazonaws.com") {
    return reading
        .event(R"({"eventTime":"2026-05-01T10:00:00Z","eventName":"GetObject","eventSource":")" + std::string(source) +
               "\"," + std::string(members) + "}")
        .presigned;
  };
  CHECK(s3(R"("additionalEventData":{"AuthenticationMethod":"QueryString"})"));
  CHECK(s3(R"("additionalEventData":{"AuthenticationMethod":"HtmlForm"})"));
  CHECK(s3(R"("requestParameters":{"X-Amz-Expires":"3600"})"));
  CHECK(s3(R"("requestParameters":{"X-Amz-Expires":"3600"})", "s3express.amazonaws.com"));
  CHECK_FALSE(s3(R"("additionalEventData":{"AuthenticationMethod":"AuthHeader"})"));
  // A thief may add the parameter to a request that he signs himself.
  CHECK_FALSE(s3(
      R"("additionalEventData":{"AuthenticationMethod":"AuthHeader"},"requestParameters":{"X-Amz-Expires":"3600"})"));
  CHECK_FALSE(s3(R"("requestParameters":{"X-Amz-Expires":"3600"})", "ec2.amazonaws.com"));
  CHECK_FALSE(s3(R"("requestParameters":{"key":"X-Amz-Expires"})"));
}

TEST_CASE("an exchange of another partition's token names who asked for it; odd forms are no reason to refuse it") {
  Reading reading;
  const auto source = [&](std::string_view data) {
    return reading.event(with(R"("additionalEventData":{"a":1,"crossPartitionData":)" + std::string(data) + "}"))
        .source_principal;
  };
  CHECK_EQ(source(R"({"sourceRegion":"r","sourcePrincipalArn":"arn:aws:sts::111122223333:assumed-role/a/b"})"),
           "arn:aws:sts::111122223333:assumed-role/a/b");
  for (const std::string_view odd : {"null", "[]", R"({"sourcePrincipalArn":7})", R"({"sourcePrincipalArn":null})"})
    CHECK_EQ(source(odd), "");
}

TEST_CASE("what is no API call says why") {
  Reading reading;
  CHECK(reading.reason("") == "empty_value");
  CHECK(reading.reason("null") == "empty_value");
  CHECK(reading.reason("{}") == "not_cloudtrail");
  CHECK(reading.reason("[]") == "not_cloudtrail");
  CHECK(reading.reason("7") == "not_cloudtrail");
  CHECK(reading.reason(R"({"message":"hello"})") == "not_cloudtrail");
  CHECK(reading.reason(R"({"eventSource":"x"})") == "not_cloudtrail");
  CHECK(reading.reason(R"({"eventVersion":"1.0","eventName":"x"})") == "missing_event_time");
  CHECK(reading.reason(R"({"eventVersion":"1.0","eventName":"x","eventTime":null})") == "missing_event_time");
  CHECK(reading.reason(R"({"eventVersion":"1.0","eventTime":"2026-05-01T10:00:00Z"})") == "missing_event_name");
  CHECK(reading.reason(R"({"eventVersion":"1.0","eventTime":"2026-05-01T10:00:00Z","eventCategory":"Insight"})") ==
        "insight");
  CHECK(reading.reason(R"({"awsAccountId":"111122223333","digestStartTime":"2026-05-01T10:00:00Z","logFiles":[]})") ==
        "digest");
  CHECK(reading.reason(R"({"eventVersion":"1.12","eventCategory":"Aggregated","eventID":"1","summary":{}})") ==
        "aggregated");
  CHECK(reading.reason(
            R"({"eventVersion":"2.1","eventSource":"aws:s3","eventTime":"2026-05-01T10:00:00Z",
      "eventName":"ObjectCreated:Put","s3":{}})") == "s3_pointer");
  for (const std::string_view time :
       {"2026-05-01  10:00:00", "2026-05-01", "2026-05-01_10:00:00", "...", "redacted", "1714557600",
        "2026-05-01T10:00:00+02:00", "1970-01-01T00:00:00Z", "9999-01-01T00:00:00Z"})
    CHECK(reading.reason(R"({"eventVersion":"1","eventName":"x","eventTime":")" + std::string(time) + "\"}") ==
          "bad_event_time");
}

TEST_CASE("a time more than ten minutes ahead becomes the receipt, and says so") {
  Reading reading;
  const Seconds time = reading.event(with(R"("x":1)")).time;
  CHECK_FALSE(reading.event(with(R"("x":1)"), time - 600).from_future);
  const Event e = reading.event(with(R"("x":1)"), time - 601);
  CHECK(e.from_future);
  CHECK(e.time == time - 601);
}

TEST_CASE("a key written with escapes is the key that it means; of two equal keys the last counts") {
  Reading reading;
  CHECK(reading.event(with(R"("error\u0043ode":"Denied")")).error_code == "Denied");
  CHECK(reading.event(with(R"("errorCode":"a","errorCode":"b")")).error_code == "b");
  const Event e = reading.event(with(R"("userIdentity":{"type":"Root","arn":"a"},"userIdentity":{"type":"IAMUser"})"));
  CHECK(e.type == IdentityType::iam_user);
  CHECK(e.arn.empty());
  CHECK(reading.reason(with(R"("errorCode":"a","errorCode":7)")) == "bad_field_type");
}

TEST_CASE("identity types are told apart, unknown ones are other") {
  Reading reading;
  CHECK(reading.event(with(R"("userIdentity":{"type":"AWSAccount"})")).type == IdentityType::aws_account);
  CHECK(reading.event(with(R"("userIdentity":{"type":"SAMLUser"})")).type == IdentityType::saml_user);
  CHECK(reading.event(with(R"("userIdentity":{"type":"Martian"})")).type == IdentityType::other);
}

TEST_CASE("broken JSON is refused wherever it is, also in fields that nobody reads") {
  Reading reading;
  for (const std::string_view members :
       {R"("x":tru)", R"("x":01)", R"("x":[1,])", R"("x":{]})", R"("x":"\x")", R"("x":"\u12")", "\"x\":\"\xff\xfe\"",
        "\"x\":\"a\nb\"", R"("x":1}{"y":2)", R"("x":nan)", R"("x":'y')"}) {
    CAPTURE(members);
    CHECK(reading.reason(with(members)) == "bad_json");
  }
}

TEST_CASE("what JSON allows and a parser may not like does not hide a call") {
  Reading reading;
  CHECK(reading.event(with(R"("requestParameters":{"n":1e400,"big":123456789012345678901234567890})")).event_name ==
        "ListBuckets");
  CHECK(reading.event(with(R"("userAgent":"x\ud83d","errorCode":"\u0000nul")")).user_agent_text == "x\xef\xbf\xbd");
  CHECK(reading.event(with(R"("errorCode":"\u0000nul")")).error_code == std::string_view("\0nul", 4));
}

TEST_CASE("64 levels are read and 65 are too deep") {
  Reading reading;
  const auto nested = [](std::size_t depth) {
    return with("\"x\":" + std::string(depth - 1, '[') + "7" + std::string(depth - 1, ']'));
  };
  CHECK(reading.reason(nested(kJsonDepthMax)) == "taken");
  CHECK(reading.reason(nested(kJsonDepthMax + 1)) == "too_deep");
  CHECK(reading.reason(nested(400'000)) == "too_deep");
}

TEST_CASE("1 MiB is read and a byte more is too large") {
  Reading reading;
  const std::size_t fixed = with(R"("x":"")").size();
  CHECK(reading.reason(with("\"x\":\"" + std::string(kRecordBytesMax - fixed, 'y') + "\"")) == "taken");
  CHECK(reading.reason(with("\"x\":\"" + std::string(kRecordBytesMax - fixed + 1, 'y') + "\"")) == "record_too_large");
}

TEST_CASE("100,000 keys are read like one") {
  Reading reading;
  std::string members = "\"errorCode\":\"Denied\"";
  for (int i = 0; i < 100'000; ++i) members += ",\"" + std::to_string(i) + "\":0";
  CHECK(reading.event(with(members)).error_code == "Denied");
}

TEST_CASE("a record cut at any byte is refused, and the next one is read") {
  Reading reading;
  const std::string record =
      with(R"("userIdentity":{"type":"Root","arn":"\u00e9"},"requestParameters":{"a":[1,2,{"b":null}]})");
  for (std::size_t size = 0; size < record.size(); ++size) {
    const std::string_view reason = reading.reason(record.substr(0, size));
    CHECK((reason == "bad_json" || reason == "empty_value"));
  }
  CHECK(reading.reason(record) == "taken");
}

TEST_CASE("texts of an event outlive the parser's next record") {
  RecordParser parser;
  TextArena arena;
  std::string first =
      with(R"("errorCode":"first \u00e9","sourceIPAddress":"192.0.2.1")") + std::string(kJsonPadding, ' ');
  std::string second =
      with(R"("errorCode":"second","sourceIPAddress":"198.51.100.200")") + std::string(kJsonPadding, ' ');
  const auto result = parser.parse(std::string_view(first).substr(0, first.size() - kJsonPadding), arena, kNow);
  REQUIRE(std::holds_alternative<RejectReason>(parser.parse("{\"", arena, kNow)));
  REQUIRE(std::holds_alternative<Event>(
      parser.parse(std::string_view(second).substr(0, second.size() - kJsonPadding), arena, kNow)));
  CHECK(std::get<Event>(result).error_code == "first \xc3\xa9");
  CHECK(std::get<Event>(result).source_ip == "192.0.2.1");
}

TEST_CASE("equal user agents mean the same each time, and point into their own record") {
  Reading reading;
  for (int round = 0; round < 3; ++round)
    for (int i = 0; i < 600; ++i) {
      const std::string command = "s3.c" + std::to_string(i);
      const Event e =
          reading.event(with(R"("userAgent":"aws-cli/2.15.0 exec-env/CloudShell md/command#)" + command + "\""));
      CHECK(e.user_agent.command == command);
      CHECK(e.user_agent.exec_env == "CloudShell");
      CHECK(e.user_agent.command.data() == e.user_agent_text.data() + e.user_agent_text.size() - command.size());
    }
}

}  // namespace
}  // namespace straykey
