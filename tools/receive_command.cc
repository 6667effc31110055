// `straykey receive`: a webhook receiver for trying things out: verifies signatures, shows each alert on a line.
#include <fmt/format.h>
#include <signal.h>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <cstdio>
#include <fstream>
#include <map>
#include <memory>
#include <mutex>

#include "core/base/log.h"
#include "net/http_server.h"
#include "net/webhook_signature.h"
#include "tools/clock.h"
#include "tools/commands.h"
#include "tools/config_text.h"
#include "tools/secret_source.h"

namespace straykey {
namespace {

namespace json = boost::json;

struct Options {
  std::string listen = "127.0.0.1:0", secret_file, out;
  std::uint64_t count = 0;      // end after this many different messages; 0: never
  std::uint64_t seconds = 0;    // end after this long; 0: never
};

std::string text_of(const json::value& document, std::string_view key) {
  const json::value* value = document.is_object() ? document.as_object().if_contains(key) : nullptr;
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : std::string();
}

// The sentence that says most: the first of `why` after where the call came from.
std::string reason_of(const json::value& document) {
  const json::value* why = document.is_object() ? document.as_object().if_contains("why") : nullptr;
  if (why == nullptr || !why->is_array() || why->as_array().empty() || !why->as_array().front().is_string()) return {};
  return std::string(why->as_array().front().as_string());
}

class Receiver {
 public:
  Receiver(std::vector<WebhookSecret> secrets, const std::string& out) : secrets_(std::move(secrets)) {
    if (!out.empty()) out_.open(out, std::ios::app);
  }

  // 2xx only for a message that was kept.
  unsigned take(const RequestHead& head, const std::string& body) {
    const std::string id(head.field("webhook-id")), stamp(head.field("webhook-timestamp")), signature(head.field("webhook-signature"));
    const Seconds time = std::strtoll(stamp.c_str(), nullptr, 10);
    if (!secrets_.empty() && webhook_signature(secrets_, id, time, body) != signature) {
      const std::lock_guard lock(mutex_);
      ++refused_;
      return 401;
    }
    json::error_code error;
    const json::value message = json::parse(body, error);
    if (error || !message.is_object()) return 400;
    const std::lock_guard lock(mutex_);
    const auto [kept, is_new] = bodies_.emplace(id, body);
    ++received_;
    if (!is_new && kept->second != body) ++changed_;
    if (out_.is_open()) {
      out_ << json::serialize(json::object{{"id", id}, {"webhook_timestamp", stamp}, {"body", body}}) << '\n' << std::flush;
    }
    if (is_new && text_of(message, "type") == "alert.created") {
      ++alerts_;
      show(message.as_object().contains("data") ? message.at("data") : json::value(nullptr));
    }
    return 200;
  }

  [[nodiscard]] std::size_t different() const {
    const std::lock_guard lock(mutex_);
    return alerts_;
  }

  // False if anything went wrong on the way.
  bool summary() const {
    const std::lock_guard lock(mutex_);
    fmt::print(stderr, "straykey receive: {} different alerts in {} messages, {} with a wrong signature, {} with a changed body\n",
               alerts_, received_, refused_, changed_);
    return refused_ == 0 && changed_ == 0;
  }

 private:
  static void show(const json::value& alert) {
    fmt::print("{:<13} {:<36} {:<44} {}\n", escape_for_log(text_of(alert, "severity")), escape_for_log(text_of(alert, "variation")),
               escape_for_log(text_of(alert, "identity")), escape_for_log(reason_of(alert)));
    std::fflush(stdout);
  }

  mutable std::mutex mutex_;
  std::vector<WebhookSecret> secrets_;
  std::ofstream out_;
  std::map<std::string, std::string> bodies_;
  std::size_t alerts_ = 0;
  std::uint64_t received_ = 0, refused_ = 0, changed_ = 0;
};

int run(const Options& options) {
  const auto listen = parse_listen_address(options.listen);
  if (!listen || !listen->on()) return fail(options.listen + ": not an address and a port such as 127.0.0.1:8080", kExitUsage);
  std::vector<WebhookSecret> secrets;
  if (!options.secret_file.empty()) {
    auto text = read_secret({SecretSource::Kind::file, options.secret_file});
    if (!text) return fail(text.error().message);
    auto secret = WebhookSecret::parse(text.value());
    if (!secret) return fail(secret.error().message);
    secrets.push_back(secret.value());
  }
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT}) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  Log log({LogLevel::warning, false});
  Metrics metrics;
  Receiver receiver(std::move(secrets), options.out);
  IoRuntime runtime({1}, log, metrics);
  HttpListenerSettings settings;
  settings.name = "receive";
  settings.address = listen->address;
  settings.port = listen->port;
  HttpRouter router;
  Route route;
  route.path = "/";
  route.purpose = "straykey receive takes webhook messages here.";
  route.body_bytes_max = 1 << 20;
  route.handle = [&](HttpRequest request, const ReplyTo& reply) {
    HttpReply answer;
    answer.status = receiver.take(request.head, request.body);
    answer.body = "{}";
    reply(std::move(answer));
  };
  router.add(std::move(route));
  HttpServer server(runtime, settings, router,
                    HttpServices{std::make_shared<Authenticator>(AuthSettings{}), std::make_shared<ByteBudget>(64u << 20), metrics, log});
  runtime.start();
  if (const Status status = server.start(wall_clock()); !status.ok()) return fail(status.error().message);
  fmt::print(stderr, "straykey receive: http://{}:{}/\n", listen->address, server.port());

  const double began = uptime();
  while (options.count == 0 || receiver.different() < options.count) {
    if (options.seconds > 0 && uptime() - began >= static_cast<double>(options.seconds)) break;
    const timespec tick{0, 50'000'000};
    if (sigtimedwait(&signals, nullptr, &tick) > 0) break;
  }
  server.drain(std::chrono::milliseconds(1'000));
  runtime.stop();
  const bool well = receiver.summary();
  return well && receiver.different() >= options.count ? kExitWell : kExitFailed;
}

}  // namespace

RunCommand add_receive_command(CLI::App& app) {
  CLI::App* command = app.add_subcommand("receive", "Receive webhooks on this machine and show each alert (for trying things out)");
  auto options = std::make_shared<Options>();
  command->add_option("--listen", options->listen, "Where to listen, plain HTTP")->type_name("ADDRESS:PORT")->capture_default_str();
  command->add_option("--secret-file", options->secret_file, "File with the endpoint's whsec_ secret; without it signatures are not checked")
      ->type_name("FILE");
  command->add_option("--out", options->out, "Append every message as a line of JSON")->type_name("FILE");
  command->add_option("--count", options->count, "End well after this many different alerts")->type_name("N");
  command->add_option("--seconds", options->seconds, "End after this long, well only if --count was reached")->type_name("N");
  return [command, options] { return command->parsed() ? run(*options) : -1; };
}

}  // namespace straykey
