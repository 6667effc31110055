#pragma once
// The API calls that the simulated organisation, and its thieves, make.
#include <array>
#include <string>
#include <string_view>

namespace straykey {

struct ApiCall {
  std::string_view service, name;
  bool read_only = true;
  bool is_data_event = false;
  std::string_view request = "null";  // JSON; each '#' becomes a number
};

inline constexpr std::array<ApiCall, 12> kWorkloadCalls{{
    {"dynamodb", "Query", true, true, R"({"tableName":"orders","keyConditionExpression":"pk = :pk","limit":#})"},
    {"dynamodb", "PutItem", false, true, R"({"tableName":"orders","key":{"pk":"order-#"}})"},
    {"dynamodb", "GetItem", true, true, R"({"tableName":"sessions","key":{"pk":"session-#"}})"},
    {"s3", "GetObject", true, true, R"({"bucketName":"assets-production","key":"images/#.webp"})"},
    {"s3", "PutObject", false, true, R"({"bucketName":"documents-production","key":"inbox/#.json"})"},
    {"sqs", "ReceiveMessage", true, true, R"({"queueUrl":"https://sqs.example.com/jobs","maxNumberOfMessages":10})"},
    {"secretsmanager", "GetSecretValue", true, false, R"({"secretId":"production/database-#"})"},
    {"kms", "Decrypt", true, false, R"({"encryptionAlgorithm":"SYMMETRIC_DEFAULT","encryptionContext":{"item":"#"}})"},
    {"ssm", "GetParameter", true, false, R"({"name":"/shop/feature/#","withDecryption":true})"},
    {"sns", "Publish", false, true,
     R"({"topicArn":"arn:aws:sns:us-east-1:111122223333:orders","message":"HIDDEN_DUE_TO_SECURITY_REASONS"})"},
    {"logs", "CreateLogStream", false, false, R"({"logGroupName":"/shop/service","logStreamName":"stream-#"})"},
    {"sts", "GetCallerIdentity"},
}};

inline constexpr std::array<ApiCall, 5> kPersonCalls{{
    {"ec2", "DescribeInstances", true, false, R"({"instancesSet":{},"filterSet":{},"maxResults":#})"},
    {"cloudwatch", "GetMetricData", true, false, R"({"maxDatapoints":#})"},
    {"s3", "ListBuckets", true, false, R"({"Host":"s3.amazonaws.com"})"},
    {"lambda", "ListFunctions20150331", true, false, R"({"maxItems":#})"},
    {"cloudformation", "DescribeStacks", true, false, R"({"stackName":"stack-#"})"},
}};

// In the order in which a thief looks around.
inline constexpr std::array<ApiCall, 5> kThiefCalls{{
    {"sts", "GetCallerIdentity"},
    {"s3", "ListBuckets", true, false, R"({"Host":"s3.amazonaws.com"})"},
    {"secretsmanager", "ListSecrets", true, false, R"({"maxResults":#})"},
    {"iam", "ListAttachedRolePolicies", true, false, R"({"roleName":"role-#"})"},
    {"s3", "GetObject", true, true, R"({"bucketName":"documents-production","key":"inbox/#.json"})"},
}};

// The request of a call, with `number` in it.
inline void fill_request(std::string& out, const ApiCall& call, unsigned number) {
  out.clear();
  for (const char c : call.request) {
    if (c == '#') {
      out += std::to_string(number);
    } else {
      out += c;
    }
  }
}

}  // namespace straykey
