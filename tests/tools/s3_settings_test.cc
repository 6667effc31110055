// [[s3_source]]: what is checked of it, and where the error points to.
#include "tools/config/s3_settings.h"

#include <doctest/doctest.h>

#include "tests/tools/installation.h"

namespace straykey {
namespace {

const std::string kQueue = "queue_url = \"https://sqs.eu-central-1.amazonaws.com/111122223333/trail\"\n";

std::string errors_of(const Installation& here, const std::string& lines) {
  return here.errors(Installation::good() + "[[s3_source]]\n" + lines);
}

}  // namespace

TEST_CASE("a source of S3 needs a name and a queue, and is a way in by itself") {
  const Installation here;
  CHECK_EQ(errors_of(here, "name = \"trail\"\n" + kQueue), "");
  CHECK_HOLDS(errors_of(here, kQueue), "a [[s3_source]] needs a name");
  CHECK_HOLDS(errors_of(here, "name = \"trail\"\n"), "a [[s3_source]] needs a queue_url");
  CHECK_HOLDS(errors_of(here, "name = \"a b\"\n" + kQueue), "a source's name is 1 to 64");
  CHECK_HOLDS(errors_of(here, "name = \"one\"\n" + kQueue + "[[s3_source]]\nname = \"one\"\n" + kQueue),
              "this name is used twice");
  CHECK_HOLDS(errors_of(here, "name = \"one\"\n" + kQueue + "[[s3_source]]\nname = \"two\"\n" + kQueue),
              "two sources have this queue");
  CHECK_HOLDS(errors_of(here, "name = \"one\"\n" + kQueue + "concurrency = 65\n"), "between 1 and 64");
}

TEST_CASE("the Region comes from the queue's URL, or is asked for") {
  const Installation here;
  const std::string own = "name = \"one\"\nqueue_url = \"https://queue.example.com/111122223333/trail\"\n";
  CHECK_HOLDS(errors_of(here, own), "region is needed");
  CHECK_EQ(errors_of(here, own + "region = \"eu-central-1\"\n"), "");
  CHECK_HOLDS(errors_of(here, own + "region = \"Frankfurt\"\n"), "is no Region, such as eu-central-1");
  CHECK_HOLDS(errors_of(here, "name = \"one\"\n" + kQueue + "region = \"us-east-1\"\n"),
              "region is another one than that of queue_url, which is eu-central-1");
  CHECK_HOLDS(errors_of(here, "name = \"one\"\nqueue_url = \"trail\"\n"), "queue_url is refused");
}

TEST_CASE("what contradicts itself is an error at its own setting") {
  const Installation here;
  const std::string good = "name = \"one\"\n" + kQueue;
  CHECK_HOLDS(errors_of(here, good + "external_id = \"x\"\n"), "external_id is for role_arn, which is not set");
  CHECK_HOLDS(errors_of(here, good + "role_arn = \"reader\"\n"), "is no ARN of a role");
  CHECK_EQ(errors_of(here, good + "role_arn = \"arn:aws:iam::111122223333:role/reader\"\nexternal_id = \"x\"\n"), "");
  CHECK_HOLDS(errors_of(here, good + "endpoint = \"https://minio.example.com/\"\n"), "without a path");
  CHECK_HOLDS(errors_of(here, good + "endpoint = \"https://minio.example.com\"\nfips = true\n"), "used as it is");
  CHECK_EQ(errors_of(here, good + "endpoint = \"https://minio.example.com:9000\"\n"), "");
  CHECK_HOLDS(errors_of(here, good + "object_bytes_max = \"512 MiB\"\n"), "is less than object_bytes_max");
  CHECK_HOLDS(errors_of(here, good + "credentials_file = \"absent\"\n"), "credentials file");
}

}  // namespace straykey
