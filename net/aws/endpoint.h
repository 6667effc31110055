#pragma once
// Where the services of AWS are: the host names of a Region, in each of AWS's partitions.
//
// Shape:  AwsPlace says which Region, and which of its names: FIPS, dual-stack, or an endpoint of one's own (a store
//         that speaks S3, or a VPC endpoint), which is used for all services as it is.
// Thread: any (functions of their arguments).
// Errors: a sentence for a text that is no Region, or no queue's URL.
// Source: the endpoint rule sets that AWS publishes with its SDKs, compared in November 2026.
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace straykey {

struct AwsPlace {
  std::string region = {};    // "eu-central-1"
  std::string endpoint = {};  // "https://minio.internal:9000"; empty: AWS's own
  bool fips = false, dual_stack = false;

  bool operator==(const AwsPlace&) const = default;
};

// "amazonaws.com", "amazonaws.com.cn", "amazonaws.eu", ...
[[nodiscard]] std::string_view aws_domain(std::string_view region) noexcept;
[[nodiscard]] bool is_aws_region(std::string_view text) noexcept;

// "https://s3.eu-central-1.amazonaws.com" without a path.
[[nodiscard]] std::string s3_endpoint(const AwsPlace& place);
[[nodiscard]] std::string sqs_endpoint(const AwsPlace& place);
[[nodiscard]] std::string sts_endpoint(const AwsPlace& place);

// Where an object's bucket is asked for: its own name before the endpoint's, or the bucket as first part of the path.
// The latter for endpoints of one's own, and for names with a point, which no certificate covers.
struct BucketAddress {
  std::string origin;  // "https://bucket.s3.eu-central-1.amazonaws.com"
  std::string path;    // "/" or "/bucket/", in front of the key
};
[[nodiscard]] BucketAddress bucket_address(const AwsPlace& place, std::string_view bucket);
// As S3 demands: 3 to 63 of a-z 0-9 - . (and _ and A-Z of old ones), so that it can be a part of a host name.
[[nodiscard]] bool is_bucket_name(std::string_view text) noexcept;

struct QueueName {
  std::string region;   // empty: the URL does not say it
  std::string account;  // 12 digits; empty for other servers
  std::string name;
};
// Reads https://sqs.eu-central-1.amazonaws.com/111122223333/name and the older and the other forms of it.
[[nodiscard]] Result<QueueName> parse_queue_url(std::string_view url);

}  // namespace straykey
