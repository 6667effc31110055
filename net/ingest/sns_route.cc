#include "net/ingest/sns_route.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "net/ingest/sns_message.h"

namespace straykey {
namespace {

// SNS sends 256 KiB at most, escaped once.
constexpr std::size_t kBodyBytesMax = 1u << 20;
constexpr std::string_view kPurpose =
    "Amazon SNS posts here: an HTTPS subscription whose URL has Basic credentials with an ingest token.";

constexpr Refusal kNoMessage{400, "no_sns_message",
                             "This is no message of SNS. Turn raw message delivery off: without its envelope nothing "
                             "is signed."};
constexpr Refusal kOtherTopic{403, "other_topic", "The topic is not in ingest.sns_topics."};
constexpr Refusal kOtherAddress{403, "other_address", "A URL in the message is not one of SNS's own."};
constexpr Refusal kBadSignature{403, "bad_signature", "The message is not signed by that certificate."};
constexpr Refusal kNoCertificate{503, "certificate_awaited",
                                 "The certificate is being fetched; send the same request again.", 1};

HttpReply render_sns(const ItemOutcomes& outcome, const AnsweredRequest&) {
  HttpReply reply;
  reply.body = fmt::format("{{\"accepted\":{},\"rejected\":{}}}\n", outcome.accepted, outcome.rejected);
  return reply;
}

struct SnsDoor {
  SnsSettings settings;
  SnsDependencies dependencies;
  std::shared_ptr<const IngestProtocol> protocol;  // of what a notification carries
  HttpIngest& ingest;

  // What is wrong with it, besides its signature.
  [[nodiscard]] std::optional<Refusal> look_at(const SnsMessage& message) const {
    const auto& topics = settings.topics;
    if (std::find(topics.begin(), topics.end(), message.topic) == topics.end()) return kOtherTopic;
    if (!is_sns_certificate_url(message.certificate_url)) return kOtherAddress;
    if (!message.is_notification() && !is_sns_url(message.subscribe_url)) return kOtherAddress;
    return std::nullopt;
  }

  void answer(HttpRequest request, const ReplyTo& reply) const {
    const auto refuse = [&](const Refusal& refusal) { reply(error_reply(refusal, request.request_id)); };
    auto message = read_sns_message(request.body);
    if (!message) return refuse(kNoMessage);
    if (const auto refusal = look_at(*message)) return refuse(*refusal);
    const auto certificate = dependencies.certificates.find(message->certificate_url);
    if (!certificate) return refuse(kNoCertificate);
    if (!sns_signed(*message, *certificate, dependencies.now())) return refuse(kBadSignature);
    if (message->is_notification()) {
      request.body = std::move(message->message);
      return ingest.answer(protocol, std::move(request), reply);
    }
    // The other message only tells that a subscription has ended.
    if (message->type == "SubscriptionConfirmation") dependencies.confirm(message->subscribe_url);
    reply(render_sns({}, {}));
  }
};

}  // namespace

std::optional<std::string> SnsCertificates::find(const std::string& url) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = by_url_.find(url);
    if (found != by_url_.end()) return found->second;
  }
  fetch_(url);
  return std::nullopt;
}

void SnsCertificates::put(const std::string& url, std::string pem) {
  const std::lock_guard lock(mutex_);
  if (by_url_.size() >= kSnsCertificatesMax) by_url_.clear();
  by_url_.insert_or_assign(url, std::move(pem));
}

void add_sns_route(HttpRouter& router, HttpIngest& ingest, const Intake::Limits& limits, const SnsSettings& sns,
                   const SnsDependencies& dependencies) {
  IngestProtocol protocol;
  protocol.path = "/sns";
  protocol.limits = limits;
  protocol.takes_any_text = true;
  protocol.render = render_sns;
  const auto door =
      std::make_shared<const SnsDoor>(SnsDoor{sns, dependencies, HttpIngest::completed(std::move(protocol)), ingest});
  Route route;
  route.path = "/sns";
  route.scope = TokenScope::ingest;
  route.purpose = kPurpose;
  route.body_bytes_max = kBodyBytesMax;
  route.handle = [door](HttpRequest request, const ReplyTo& reply) { door->answer(std::move(request), reply); };
  router.add(std::move(route));
}

}  // namespace straykey
