#pragma once
// Call: one API call in the words of a test, and requests made of calls.
//
// Shape:  the defaults are a Lambda function's call with boto3 from a documentation address that AS64511 announces.
// Thread: one.
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/engine/request.h"
#include "core/location/network_map.h"

namespace straykey {

inline constexpr std::string_view kTestAccount = "111122223333";
inline constexpr std::string_view kBoto3 = "Boto3/1.34.0 md/Botocore#1.34.0 ua/2.0 os/linux lang/python#3.12.1";
inline constexpr std::string_view kAwsCli =
    "aws-cli/2.15.0 Python/3.11.6 Linux/6.1 source/x86_64 prompt/off command/s3.ls";

struct Call {
  std::string at = "2024-03-21T09:05:00Z";
  std::string id{};  // eventID; empty: none
  std::string key = "ASIAORDERS0000000001";
  std::string account{kTestAccount};
  std::string role = "orders";
  std::string session = "orders-fn";
  std::string issuer_type = "AWS::Lambda::Function";  // inScopeOf; empty: no proof in the event
  std::string ip = "198.51.100.7";
  std::string agent{kBoto3};
  std::string source = "s3.amazonaws.com";
  std::string api = "ListBuckets";
  std::string endpoint_owner{};
  std::string record = R"({"eventVersion":"1.09"})";
  bool from_future = false;
  bool console_session = false;
  bool presigned = false;
};

// lambda.amazonaws.com (or another principal) assumes the role and is given `issued_key`.
struct Issue {
  std::string at = "2024-03-21T09:00:00Z";
  std::string id{};
  std::string principal = "lambda.amazonaws.com";
  std::string account{kTestAccount};
  std::string role = "orders";
  std::string session = "orders-fn";
  std::string issued_key = "ASIAORDERS0000000001";
};

// The views of the event point into `request`.
void add(Request& request, const Call& call);
void add(Request& request, const Issue& issue);

[[nodiscard]] std::unique_ptr<Request> request_of(const std::vector<Call>& calls);
[[nodiscard]] std::unique_ptr<Request> request_of(const Issue& issue);

// 192.0.2.0/24 is AWS's, 198.51.100.0/24 AS64511, 203.0.113.0/24 AS64500; ranges are of 2024-03-20.
[[nodiscard]] std::unique_ptr<NetworkMap> test_networks();

// "2024-03-<day>T<hour>:05:00Z".
[[nodiscard]] std::string march(int day, int hour = 9);

}  // namespace straykey
