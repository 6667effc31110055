// /_bulk, from the wire to the pipeline and back.
#include <string>
#include <vector>

#include "tests/net/protocol_site.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

namespace json = boost::json;

}  // namespace

TEST_CASE("bulk: one item for each action, in their order, whatever became of the documents") {
  ProtocolSite site;
  const std::string body = "{\"index\":{\"_index\":\"trail\"}}\n" + record_json("a") + "\r\n" +
                           "{ \"create\" : {}, \"attempts\":2}\n{\"level\":1}\n" +
                           "{\"delete\":{\"_id\":\"1\"}}\n{}\n" + record_json("b") + "\n\n" + record_json("c");
  for (const std::string path : {"/_bulk", "/trail/_bulk"}) {
    const auto reply = site.post(path, kBearer, body);
    CHECK(reply.status == 200);
    CHECK(reply.head.find("X-Elastic-Product: Elasticsearch") != std::string::npos);
    const json::object said = json::parse(reply.body).as_object();
    CHECK(said.at("errors") == false);
    std::string items;
    for (const json::value& item : said.at("items").as_array()) {
      const auto& [action, outcome] = *item.as_object().begin();
      items += std::string(action) + " " + json::serialize(outcome.at("status")) + ";";
    }
    CHECK(items == "index 201;create 201;delete 404;index 201;index 201;");
  }
  CHECK(site.pipeline.ids() == std::vector<std::string>{"a", "b", "c", "a", "b", "c"});
}

TEST_CASE("bulk: when the queues are full every item is 429, and the request is not refused") {
  ProtocolSite site;
  site.pipeline.set(FakePipeline::Mode::overloaded);
  const auto reply = site.post("/_bulk", kBearer, "{\"index\":{}}\n" + record_json("a") + "\n{\"create\":{}}\n{}\n");
  CHECK(reply.status == 200);
  const json::object said = json::parse(reply.body).as_object();
  CHECK(said.at("errors") == true);
  REQUIRE(said.at("items").as_array().size() == 2);
  CHECK(said.at("items").at(0).at("index").at("status") == 429);
  CHECK(said.at("items").at(1).at("create").at("status") == 429);
}

TEST_CASE("bulk: a body for which there is no memory ends its connection without a reply") {
  ProtocolSite site;
  BudgetShare others(site.server.budget);
  REQUIRE(others.grow_to((1 << 20) - 40'000));
  const std::string body = "{\"index\":{}}\n" + record_json("a") + "\n" + std::string(100'000, ' ');
  CHECK(site.post("/_bulk", kBearer, body).status == 0);
  CHECK(site.post("/v1/events", kBearer, body).status == 503);
  others.clear();
  CHECK(site.post("/_bulk", kBearer, body).status == 200);
}

TEST_CASE("bulk: a body of more than 20,000 documents is refused, however small they are") {
  ProtocolSite site;
  std::string body;
  const std::string document = "{\"index\":{}}\na\n";
  for (int i = 0; i < 20'001; ++i) body += document;
  CHECK(site.post("/_bulk", kBearer, body).status == 413);
  body.resize(body.size() - document.size());
  CHECK(site.post("/_bulk", kBearer, body).status == 200);
}

TEST_CASE("bulk: a body without actions is read as records, on one line or on several") {
  ProtocolSite site;
  std::string printed = record_json("a");
  for (std::size_t at = 0; (at = printed.find(",\"", at)) != std::string::npos; at += 3) printed.insert(at + 1, "\n");
  for (const std::string& body :
       {printed, "{\"Records\":[" + record_json("b") + "]}", record_json("c") + "\n" + record_json("d")}) {
    const auto reply = site.post("/_bulk", kBearer, body);
    CHECK(reply.status == 200);
    CHECK(json::parse(reply.body).at("items").as_array().size() == 1);
  }
  CHECK(site.pipeline.ids() == std::vector<std::string>{"a", "b", "c", "d"});
  CHECK(site.post("/_bulk", kBearer, " \n").status == 400);
}

TEST_CASE("bulk: one document a request, by the addresses of an index and a type") {
  ProtocolSite site;
  for (const std::string path : {"/system/events", "/trail/_doc", "/trail/_doc/1", "/trail/_create/1"}) {
    CAPTURE(path);
    const auto reply = site.post(path, kBearer, record_json("a"));
    CHECK(reply.status == 200);
    CHECK(reply.head.find("X-Elastic-Product: Elasticsearch") != std::string::npos);
    const json::object said = json::parse(reply.body).as_object();
    CHECK(said.at("result") == "created");
    CHECK(!said.contains("status"));  // by which omelasticsearch knows an error
  }
  CHECK(site.pipeline.ids() == std::vector<std::string>{"a", "a", "a", "a"});
  CHECK(site.post("/system/events", kBearer, "{\"level\":1}").status == 200);
  CHECK(site.post("/system/events", kBearer, "no JSON").status == 200);
  CHECK(site.rejected("bad_json") == 1);
  CHECK(site.post("/system/events", "", record_json("a")).status == 401);
  for (const std::string path : {"/v1/event", "/services/_doc_", "/trail/_search", "/_ilm/policy", "/a/b/c"}) {
    CAPTURE(path);
    CHECK(site.post(path, kBearer, record_json("a")).status == 404);
  }
  CHECK(site.get("/system/events").status == 404);
}

TEST_CASE("bulk: a single document that finds full queues ends its connection without a reply") {
  ProtocolSite site;
  site.pipeline.set(FakePipeline::Mode::overloaded);
  CHECK(site.post("/system/events", kBearer, record_json("a")).status == 0);
}

TEST_CASE("bulk: what clients ask before they send, and what they hear without a token") {
  ProtocolSite site;
  CHECK(json::parse(site.get("/").body).at("version").at("number") == "8.15.0");
  CHECK(json::parse(site.get("/_cluster/health").body).at("status") == "green");
  CHECK(json::parse(site.get("/_license").body).at("license").at("status") == "active");
  CHECK(site.send("HEAD /_index_template/trail HTTP/1.1\r\nHost: localhost\r\n\r\n", true).status == 200);
  CHECK(site.send("HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n", true).head.find("X-Elastic-Product") !=
        std::string::npos);
  const auto refused = site.post("/_bulk", "", "{}");
  CHECK(refused.status == 401);
  CHECK(refused.head.find("X-Elastic-Product") != std::string::npos);
  CHECK(json::parse(refused.body).at("status") == 401);
}

}  // namespace straykey
