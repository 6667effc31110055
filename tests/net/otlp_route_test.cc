// POST /v1/logs, from the wire to the pipeline and back.
#include <protozero/pbf_reader.hpp>
#include <protozero/pbf_writer.hpp>
#include <string>
#include <vector>

#include "tests/net/protocol_site.h"
#include "tests/support/compress.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

namespace json = boost::json;

// Log records with these bodies, in the messages that enclose them.
std::string otlp_request(const std::vector<std::string>& texts) {
  std::string request;
  protozero::pbf_writer writer(request);
  protozero::pbf_writer resource_logs(writer, 1);
  protozero::pbf_writer scope_logs(resource_logs, 2);
  for (const std::string& text : texts) {
    protozero::pbf_writer log_record(scope_logs, 2);
    log_record.add_fixed64(1, 1);
    protozero::pbf_writer body(log_record, 5);
    body.add_string(1, text);
  }
  return request;
}

}  // namespace

TEST_CASE("otlp: JSON and protobuf are taken and answered in kind") {
  ProtocolSite site;
  const std::string in_json = R"({"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":)" +
                              escaped(record_json("a")) + "}}]}]}]}";
  const auto plain = site.post("/v1/logs", kBearer + "Content-Type: application/json\r\n", in_json);
  CHECK(plain.status == 200);
  CHECK(plain.body == "{}");
  const std::string protobuf = kBearer + "Content-Type: application/x-protobuf\r\n";
  const auto packed = site.post("/v1/logs", protobuf, otlp_request({record_json("b"), record_json("c")}));
  CHECK(packed.status == 200);
  CHECK(packed.body.empty());
  CHECK(packed.head.find("Content-Type: application/x-protobuf") != std::string::npos);
  CHECK(site.pipeline.ids() == std::vector<std::string>{"a", "b", "c"});
  // gzip, as collectors send by default
  CHECK(site.post("/v1/logs", protobuf + "Content-Encoding: gzip\r\n", gzip_of(otlp_request({record_json("d")})))
            .status == 200);
  CHECK(site.pipeline.ids().back() == "d");
}

TEST_CASE("otlp: the body says what it is; a wrong Content-Type only decides how the answer is written") {
  ProtocolSite site;
  const std::string in_json = R"({"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":)" +
                              escaped(record_json("a")) + "}}]}]}]}";
  const auto as_protobuf = site.post("/v1/logs", kBearer + "Content-Type: application/x-protobuf\r\n", in_json);
  CHECK(as_protobuf.status == 200);
  CHECK(as_protobuf.body.empty());
  const auto as_json =
      site.post("/v1/logs", kBearer + "Content-Type: application/json\r\n", otlp_request({record_json("b")}));
  CHECK(as_json.status == 200);
  CHECK(as_json.body == "{}");
  CHECK(site.pipeline.ids() == std::vector<std::string>{"a", "b"});
}

TEST_CASE("otlp: what is no record is a partial success, cut protobuf keeps what stands before the cut") {
  ProtocolSite site;
  const auto said = site.post("/v1/logs", kBearer,
                              R"({"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"x"}}]}]}]})");
  CHECK(said.status == 200);
  CHECK(json::parse(said.body).at("partialSuccess").at("rejectedLogRecords") == "1");
  const std::string protobuf = kBearer + "Content-Type: application/x-protobuf\r\n";
  const auto packed = site.post("/v1/logs", protobuf, otlp_request({"no record", record_json("a")}));
  protozero::pbf_reader response(packed.body);
  REQUIRE(response.next(1));
  protozero::pbf_reader partial_success = response.get_message();
  REQUIRE(partial_success.next(1));
  CHECK(partial_success.get_int64() == 1);
  CHECK(site.pipeline.ids() == std::vector<std::string>{"a"});
  const std::string two = otlp_request({record_json("b")}) + otlp_request({record_json("c")});
  CHECK(site.post("/v1/logs", protobuf, two.substr(0, two.size() - 5)).status == 200);
  CHECK(site.pipeline.ids() == std::vector<std::string>{"a", "b"});
}

TEST_CASE("otlp: a log record whose body is no text is one reject, whatever its bytes look like") {
  ProtocolSite site;
  std::string request;
  {
    protozero::pbf_writer writer(request);
    protozero::pbf_writer resource_logs(writer, 1);
    protozero::pbf_writer scope_logs(resource_logs, 2);
    protozero::pbf_writer log_record(scope_logs, 2);
    protozero::pbf_writer body(log_record, 5);
    protozero::pbf_writer list(body, 6);
    list.add_string(1, "\n{broken\n{\"a\":1}\n[");
  }
  CHECK(site.post("/v1/logs", kBearer, request).status == 200);
  CHECK(site.rejected("bad_json") == 1);
  CHECK(site.pipeline.ids().empty());
}

TEST_CASE("otlp: protobuf of any length is protobuf, JSON may begin with a line feed") {
  ProtocolSite site;
  const std::string protobuf = kBearer + "Content-Type: application/x-protobuf\r\n";
  int taken = 0;
  for (int size = 60; size < 140; ++size) {
    site.post("/v1/logs", protobuf,
              otlp_request({std::string(static_cast<std::size_t>(size), 'x')}) + otlp_request({record_json("a")}));
    CHECK(site.pipeline.ids().size() == static_cast<std::size_t>(++taken));
  }
  CHECK(site.post("/v1/logs", kBearer, "\n" + record_json("b")).status == 200);
  CHECK(site.pipeline.ids().back() == "b");
}

TEST_CASE("otlp: overload is a status that exporters wait after, for two seconds") {
  ProtocolSite site;
  site.pipeline.set(FakePipeline::Mode::overloaded);
  const auto busy = site.post("/v1/logs", kBearer, record_json("a"));
  CHECK(busy.status == 503);
  CHECK(busy.head.find("Retry-After: 2") != std::string::npos);
  CHECK(json::parse(busy.body).at("code") == 14);
  const auto packed =
      site.post("/v1/logs", kBearer + "Content-Type: application/x-protobuf\r\n", otlp_request({record_json("a")}));
  protozero::pbf_reader status(packed.body);
  REQUIRE(status.next(1));
  CHECK(status.get_int32() == 14);
}

}  // namespace straykey
