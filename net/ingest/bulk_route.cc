// /_bulk and /{index}/_bulk: Elasticsearch's bulk API. A body is pairs of an action line and a document line; the reply
// has one item for each action, in their order. A document that is no record is an item with status 201 and counted as
// rejected: clients post a 400 again hundreds of times. When the queues are full all items are 429, which clients send
// again; a request that is refused as a whole is lost by some of them.
// /{index}/_doc, /{index}/{type} and the like: one document a request, as omelasticsearch posts without bulkmode.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "net/ingest/http_protocols.h"

namespace straykey {
namespace {

constexpr std::array<std::string_view, 4> kActions{"index", "create", "update", "delete"};
constexpr std::uint8_t kDelete = 3;
// The reply has 130 bytes for each. Clients send some thousand at once.
constexpr std::size_t kItemsMax = 20'000;
constexpr std::string_view kPurpose =
    "Senders for Elasticsearch post CloudTrail records here as pairs of an action and a document; the password is an "
    "ingest token.";
constexpr std::string_view kDocumentPurpose =
    "Senders for Elasticsearch post CloudTrail records here one by one; the password is an ingest token.";

std::string_view take_line(std::string_view text, std::size_t& at) {
  const std::size_t end = std::min(text.find('\n', at), text.size());
  const std::string_view line = text.substr(at, end - at);
  at = end + 1;
  return line;
}

std::string_view trim(std::string_view line) {
  constexpr std::string_view kSpaces = " \t\r";
  const std::size_t begin = std::min(line.find_first_not_of(kSpaces), line.size());
  return line.substr(begin, line.find_last_not_of(kSpaces) + 1 - begin);
}

// Which action a line names: its first member does. `{}` is "index". Empty: the line is none.
std::optional<std::uint8_t> action_of(std::string_view line) {
  if (!line.starts_with('{')) return std::nullopt;
  line = trim(line.substr(1));
  if (line == "}") return 0;
  for (std::uint8_t i = 0; i < kActions.size(); ++i) {
    const std::string_view name = kActions[i];
    const bool named = line.starts_with('"') && line.substr(1).starts_with(name) && line.size() > name.size() + 2 &&
                       line[name.size() + 1] == '"';
    if (named && trim(line.substr(name.size() + 2)).starts_with(':')) return i;
  }
  return std::nullopt;
}

// A line without an action before it is a document all the same. A body that does not begin with an action is no bulk
// body: it is one item, read in whatever framing it has.
void split_bulk(std::string_view text, std::size_t items_max, std::vector<SentText::Item>& items) {
  std::optional<std::uint8_t> action;
  bool any_action = false;
  for (std::size_t at = 0; at < text.size() && items.size() <= items_max;) {
    const std::string_view line = trim(take_line(text, at));
    if (line.empty()) continue;
    if (!action) {
      action = action_of(line);
      if (!action && !any_action) break;
      any_action = true;
      if (action && *action != kDelete) continue;
    }
    SentText::Item item;
    item.begin = static_cast<std::size_t>(line.data() - text.data());
    item.size = line.size();
    item.header = action.value_or(0);
    items.push_back(item);
    action.reset();
  }
  if (!any_action && !trim(text).empty()) items.push_back({0, text.size(), 0, {}});
}

std::vector<ReplyHeader> product_headers(std::vector<ReplyHeader> more = {}) {
  more.push_back({"X-Elastic-Product", "Elasticsearch"});
  return more;
}

HttpReply json_reply(std::string body) {
  HttpReply reply;
  reply.body = std::move(body);
  reply.headers = product_headers();
  return reply;
}

// `item` is written for each of them; `errors` is what it has to say of all.
template <class Item>
std::string items_body(std::string_view kinds, bool errors, const Item& item) {
  constexpr std::size_t kItemBytes = 160;
  std::string body = fmt::format("{{\"took\":0,\"errors\":{},\"items\":[", errors);
  body.reserve(body.size() + kItemBytes * kinds.size());
  // By appending: a format string read again for each item took 1,700 instructions of it.
  std::array<std::string, kActions.size()> begins;
  for (std::size_t kind = 0; kind < kActions.size(); ++kind)
    begins[kind] = fmt::format("{{\"{}\":{{\"_index\":\"straykey\",\"_id\":\"", kActions[kind]);
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    const auto kind = static_cast<std::size_t>(kinds[i]);
    if (i > 0) body += ',';
    body += begins[kind];
    const fmt::format_int number(i);
    body.append(number.data(), number.size());
    body += "\",";
    item(body, kind);
    body += "}}";
  }
  body += "]}";
  return body;
}

HttpReply render_bulk(const ItemOutcomes& outcome, const AnsweredRequest&) {
  return json_reply(items_body(outcome.item_kinds, false, [](std::string& body, std::size_t kind) {
    if (kind == kDelete) {
      body += "\"_version\":1,\"result\":\"not_found\",\"status\":404";
      return;
    }
    body +=
        "\"_version\":1,\"result\":\"created\",\"_shards\":{\"total\":1,\"successful\":1,\"failed\":0},\"_seq_no\":0,"
        "\"_primary_term\":1,\"status\":201";
  }));
}

HttpReply refuse_bulk(const Refusal& refusal, const AnsweredRequest& request) {
  const bool again = refusal.status == 503 || refusal.status == 429;
  if (again && !request.item_kinds.empty())
    return json_reply(items_body(request.item_kinds, true, [&](std::string& body, std::size_t) {
      body += "\"status\":429,\"error\":{\"type\":\"es_rejected_execution_exception\",\"reason\":\"";
      body += refusal.message;
      body += "\"}";
    }));
  HttpReply reply;
  reply.status = refusal.status;
  reply.headers = product_headers(refusal_headers(refusal));
  reply.cut =
      refusal.status == 503;  // omelasticsearch takes a reply without items for success, and sends again after a cut
  reply.body = fmt::format("{{\"error\":{{\"root_cause\":[],\"type\":\"{}\",\"reason\":\"{}\"}},\"status\":{}}}",
                           refusal.code, refusal.message, refusal.status);
  return reply;
}

HttpReply render_document(const ItemOutcomes&, const AnsweredRequest&) {
  return json_reply(
      R"({"_index":"straykey","_id":"0","_version":1,"result":"created","_shards":{"total":1,"successful":1,)"
      R"("failed":0},"_seq_no":0,"_primary_term":1})");
}

// Without bulkmode omelasticsearch takes a 429, too, for success. What is over its rate has waited before, so whoever
// sends again after the cut does so once in that time.
HttpReply refuse_document(const Refusal& refusal, const AnsweredRequest& request) {
  HttpReply reply = refuse_bulk(refusal, {request.request_id, request.note});
  reply.cut = reply.cut || refusal.code == "rate_limited";
  return reply;
}

void add_document_routes(HttpRouter& router, HttpIngest& ingest, const IngestSettings& settings) {
  struct Address {
    HttpMethod method;
    std::string_view path;
  };
  for (const auto& [method, path] :
       {Address{HttpMethod::post, "/{}/_doc"}, Address{HttpMethod::post, "/{}/_doc/{}"},
        Address{HttpMethod::put, "/{}/_doc/{}"}, Address{HttpMethod::post, "/{}/_create/{}"},
        Address{HttpMethod::put, "/{}/_create/{}"}, Address{HttpMethod::post, "/{}/{}"}}) {
    IngestProtocol protocol;
    protocol.path = path;
    protocol.method = method;
    protocol.purpose = kDocumentPurpose;
    protocol.body_bytes_max = settings.body_bytes_max;
    protocol.limits = settings.limits;
    protocol.takes_any_text = true;
    protocol.waits_for_its_rate = true;
    protocol.render = render_document;
    protocol.refuse = refuse_document;
    ingest.add(router, std::move(protocol));
  }
}

void add_answer(HttpRouter& router, std::string path, std::string_view body) {
  Route route;
  route.method = HttpMethod::get;
  route.path = std::move(path);
  route.purpose = kPurpose;
  route.handle = [body](const HttpRequest&, const ReplyTo& reply) { reply(json_reply(std::string(body))); };
  router.add(std::move(route));
}

}  // namespace

void add_bulk_routes(HttpRouter& router, HttpIngest& ingest, const IngestSettings& settings) {
  for (const std::string_view path : {"/_bulk", "/{}/_bulk"}) {
    for (const HttpMethod method : {HttpMethod::post, HttpMethod::put}) {
      IngestProtocol protocol;
      protocol.path = path;
      protocol.method = method;
      protocol.purpose = kPurpose;
      protocol.body_bytes_max = settings.body_bytes_max;
      protocol.limits = settings.limits;
      protocol.limits.records_max = std::min(settings.limits.records_max, kItemsMax);
      protocol.split = split_bulk;
      protocol.refuses_by_items = true;
      protocol.render = render_bulk;
      protocol.refuse = refuse_bulk;
      ingest.add(router, std::move(protocol));
    }
  }
  add_document_routes(router, ingest, settings);
  // What clients ask before they send: who is there, whether all is well, whether their index template exists.
  add_answer(router, "/",
             R"({"name":"straykey","cluster_name":"straykey","cluster_uuid":"straykey","version":{"number":"8.15.0",)"
             R"("build_flavor":"default","build_type":"deb","build_hash":"0","build_date":"2024-08-05T00:00:00Z",)"
             R"("build_snapshot":false,"lucene_version":"9.11.1","minimum_wire_compatibility_version":"7.17.0",)"
             R"("minimum_index_compatibility_version":"7.0.0"},"tagline":"You Know, for Search"})");
  add_answer(router, "/_cluster/health",
             R"({"cluster_name":"straykey","status":"green","timed_out":false,"number_of_nodes":1,)"
             R"("number_of_data_nodes":1,"active_primary_shards":1,"active_shards":1})");
  add_answer(router, "/_license",
             R"({"license":{"status":"active","uid":"straykey","type":"basic","issue_date_in_millis":0}})");
  add_answer(router, "/_index_template/{}", R"({"index_templates":[]})");
}

}  // namespace straykey
