// POST /sns: what is signed is taken, and nothing else.
#include "net/ingest/sns_route.h"

#include <openssl/evp.h>
#include <openssl/pem.h>

#include <memory>
#include <string>
#include <vector>

#include "net/ingest/sns_message.h"
#include "tests/net/protocol_site.h"
#include "tests/support/compress.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

const std::string kTopic = "arn:aws:sns:eu-central-1:111122223333:trail";
const std::string kCertificateUrl = "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0a1b.pem";
const std::string kSubscribeUrl = "https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription&Token=t";

SelfSigned signer() {
  return make_self_signed(now_seconds() - 60, now_seconds() + 60);
}

std::string signature_of(const SelfSigned& pair, const std::string& text, const EVP_MD* digest) {
  const std::unique_ptr<BIO, int (*)(BIO*)> bio(BIO_new_mem_buf(pair.key_pem.data(), -1), BIO_free);
  const std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key(
      PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr), EVP_PKEY_free);
  const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  std::vector<unsigned char> signature(1024);
  std::size_t size = signature.size();
  REQUIRE(EVP_DigestSignInit(context.get(), nullptr, digest, nullptr, key.get()) == 1);
  REQUIRE(EVP_DigestSign(context.get(), signature.data(), &size, reinterpret_cast<const unsigned char*>(text.data()),
                         text.size()) == 1);
  return base64_of({reinterpret_cast<const char*>(signature.data()), size});
}

SnsMessage notification(const std::string& text) {
  SnsMessage message;
  message.type = "Notification";
  message.topic = kTopic;
  message.message = text;
  message.message_id = "0f5a1c9e-2b7d-4a10-9c3e-5d1f00c0ffee";
  message.timestamp = "2026-01-01T00:00:00.000Z";
  message.signature_version = "2";
  message.certificate_url = kCertificateUrl;
  return message;
}

SnsMessage confirmation() {
  SnsMessage message = notification("You have chosen to subscribe.");
  message.type = "SubscriptionConfirmation";
  message.subscribe_url = kSubscribeUrl;
  message.token = "t";
  return message;
}

SnsMessage signed_by(const SelfSigned& pair, SnsMessage message) {
  const EVP_MD* const digest = message.signature_version == "1" ? EVP_sha1() : EVP_sha256();
  message.signature = signature_of(pair, sns_signed_text(message), digest);
  return message;
}

std::string body_of(const SnsMessage& message) {
  boost::json::object body{{"Type", message.type},           {"TopicArn", message.topic},
                           {"Message", message.message},     {"MessageId", message.message_id},
                           {"Timestamp", message.timestamp}, {"SignatureVersion", message.signature_version},
                           {"Signature", message.signature}, {"SigningCertURL", message.certificate_url}};
  if (message.subject) body["Subject"] = *message.subject;
  if (!message.subscribe_url.empty()) body["SubscribeURL"] = message.subscribe_url;
  if (!message.token.empty()) body["Token"] = message.token;
  return boost::json::serialize(body);
}

// `/sns` beside the other protocols; certificates come when the test puts them.
struct Site {
  Site() {
    server = std::make_unique<HttpFixture>(HttpFixture::Settings{}, [this](HttpRouter& router) {
      Intake::Callbacks reading;
      reading.now = now_seconds;
      intake = std::make_unique<Intake>(PayloadLimits{}, 3, std::move(reading), metrics);
      HttpIngest::Callbacks callbacks;
      callbacks.submit = [this](std::unique_ptr<Request>& request) { return pipeline.submit(request); };
      ingest = std::make_unique<HttpIngest>(HttpIngest::Dependencies{*intake, 2}, std::move(callbacks), metrics);
      add_sns_route(router, *ingest, Intake::Limits{}, {{kTopic}},
                    {certificates, [this](const std::string& url) { confirmed.push_back(url); }, now_seconds});
    });
  }
  unsigned post(const SnsMessage& message, const std::string& credential = "any:" + kIngestToken) {
    return post_body(body_of(message), credential);
  }
  unsigned post_body(const std::string& body, const std::string& credential = "any:" + kIngestToken) {
    const auto client = server->connect();
    client->send("POST /sns HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\nAuthorization: Basic " +
                 base64_of(credential) + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
    return client->read_reply().status;
  }

  std::vector<std::string> asked, confirmed;
  SnsCertificates certificates{[this](const std::string& url) { asked.push_back(url); }};
  FakePipeline pipeline;
  Metrics metrics;
  std::unique_ptr<Intake> intake;
  std::unique_ptr<HttpIngest> ingest;
  std::unique_ptr<HttpFixture> server;
};

}  // namespace

TEST_CASE("sns: a signed notification is taken by either version, once its certificate is there") {
  Site site;
  const SelfSigned pair = signer();
  SnsMessage message = signed_by(pair, notification(record_json("a")));
  CHECK(site.post(message) == 503);
  CHECK(site.asked == std::vector<std::string>{kCertificateUrl});
  site.certificates.put(kCertificateUrl, pair.certificate_pem);
  CHECK(site.post(message) == 200);
  message = notification(record_json("b"));
  message.signature_version = "1";
  message.subject = "a subject";
  CHECK(site.post(signed_by(pair, message)) == 200);
  CHECK(site.pipeline.ids() == std::vector<std::string>{"a", "b"});
}

TEST_CASE("sns: whatever is changed after signing, or signed by another key, is refused") {
  Site site;
  const SelfSigned pair = signer();
  site.certificates.put(kCertificateUrl, pair.certificate_pem);
  const SnsMessage good = signed_by(pair, notification(record_json("a")));
  for (std::string SnsMessage::*part :
       {&SnsMessage::message, &SnsMessage::message_id, &SnsMessage::timestamp, &SnsMessage::signature}) {
    SnsMessage changed = good;
    (changed.*part).back() = (changed.*part).back() == 'x' ? 'y' : 'x';
    CHECK(site.post(changed) == 403);
  }
  SnsMessage changed = good;
  changed.subject = "put in";
  CHECK(site.post(changed) == 403);
  changed = good;
  changed.signature_version = "1";
  CHECK(site.post(changed) == 403);
  changed.signature_version = "3";
  CHECK(site.post(changed) == 403);
  CHECK(site.post(signed_by(signer(), good)) == 403);
  site.certificates.put(kCertificateUrl, make_self_signed(now_seconds() - 60, now_seconds() - 1).certificate_pem);
  CHECK(site.post(good) == 403);
  site.certificates.put(kCertificateUrl, "no certificate");
  CHECK(site.post(good) == 403);
  CHECK(site.pipeline.requests() == 0);
}

TEST_CASE("sns: only listed topics are taken and confirmed, and only SNS's own addresses are visited") {
  Site site;
  const SelfSigned pair = signer();
  site.certificates.put(kCertificateUrl, pair.certificate_pem);
  CHECK(site.post(signed_by(pair, confirmation())) == 200);
  CHECK(site.confirmed == std::vector<std::string>{kSubscribeUrl});
  SnsMessage unsubscribed = confirmation();
  unsubscribed.type = "UnsubscribeConfirmation";
  CHECK(site.post(signed_by(pair, unsubscribed)) == 200);
  SnsMessage other = confirmation();
  other.topic += "2";
  CHECK(site.post(signed_by(pair, other)) == 403);
  other = confirmation();
  other.subscribe_url = "https://sns.eu-central-1.amazonaws.com.example.com/?Action=ConfirmSubscription";
  CHECK(site.post(signed_by(pair, other)) == 403);
  other = notification(record_json("a"));
  other.certificate_url = "https://www.example.com/SimpleNotificationService-0a1b.pem";
  CHECK(site.post(signed_by(pair, other)) == 403);
  SnsMessage forged = confirmation();
  forged.signature = signed_by(signer(), confirmation()).signature;
  CHECK(site.post(forged) == 403);
  CHECK(site.confirmed.size() == 1);
  CHECK(site.asked.empty());
  CHECK(site.pipeline.requests() == 0);
}

TEST_CASE("sns: the credentials come first, and what is no message of SNS is refused") {
  Site site;
  CHECK(site.post(confirmation(), "any:nobody-knows-this-0123") == 401);
  CHECK(site.post(confirmation(), "any:" + kAdminToken) == 403);
  CHECK(site.asked.empty());
  for (const std::string& body : {std::string("{}"), record_json("a"), std::string("["), std::string("{\"Type\":1}")})
    CHECK(site.post_body(body) == 400);
}

TEST_CASE("sns: certificates are bounded") {
  std::size_t asked = 0;
  SnsCertificates certificates([&asked](const std::string&) { ++asked; });
  for (std::size_t i = 0; i <= kSnsCertificatesMax; ++i) certificates.put(std::to_string(i), "pem");
  CHECK(certificates.find(std::to_string(kSnsCertificatesMax)) == "pem");
  CHECK_FALSE(certificates.find("0"));
  CHECK(asked == 1);
}

}  // namespace straykey
