#pragma once
// What a message of a queue says of objects in S3.
//
// Shape:  an S3 event notification, as S3 sends it; the same through SNS, with or without raw delivery, and through
//         EventBridge; and CloudTrail's own notification ("s3Bucket", "s3ObjectKey"). In the first a key is encoded as
//         in a form (`+` is a space), in the other two it is as it is.
// Thread: any (a function of its argument).
// Bounds: 3 envelopes deep; kNoticeObjectsMax objects.
// Errors: `other` for whatever is none of these. `untold` counts what one of these names in a way that cannot be read.
// Source: "Event message structure" and "Using EventBridge" of the S3 user guide; "Configuring Amazon SNS notifications
//         for CloudTrail".
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace straykey {

inline constexpr std::size_t kNoticeObjectsMax = 1'000;

struct NoticedObject {
  std::string bucket, key;
  std::string region;       // of the bucket; empty: not said
  std::uint64_t bytes = 0;  // 0: not said
};

struct S3Notice {
  enum class Kind : std::uint8_t {
    objects,  // that were made, none if it tells only of what was removed, tagged or the like
    test,     // what S3 sends when notifications are set up
    other,
  };
  Kind kind = Kind::other;
  std::vector<NoticedObject> objects;
  std::size_t untold = 0;  // more of them, whose bucket, key or event the message does not tell
};
[[nodiscard]] S3Notice read_s3_notice(std::string_view message);

}  // namespace straykey
