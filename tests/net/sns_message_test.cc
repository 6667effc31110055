// What SNS writes, and where it may be asked. Its signatures: sns_route_test.cc.
#include "net/ingest/sns_message.h"

#include <string>

#include <doctest/doctest.h>

namespace straykey {

TEST_CASE("sns: what is signed is each part by name, in SNS's order, and a subject only if there is one") {
  auto message = read_sns_message(
      R"({"Type":"Notification","MessageId":"m","TopicArn":"t","Subject":"s","Message":"a\nb","Timestamp":"now",)"
      R"("SignatureVersion":"1","Signature":"x","SigningCertURL":"u"})");
  REQUIRE(message);
  CHECK(sns_signed_text(*message) ==
        "Message\na\nb\nMessageId\nm\nSubject\ns\nTimestamp\nnow\nTopicArn\nt\nType\nNotification\n");
  message->subject.reset();
  CHECK(sns_signed_text(*message) == "Message\na\nb\nMessageId\nm\nTimestamp\nnow\nTopicArn\nt\nType\nNotification\n");
  message = read_sns_message(R"({"Type":"SubscriptionConfirmation","MessageId":"m","TopicArn":"t","Message":"a",)"
                             R"("Timestamp":"now","Token":"k",)"
                             R"("SubscribeURL":"v","SignatureVersion":"2","Signature":"x","SigningCertURL":"u"})");
  REQUIRE(message);
  CHECK(sns_signed_text(*message) ==
        "Message\na\nMessageId\nm\nSubscribeURL\nv\nTimestamp\nnow\nToken\nk\nTopicArn\nt\nType\n"
        "SubscriptionConfirmation\n");
}

TEST_CASE("sns: an address of SNS is https, a region, and AWS's domain, with nothing else in its host") {
  for (const char* url :
       {"https://sns.eu-central-1.amazonaws.com/x.pem", "https://sns.cn-north-1.amazonaws.com.cn/x.pem",
        "https://sns.us-gov-west-1.amazonaws.com/?Action=ConfirmSubscription&Token=a",
        "https://sns.ap-southeast-2.amazonaws.com/", "https://sns.il-central-1.amazonaws.com/"})
    CHECK(is_sns_url(url));
  for (const char* url : {"http://sns.eu-central-1.amazonaws.com/x.pem",
                          "https://sns.amazonaws.com/x.pem",
                          "https://sns.eu-central-1.amazonaws.com",
                          "https://sns.eu-central-1.amazonaws.com:444/x.pem",
                          "https://sns.eu-central-1.amazonaws.com@example.com/x.pem",
                          "https://sns.eu.central.amazonaws.com/x.pem",
                          "https://sns.eu-central-1.amazonaws.com.example.com/x.pem",
                          "https://sns.example.com/.amazonaws.com/x.pem",
                          "https://sns.EU-CENTRAL-1.amazonaws.com/x.pem",
                          "https://xsns.eu-central-1.amazonaws.com/x.pem",
                          "https://sns.eu-central-1.amazonaws.com.cn.cn/x.pem",
                          "https://sns.s3.amazonaws.com/x.pem",
                          "https://sns.s3-us-west-2.amazonaws.com/x.pem",
                          "https://sns.eu-central-1.amazonaws.com.cn/x.pem",
                          "https://sns.cn-north-1.amazonaws.com/x.pem",
                          "https://sns.-.amazonaws.com/x.pem",
                          "https://sns.us--1.amazonaws.com/x.pem",
                          "https://sns.us-east-.amazonaws.com/x.pem",
                          "https://sns.us-east-1a.amazonaws.com/x.pem",
                          "https://sns.us-1.amazonaws.com/x.pem",
                          "https://sns.us-east-1.amazonaws.com/x y",
                          "https://sns.us-east-1.amazonaws.com/x\r\nHost:y",
                          ""}) {
    CAPTURE(url);
    CHECK_FALSE(is_sns_url(url));
  }
}

TEST_CASE("sns: an address of a certificate is SNS's own file, at the top, without a query") {
  const std::string host = "https://sns.us-east-1.amazonaws.com";
  CHECK(is_sns_certificate_url(host + "/SimpleNotificationService-0123456789abcdef.pem"));
  CHECK(is_sns_certificate_url("https://sns.cn-north-1.amazonaws.com.cn/SimpleNotificationService-a.pem"));
  for (const char* path : {"/a.pem", "/SimpleNotificationService-a", "/SimpleNotificationService-a.pem?b.pem",
                           "/?a=/SimpleNotificationService-a.pem", "/SimpleNotificationService-a/b.pem",
                           "/SimpleNotificationService-%2fa.pem", "/x/SimpleNotificationService-a.pem"}) {
    CAPTURE(path);
    CHECK_FALSE(is_sns_certificate_url(host + path));
  }
  CHECK_FALSE(is_sns_certificate_url("https://sns.s3.amazonaws.com/SimpleNotificationService-a.pem"));
}

}  // namespace straykey
