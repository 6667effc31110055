#include "tools/replay/webhook_inbox.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <cstdlib>

#include "core/base/log.h"
#include "tools/config/secret_source.h"
#include "tools/terminal/clock.h"

namespace straykey {
namespace {

namespace json = boost::json;

std::string text_of(const json::value& document, std::string_view key) {
  const json::value* value = document.is_object() ? document.as_object().if_contains(key) : nullptr;
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : std::string();
}

// The reason that says most: the first of `why` behind the one about where the call came from.
std::string reason_of(const json::value& document) {
  const json::value* why = document.is_object() ? document.as_object().if_contains("why") : nullptr;
  if (why == nullptr || !why->is_array() || why->as_array().empty() || !why->as_array().front().is_string()) return {};
  return std::string(why->as_array().front().as_string());
}

}  // namespace

WebhookInbox::WebhookInbox(Settings settings) : settings_(std::move(settings)), log_({LogLevel::warning, false}) {
  if (!settings_.out.empty()) out_.open(settings_.out, std::ios::app);
}

WebhookInbox::~WebhookInbox() {
  stop();
}

Status WebhookInbox::start() {
  HttpListenerSettings listener;
  listener.name = "receive";
  listener.address = settings_.listen.address;
  listener.port = settings_.listen.port;
  Route route;
  route.path = "/";
  route.purpose = "Webhook messages are taken here.";
  route.body_bytes_max = 1 << 20;
  route.handle = [this](HttpRequest request, const ReplyTo& reply) {
    const auto field = [&request](std::string_view name) { return std::string(request.head.field(name)); };
    HttpReply answer;
    answer.status = receive(field("webhook-id"), field("webhook-timestamp"), field("webhook-signature"), request.body);
    answer.body = "{}";
    reply(std::move(answer));
  };
  // Whatever path the URL of an endpoint has, up to four names.
  HttpRouter router;
  for (const char* path : {"/", "/{}", "/{}/{}", "/{}/{}/{}", "/{}/{}/{}/{}"}) {
    route.path = path;
    router.add(route);
  }
  runtime_ = std::make_unique<IoRuntime>(IoRuntime::Settings{1}, log_, metrics_);
  server_ = std::make_unique<HttpServer>(*runtime_, listener, std::move(router),
                                         HttpDependencies{std::make_shared<Authenticator>(AuthSettings{}),
                                                          std::make_shared<ByteBudget>(64u << 20), metrics_, log_});
  runtime_->start();
  return server_->start(wall_clock());
}

void WebhookInbox::stop() {
  if (!server_) return;
  server_->drain(std::chrono::milliseconds(1'000));
  runtime_->stop();
  server_.reset();
}

std::string WebhookInbox::url() const {
  INVARIANT(server_ != nullptr);
  ListenAddress bound = settings_.listen;
  bound.port = server_->port();
  return fmt::format("http://{}/", bound.text());
}

unsigned WebhookInbox::receive(const std::string& id, const std::string& timestamp, const std::string& signature,
                               const std::string& body) {
  const Seconds time = std::strtoll(timestamp.c_str(), nullptr, 10);
  const bool is_signed = settings_.secrets.empty() || webhook_signature(settings_.secrets, id, time, body) == signature;
  json::error_code error;
  const json::value message = is_signed ? json::parse(body, error) : json::value();
  const bool readable = !error && message.is_object();
  const std::lock_guard lock(mutex_);
  if (!is_signed) {
    ++counts_.wrong_signature;
    return 401;
  }
  if (!readable) {
    ++counts_.unreadable;
    return 400;
  }
  const auto [kept, is_new] = bodies_.emplace(id, body);
  ++counts_.messages;
  if (is_new) {
    ++counts_.different;
    if (text_of(message, "type") == "alert.created") ++counts_.alerts;
  } else {
    ++(kept->second == body ? counts_.repeats : counts_.changed);
  }
  if (out_.is_open())
    out_ << json::serialize(json::object{{"id", id}, {"webhook_timestamp", timestamp}, {"body", body}}) << '\n'
         << std::flush;
  if (is_new && settings_.on_new) settings_.on_new(body);
  return 200;
}

InboxCounts WebhookInbox::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

std::vector<std::string> WebhookInbox::bodies() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> bodies;
  for (const auto& [id, body] : bodies_) bodies.push_back(body);
  return bodies;
}

Result<WebhookSecret> read_webhook_secret(const std::string& path) {
  auto text = read_secret({SecretSource::Kind::file, path});
  if (!text) return text.error();
  return WebhookSecret::parse(text.value());
}

std::string message_type(const std::string& body) {
  json::error_code error;
  const json::value message = json::parse(body, error);
  return error ? std::string() : text_of(message, "type");
}

std::string alert_line(const std::string& body) {
  json::error_code error;
  const json::value message = json::parse(body, error);
  const json::value* alert = !error && message.is_object() ? message.as_object().if_contains("data") : nullptr;
  if (alert == nullptr || text_of(*alert, "variation").empty())
    return fmt::format("{:<13} {}", "-", escape_for_log(error ? std::string() : text_of(message, "type")));
  return fmt::format("{:<13} {:<36} {:<44} {}", escape_for_log(text_of(*alert, "severity")),
                     escape_for_log(text_of(*alert, "variation")), escape_for_log(text_of(*alert, "identity")),
                     escape_for_log(reason_of(*alert)));
}

}  // namespace straykey
