#pragma once
// S3Objects: objects of Amazon S3, or of a store that speaks its protocol: one is fetched whole, many are listed.
//
// Shape:  each call one or two requests of an AwsCaller. The Region of a bucket is learned when S3 says that it is
//         another one, and remembered.
// Thread: its owner's.
// Bounds: an object of bytes_max; a page of 1,000 names; kBucketsMax buckets whose Region is remembered.
// Errors: S3Error: whose fault it is, and a sentence with AWS's code and the permission that is missing.
// Source: the API reference of S3: GetObject, ListObjectsV2. Names are listed as they are, without encoding-type=url,
//         which stores decide differently about blanks and plus signs; a name that XML cannot hold ends a listing.
//         A token that does not change, or is missing where there is more, is an error.
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "net/aws/aws_caller.h"

namespace straykey {

struct S3ObjectName {
  std::string bucket, key;
  std::string region = {};  // of the bucket, as far as it is known; empty: that of the place
};

struct S3Error {
  enum class Kind : std::uint8_t { absent, denied, too_large, other };
  Kind kind = Kind::other;
  std::string message;
};

struct S3Listed {
  std::string key;
  std::uint64_t bytes = 0;
};
struct S3Page {
  std::vector<S3Listed> objects;
  std::string next;  // for the next page; empty: this was the last
};

class S3Objects {
 public:
  static constexpr std::size_t kBucketsMax = 1'000;

  S3Objects(AwsCaller& caller, AwsPlace place) : caller_(caller), place_(std::move(place)) {}

  [[nodiscard]] std::variant<std::string, S3Error> get(const S3ObjectName& name, std::uint64_t bytes_max);

  struct Listing {
    std::string bucket, prefix;
    std::string start_after = {};   // a key
    std::string continuation = {};  // S3Page::next
  };
  [[nodiscard]] Result<S3Page> list(const Listing& listing);

 private:
  struct Asked {
    std::string bucket, key, region;
    AwsRequest::Fields query;
    std::uint64_t reply_bytes_max = 0;
  };
  [[nodiscard]] Result<AwsReply> ask(const Asked& asked);
  [[nodiscard]] AwsPlace place_of(const Asked& asked) const;

  AwsCaller& caller_;
  const AwsPlace place_;
  std::map<std::string, std::string> regions_;  // of buckets
};

}  // namespace straykey
