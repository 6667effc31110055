#include "net/aws/s3_objects.h"

#include <fmt/format.h>

#include <charconv>

#include "net/aws/xml_texts.h"

namespace straykey {
namespace {

constexpr std::uint64_t kPageBytesMax = 16u << 20;
constexpr int kIoMs = 20'000;

S3Error error_of(const AwsReply& reply, const S3ObjectName& name) {
  const std::string what = fmt::format("S3 GetObject: {}", reply.text());
  // S3 says 403 for an object that is not there to those who may not list the bucket.
  if (reply.trouble == AwsTrouble::denied)
    return {S3Error::Kind::denied,
            what + fmt::format("; allow s3:GetObject on arn:aws:s3:::{}/*, and kms:Decrypt on the key if the bucket is "
                               "encrypted with one of your own",
                               name.bucket)};
  if (reply.trouble == AwsTrouble::absent) return {S3Error::Kind::absent, what};
  if (reply.error.code.starts_with("KMS."))
    return {S3Error::Kind::denied, what + "; allow kms:Decrypt on the bucket's key, and see that it is enabled"};
  if (reply.error.code == "InvalidObjectState")
    return {S3Error::Kind::denied, what + "; the object is archived (Glacier) and would have to be restored"};
  return {S3Error::Kind::other, what};
}

}  // namespace

AwsPlace S3Objects::place_of(const Asked& asked) const {
  AwsPlace place = place_;
  if (!place.endpoint.empty()) return place;
  if (const auto known = regions_.find(asked.bucket); known != regions_.end())
    place.region = known->second;
  else if (is_aws_region(asked.region))
    place.region = asked.region;
  return place;
}

Result<AwsReply> S3Objects::ask(const Asked& asked) {
  for (bool again = false;; again = true) {
    const AwsPlace place = place_of(asked);
    const BucketAddress address = bucket_address(place, asked.bucket);
    AwsCall call{.origin = address.origin,
                 .request = {.path = address.path + asked.key, .query = asked.query},
                 .scope = {.region = place.region, .service = "s3", .rules = SigningScope::Rules::s3},
                 .reply_bytes_max = asked.reply_bytes_max,
                 .io_ms = kIoMs};
    auto reply = caller_.call(call);
    if (!reply || reply->trouble != AwsTrouble::elsewhere || again || !place_.endpoint.empty()) return reply;
    if (!is_aws_region(reply->bucket_region) || reply->bucket_region == place.region) return reply;
    if (regions_.size() >= kBucketsMax) regions_.clear();
    regions_[asked.bucket] = reply->bucket_region;
  }
}

std::variant<std::string, S3Error> S3Objects::get(const S3ObjectName& name, std::uint64_t bytes_max) {
  if (!is_bucket_name(name.bucket)) return S3Error{S3Error::Kind::other, "that is no name of a bucket"};
  Asked asked{name.bucket, name.key, name.region, {}, bytes_max};
  auto reply = ask(asked);
  if (!reply) {
    const bool too_large = reply.error().message.find("longer than") != std::string::npos;
    return S3Error{too_large ? S3Error::Kind::too_large : S3Error::Kind::other,
                   "S3 GetObject: " + reply.error().message};
  }
  if (!reply->ok()) return error_of(reply.value(), name);
  return std::move(reply->body);
}

Result<S3Page> S3Objects::list(const Listing& listing) {
  if (!is_bucket_name(listing.bucket)) return Error{"that is no name of a bucket"};
  Asked asked{listing.bucket, "", "", {{"list-type", "2"}}, kPageBytesMax};
  if (!listing.prefix.empty()) asked.query.emplace_back("prefix", listing.prefix);
  if (!listing.continuation.empty()) asked.query.emplace_back("continuation-token", listing.continuation);
  if (!listing.start_after.empty()) asked.query.emplace_back("start-after", listing.start_after);
  auto reply = ask(asked);
  if (!reply) return Error{"S3 ListObjectsV2: " + reply.error().message};
  if (!reply->ok()) {
    const bool denied = reply->trouble == AwsTrouble::denied;
    return Error{fmt::format("S3 ListObjectsV2: {}{}", reply->text(),
                             denied ? fmt::format("; allow s3:ListBucket on arn:aws:s3:::{}", listing.bucket) : "")};
  }
  const auto texts = read_xml_texts(reply->body);
  if (!texts) return Error{"S3 ListObjectsV2 answered with what is no XML"};
  S3Page page;
  for (const XmlText& each : *texts) {
    if (each.path == "Contents/Key") page.objects.push_back({each.text, 0});
    if (each.path == "Contents/Size" && !page.objects.empty())
      std::from_chars(each.text.data(), each.text.data() + each.text.size(), page.objects.back().bytes);
  }
  if (text_at(*texts, "IsTruncated") == "true") {
    page.next = text_at(*texts, "NextContinuationToken");
    if (page.next.empty()) return Error{"S3 ListObjectsV2 says that there is more, and not where"};
    if (page.next == listing.continuation)
      return Error{"S3 ListObjectsV2 answered with the continuation token that it was asked with; it would never end"};
  }
  return page;
}

}  // namespace straykey
