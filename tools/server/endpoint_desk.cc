#include "tools/server/endpoint_desk.h"

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "core/base/log.h"
#include "core/detect/formats/body_format.h"
#include "core/detect/message.h"
#include "tools/terminal/clock.h"

namespace straykey {
namespace {

namespace json = boost::json;
using Kind = OperatorAnswer::Kind;

const BodyFormat& format_of(const WebhookRoute& route) {
  return route.format == nullptr ? body_formats().front() : *route.format;
}

std::string name_in(const OperatorRequest& request) {
  const auto found = request.arguments.find("name");
  return found == request.arguments.end() ? std::string() : found->second;
}

OperatorAnswer changed() {
  return {Kind::done, {}, {R"({"changed":1})"}, {}};
}

std::string tested_json(const DeliveryOutcome& outcome) {
  json::object out{{"name", outcome.endpoint},
                   {"id", outcome.alert_id.hex()},
                   {"delivered", outcome.kind == DeliveryOutcome::Kind::delivered}};
  if (outcome.http_status != 0) out["status"] = outcome.http_status;
  if (outcome.http_status == 410)
    out["error"] = "it answered 410 Gone: an alert that is answered so pauses the webhook until it is resumed";
  else if (!outcome.error.empty())
    out["error"] = outcome.error;
  return json::serialize(out);
}

}  // namespace

EndpointDesk::EndpointDesk(Dependencies dependencies) : dependencies_(std::move(dependencies)) {}

void EndpointDesk::ask(const OperatorRequest& request, Answer answer) {
  if (request.operation == "webhook/list") return list(std::move(answer));
  const std::string name = name_in(request);
  const auto named = [&](const WebhookRoute& route) { return route.name == name; };
  const auto routes = dependencies_.routes();
  const auto at = std::find_if(routes->begin(), routes->end(), named);
  if (at == routes->end())
    return answer({Kind::not_found, "no webhook has the name " + escape_for_log(name, 100), {}, {}});
  if (request.operation == "webhook/test") return test(*at, std::move(answer));
  if (request.operation == "webhook/pause")
    dependencies_.sender.pause(name);
  else
    dependencies_.sender.resume(name);
  answer(changed());
}

void EndpointDesk::list(Answer answer) {
  dependencies_.sender.ask_states([this, answer = std::move(answer)](std::vector<WebhookSender::EndpointState> states) {
    OperatorAnswer all;
    const auto routes = dependencies_.routes();
    for (const WebhookRoute& route : *routes) {
      const auto named = [&](const auto& state) { return state.name == route.name; };
      const auto state = std::find_if(states.begin(), states.end(), named);
      if (state == states.end()) continue;
      all.items.push_back(json::serialize(json::object{{"name", route.name},
                                                       {"format", format_of(route).name},
                                                       {"severity_min", name_of(route.severity_min)},
                                                       {"paused", state->paused},
                                                       {"failing", state->circuit_open},
                                                       {"waiting", state->queue},
                                                       {"oldest_s", state->oldest_ms / 1'000}}));
    }
    answer(all);
  });
}

void EndpointDesk::test(const WebhookRoute& route, Answer answer) {
  if (tests_->fetch_add(1) >= kTestsMax) {
    tests_->fetch_sub(1);
    return answer(
        {Kind::failed, "so many tests wait for their answers already; ask again when they have ended", {}, {}});
  }
  answer = [tests = tests_, answer = std::move(answer)](const OperatorAnswer& done) {
    tests->fetch_sub(1);
    answer(done);
  };
  auto key = random_hash_key();
  if (!key) return answer({Kind::failed, key.error().message, {}, {}});
  EndpointTest test;
  test.id = hash128(*key, route.name);  // no two tests have one
  test.endpoint = route.name;
  test.at = dependencies_.now();
  Delivery delivery{.endpoint = route.name, .alert_id = test.id, .body = {}, .marked_test = true};
  delivery.body = format_of(route).make(test, route.context());
  dependencies_.sender.test(std::move(delivery), [answer = std::move(answer)](const DeliveryOutcome& outcome) {
    answer({Kind::done, {}, {tested_json(outcome)}, {}});
  });
}

}  // namespace straykey
