#include "net/aws/endpoint.h"

#include <doctest/doctest.h>

using namespace straykey;

TEST_CASE("each partition has its own domain, and each of its names is asked for as AWS's SDKs ask") {
  CHECK_EQ(s3_endpoint({.region = "eu-central-1"}), "https://s3.eu-central-1.amazonaws.com");
  CHECK_EQ(s3_endpoint({.region = "eu-central-1", .dual_stack = true}),
           "https://s3.dualstack.eu-central-1.amazonaws.com");
  CHECK_EQ(s3_endpoint({.region = "us-gov-west-1", .fips = true, .dual_stack = true}),
           "https://s3-fips.dualstack.us-gov-west-1.amazonaws.com");
  CHECK_EQ(s3_endpoint({.region = "cn-north-1"}), "https://s3.cn-north-1.amazonaws.com.cn");
  CHECK_EQ(s3_endpoint({.region = "eusc-de-east-1"}), "https://s3.eusc-de-east-1.amazonaws.eu");
  CHECK_EQ(s3_endpoint({.region = "us-isob-east-1"}), "https://s3.us-isob-east-1.sc2s.sgov.gov");
  CHECK_EQ(sqs_endpoint({.region = "eu-central-1", .fips = true}), "https://sqs-fips.eu-central-1.amazonaws.com");
  CHECK_EQ(sqs_endpoint({.region = "us-gov-west-1", .fips = true}), "https://sqs.us-gov-west-1.amazonaws.com");
  CHECK_EQ(sqs_endpoint({.region = "cn-north-1", .dual_stack = true}),
           "https://sqs.cn-north-1.api.amazonwebservices.com.cn");
  CHECK_EQ(sts_endpoint({.region = "eusc-de-east-1", .dual_stack = true}),
           "https://sts.eusc-de-east-1.api.amazonwebservices.eu");
  CHECK_EQ(sts_endpoint({.region = "us-gov-west-1", .fips = true, .dual_stack = true}),
           "https://sts-fips.us-gov-west-1.api.aws");
}

TEST_CASE("a bucket is a part of the host's name, unless no certificate could cover that or the store is one's own") {
  const AwsPlace aws{.region = "eu-central-1"};
  CHECK_EQ(bucket_address(aws, "trail").origin, "https://trail.s3.eu-central-1.amazonaws.com");
  CHECK_EQ(bucket_address(aws, "trail").path, "/");
  CHECK_EQ(bucket_address(aws, "trail.example.com").origin, "https://s3.eu-central-1.amazonaws.com");
  CHECK_EQ(bucket_address(aws, "trail.example.com").path, "/trail.example.com/");
  const AwsPlace own{.region = "eu-central-1", .endpoint = "https://minio.internal:9000"};
  CHECK_EQ(bucket_address(own, "trail").origin, "https://minio.internal:9000");
  CHECK_EQ(bucket_address(own, "trail").path, "/trail/");
}

TEST_CASE("a name that would lead to another host is no bucket's name") {
  for (const char* name : {"trail", "my-trail.logs", "Old_Bucket"}) CHECK_MESSAGE(is_bucket_name(name), name);
  for (const char* name : {"", "ab", "a/b.c", "evil.com/x", "a@b", "a?b", "-ab", ".ab", "a b", "a%2fb"})
    CHECK_MESSAGE(!is_bucket_name(name), name);
}

TEST_CASE("a queue's URL says its Region, account and name") {
  struct Row {
    const char *url, *region, *account, *name;
  };
  for (const Row& row :
       {Row{"https://sqs.eu-central-1.amazonaws.com/111122223333/trail", "eu-central-1", "111122223333", "trail"},
        Row{"https://sqs-fips.us-east-1.amazonaws.com/111122223333/t.fifo", "us-east-1", "111122223333", "t.fifo"},
        Row{"https://sqs.cn-north-1.amazonaws.com.cn/111122223333/t", "cn-north-1", "111122223333", "t"},
        Row{"https://sqs.eu-west-1.api.aws/111122223333/t", "eu-west-1", "111122223333", "t"},
        Row{"https://eu-west-1.queue.amazonaws.com/111122223333/t", "eu-west-1", "111122223333", "t"},
        Row{"https://queue.amazonaws.com/111122223333/t", "us-east-1", "111122223333", "t"},
        Row{"http://127.0.0.1:5000/queue/t", "", "", "t"}}) {
    const auto queue = parse_queue_url(row.url);
    REQUIRE_MESSAGE(queue.ok(), row.url);
    CHECK_EQ(queue.value().region, row.region);
    CHECK_EQ(queue.value().account, row.account);
    CHECK_EQ(queue.value().name, row.name);
  }
  for (const char* url :
       {"", "trail", "https://sqs.eu-central-1.amazonaws.com/", "https://sqs.eu-central-1.amazonaws.com"})
    CHECK_MESSAGE(!parse_queue_url(url).ok(), url);
}
