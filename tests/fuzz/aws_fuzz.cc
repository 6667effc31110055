// What AWS sends: messages of a queue that tell of objects, notifications of SNS, XML, and what an error says. And
// base64, in which much of it comes: what is decoded must encode to a text that decodes to the same bytes.
#include <algorithm>
#include <string>
#include <string_view>

#include "core/base/base64.h"
#include "core/base/invariant.h"
#include "net/aws/aws_reply.h"
#include "net/aws/xml_texts.h"
#include "net/ingest/s3_notice.h"
#include "net/ingest/sns_message.h"
#include "net/ingest/trail_object.h"
#include "tests/fuzz/targets.h"

namespace straykey {
namespace {

void look_at_notice(std::string_view input) {
  const S3Notice notice = read_s3_notice(input);
  INVARIANT(notice.objects.size() <= kNoticeObjectsMax);
  INVARIANT(notice.kind == S3Notice::Kind::objects || notice.objects.empty());
  for (const NoticedObject& object : notice.objects) {
    INVARIANT(!object.bucket.empty() && !object.key.empty());
    (void)skipped_by_name(object.key);
    (void)time_of_key(object.key);
  }
}

void look_at_xml(std::string_view input) {
  const auto texts = read_xml_texts(input);
  if (!texts) return;
  INVARIANT(texts->size() <= kXmlTextsMax);
  for (const XmlText& one : *texts) {
    const auto depth = static_cast<std::size_t>(std::count(one.path.begin(), one.path.end(), '/'));
    INVARIANT(depth < kXmlDepthMax);
  }
  if (!texts->empty()) INVARIANT(text_at(*texts, texts->front().path) == texts->front().text);
}

}  // namespace

void fuzz_aws(std::string_view input) {
  look_at_notice(input);
  look_at_xml(input);
  HttpClientReply reply;
  reply.status = 400;
  reply.body = input;
  INVARIANT(trouble_of(reply.status, aws_error_of(reply)) != AwsTrouble::none);
  (void)skipped_by_content(input);
  if (const auto message = read_sns_message(input)) {
    (void)sns_signed_text(*message);
    INVARIANT(!is_sns_certificate_url(message->certificate_url) || is_sns_url(message->certificate_url));
  }
}

void fuzz_base64(std::string_view input) {
  std::string bytes;
  INVARIANT(decode_base64(encode_base64(input), Base64Padding::required, bytes) && bytes == input);
  for (const Base64Padding padding : {Base64Padding::optional, Base64Padding::required}) {
    std::string decoded, again;
    if (!decode_base64(input, padding, decoded)) continue;
    INVARIANT(decoded.size() <= input.size());
    INVARIANT(decode_base64(encode_base64(decoded), Base64Padding::required, again) && again == decoded);
  }
}

}  // namespace straykey
