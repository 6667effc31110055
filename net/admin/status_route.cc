#include "net/admin/status_route.h"

#include <unistd.h>

#include <boost/json.hpp>
#include <utility>

#include "core/base/time.h"
#include "core/engine/standby_status.h"

namespace straykey {
namespace {

namespace json = boost::json;

// `reason="truncated",source="x"`, as core/base/metrics.h writes it, read back.
json::object labels_of(std::string_view text) {
  json::object out;
  while (!text.empty()) {
    const std::size_t equals = text.find("=\"");
    if (equals == std::string_view::npos) break;
    const std::string_view name = text.substr(0, equals);
    std::string value;
    std::size_t at = equals + 2;
    for (; at < text.size() && text[at] != '"'; ++at) {
      if (text[at] == '\\' && at + 1 < text.size()) ++at;
      value += text[at];
    }
    out[name] = value;
    text.remove_prefix(std::min(text.size(), at + 1));
    if (text.starts_with(',')) text.remove_prefix(1);
  }
  return out;
}

json::array series_of(const Metrics& metrics) {
  json::array out;
  metrics.each([&out](const Metrics::Family& family) {
    if (family.kind == Metrics::Kind::histogram) return;
    for (const Metrics::Series& series : family.series) {
      json::object one{{"name", family.name}, {"labels", labels_of(series.labels)}};
      if (family.kind == Metrics::Kind::counter) {
        one["value"] = series.counter->value();
      } else {
        one["value"] = series.gauge->value();
      }
      out.push_back(std::move(one));
    }
  });
  return out;
}

json::array texts(const std::vector<std::string>& list) {
  return json::array(list.begin(), list.end());
}

json::value reload_of(const StatusSource& source) {
  const auto last = source.last_reload ? source.last_reload() : std::nullopt;
  if (!last) return nullptr;
  return json::object{{"at", format_time(last->at)},
                      {"applied", last->applied},
                      {"errors", texts(last->errors)},
                      {"changed", texts(last->changed)},
                      {"wait_for_next_start", texts(last->wait_for_next_start)}};
}

json::array health_of(const StatusSource& source) {
  json::array out;
  if (!source.health) return out;
  for (const HealthFinding& finding : source.health())
    out.push_back(json::object{{"kind", finding.kind},
                               {"subject", finding.subject},
                               {"since", format_time(finding.since)},
                               {"sentence", finding.sentence},
                               {"advice", finding.advice}});
  return out;
}

json::object standby_of(const StandbyStatus& status) {
  const json::value since = status.since == 0 ? json::value(nullptr) : json::value(format_time(status.since));
  return json::object{{"judges", status.judges},
                      {"since", since},
                      {"judge", status.judge},
                      {"position", status.position},
                      {"behind", status.behind},
                      {"read", status.is_read},
                      {"differs", texts(status.differs)},
                      {"waits_for", status.waits_for}};
}

}  // namespace

void add_status_route(HttpRouter& router, StatusSource source, const OperatorAccess& access) {
  Route route;
  route.method = HttpMethod::get;
  route.path = "/api/v1/status";
  route.purpose = "GET how the pipeline does.";
  access.guard(route, TokenScope::read);
  route.handle = [source = std::move(source)](const HttpRequest&, const ReplyTo& reply) {
    const ReadinessReport report = source.readiness();
    json::object item{{"version", source.version},          {"pid", ::getpid()},
                      {"now", format_time(source.now())},   {"ready", report.reasons.empty()},
                      {"reasons", texts(report.reasons)},   {"unjudged", report.unjudged},
                      {"reload", reload_of(source)},        {"health", health_of(source)},
                      {"series", series_of(source.metrics)}};
    if (source.standby) item["standby"] = standby_of(*source.standby());
    HttpReply answer;
    answer.body = json::serialize(json::object{{"items", json::array{std::move(item)}}}) + '\n';
    reply(std::move(answer));
  };
  router.add(std::move(route));
}

}  // namespace straykey
