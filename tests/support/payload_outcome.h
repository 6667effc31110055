#pragma once
// What a body gives when it is read: for the tests of payloads. And records in every framing and envelope.
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "core/event/payload.h"
#include "tests/support/compress.h"

#include <doctest/doctest.h>

namespace straykey::payloads {

inline constexpr Seconds kPayloadNow = 1'780'000'000;

// What a body gave, in order: event ids, and "!reason" for rejects.
struct Outcome {
  std::vector<std::string> values;
  std::string error;
  std::size_t events = 0;
  bool indices_in_order = true;

  bool operator==(const Outcome&) const = default;
  [[nodiscard]] std::string text() const {
    std::string joined;
    for (const std::string& value : values) joined += value + ' ';
    return joined + error;
  }
};

inline std::size_t rejects(const Outcome& outcome) {
  return outcome.values.size() - outcome.events;
}

inline Outcome read(std::string_view body, ContentEncoding encoding = ContentEncoding::identity,
                    PayloadLimits limits = {}) {
  static PayloadReader standard(PayloadLimits{});
  PayloadReader limited(limits);
  PayloadReader& reader = limits.inflated_bytes_max == PayloadLimits{}.inflated_bytes_max &&
                                  limits.records_max == PayloadLimits{}.records_max
                              ? standard
                              : limited;
  const std::string padded = std::string(body) + std::string(kJsonPadding, '}');
  TextArena arena;
  Outcome outcome;
  std::vector<Event> events;
  std::uint32_t expected = 0;
  const PayloadReader::Sink sink{[&](std::uint32_t index, Event&& event) {
                                   outcome.indices_in_order &= index == expected++;
                                   outcome.values.emplace_back(event.event_id);
                                   events.push_back(event);
                                 },
                                 [&](std::uint32_t index, RejectReason reason, std::string_view) {
                                   outcome.indices_in_order &= index == expected++;
                                   outcome.values.push_back("!" + std::string(name_of(reason)));
                                 }};
  const auto error = reader.read(std::string_view(padded).substr(0, body.size()), encoding, kPayloadNow, arena, sink);
  if (error) outcome.error = name_of(*error);
  outcome.events = events.size();
  // Views must still be good when the whole body was read.
  for (const Event& event : events) {
    CHECK(event.record.find(event.event_id) != std::string_view::npos);
    CHECK(event.event_name == "ListBuckets");
  }
  CHECK(outcome.indices_in_order);
  return outcome;
}

inline std::string record(std::string_view id, std::string_view more = "") {
  return R"({"eventVersion":"1.11","eventTime":"2026-05-01T10:00:00Z","eventSource":"s3.amazonaws.com",)"
         R"("eventName":"ListBuckets","eventID":")" +
         std::string(id) + "\"" + std::string(more) + "}";
}

inline std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (c == '\n')
      out += "\\n";
    else
      out += c;
  }
  return out + "\"";
}

// As journald writes what it holds for binary.
inline std::string byte_array(std::string_view text) {
  std::string out = "[";
  for (const char c : text) out += (out.size() > 1 ? "," : "") + std::to_string(static_cast<unsigned char>(c));
  return out + "]";
}

// A record spread over lines, as pretty printers do.
inline std::string pretty(std::string_view id) {
  std::string out;
  for (const char c : record(id, R"(,"requestParameters":{"a":{}})")) {
    out += c;
    if (c == '{' || c == ',') out += "\n    ";
  }
  return out;
}

// The record `a` in every envelope that is known.
struct Wrapped {
  const char* name;
  std::string body;
};

inline std::vector<Wrapped> envelopes(const std::string& a) {
  const std::string log_events =
      R"({"messageType":"DATA_MESSAGE","owner":"111122223333","logEvents":[{"id":"1","timestamp":1,"message":)" +
      quoted(a) + "}]}";
  return {
      {"file", R"({"Records":[)" + a + "]}"},
      {"EventBridge",
       R"({"version":"0","detail-type":"AWS API Call via CloudTrail","source":"aws.s3x","detail":)" + a + "}"},
      {"Firehose", R"({"requestId":"r","timestamp":1,"records":[{"data":")" + base64_of(a) + "\"}]}"},
      {"Firehose, gzip", R"({"requestId":"r","timestamp":1,"records":[{"data":")" + base64_of(gzip_of(a)) + "\"}]}"},
      {"Firehose, two records in one",
       R"({"requestId":"r","records":[{"data":")" + base64_of(gzip_of(R"({"Records":[)" + a + "]}")) + "\"}]}"},
      {"CloudWatch Logs", log_events},
      {"CloudWatch Logs through Firehose",
       R"({"requestId":"r","records":[{"data":")" + base64_of(gzip_of(log_events)) + "\"}]}"},
      {"CloudWatch Logs through Firehose, escaped slashes",
       [&] {
         std::string data;
         for (const char c : base64_of(gzip_of(log_events))) data += c == '/' ? std::string("\\/") : std::string(1, c);
         return R"({"requestId":"r","records":[{"data":")" + data + "\"}]}";
       }()},
      {"awslogs", R"({"awslogs":{"data":")" + base64_of(gzip_of(log_events)) + "\"}}"},
      {"SNS",
       R"({"Type":"Notification","MessageId":"m","TopicArn":"t","Message":)" + quoted(a) + R"(,"Timestamp":"x"})"},
      {"SNS around EventBridge",
       R"({"Type":"Notification","Message":)" + quoted(R"({"detail-type":"x","detail":)" + a + "}") + "}"},
      {"OTLP string", R"({"resourceLogs":[{"resource":{},"scopeLogs":[{"scope":{},"logRecords":[{"timeUnixNano":"1",)"
                      R"("body":{"stringValue":)" +
                          quoted(a) + "}}]}]}]}"},
      {"OTLP kvlist",
       R"({"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"kvlistValue":{"values":[
          {"key":"eventVersion","value":{"stringValue":"1.11"}},{"key":"eventTime",
      "value":{"stringValue":"2026-05-01T10:00:00Z"}},
          {"key":"eventName","value":{"stringValue":"ListBuckets"}},{"key":"n",
      "value":{"intValue":"7"}},{"key":"d","value":{"doubleValue":1.5}},
          {"key":"l","value":{"arrayValue":{"values":[{"boolValue":true},{},{"stringValue":"x"}]}}},{"key":"k",
      "value":{"kvlistValue":{}}},
          {"key":"eventID","value":{"stringValue":"a"}}]}}}]}]}]})"},
      {"HEC object", R"({"time":"1.5","sourcetype":"aws:cloudtrail","event":)" + a + "}"},
      {"HEC string", R"({"time":1,"event":)" + quoted(a) + "}"},
      {"HEC around Records", R"({"event":{"Records":[)" + a + "]}}"},
      {"event.message", R"({"event":{"message":)" + quoted(a) + "}}"},
      {"event.original", R"({"event":{"kind":"event","original":)" + quoted(a) + R"(},"message":"text"})"},
      {"message beside an event of another kind", R"({"event":{"kind":"event"},"message":)" + quoted(a) + "}"},
      {"message object", R"({"message":)" + a + "}"},
      {"MESSAGE", R"({"HOST":"h","MESSAGE":)" + quoted(a) + "}"},
      {"log with a line end", R"({"stream":"stdout","log":)" + quoted(a + "\n") + "}"},
      {"_raw", R"({"_raw":)" + quoted(a) + "}"},
      {"Message", R"({"Message":)" + quoted("\xef\xbb\xbf" + a) + "}"},
      {"body", R"({"messageId":"m","body":)" + quoted(a) + "}"},
      {"EventBridge, a call of S3",
       R"({"version":"0","detail-type":"AWS API Call via CloudTrail","source":"aws.s3","detail":)" + a + "}"},
      {"lookup-events", R"({"Events":[{"EventId":"1","ReadOnly":"true","Resources":[],"CloudTrailEvent":)" + quoted(a) +
                            R"(}],"NextToken":"x"})"},
      {"an event of lookup-events", R"({"EventId":"1","EventName":"x","CloudTrailEvent":)" + quoted(a) + "}"},
      {"filter-log-events", R"({"events":[{"logStreamName":"s","timestamp":1,"message":)" + quoted(a) +
                                R"(,"eventId":"1"}],"searchedLogStreams":[]})"},
      {"Logs Insights", R"({"results":[[{"field":"@timestamp","value":"2026-05-01 10:00:00.000"},)"
                        R"({"field":"@message","value":)" +
                            quoted(a) + R"(},{"field":"@ptr","value":"x"}]],"status":"Complete"})"},
      {"Lake", R"({"QueryStatus":"FINISHED","QueryResultRows":[[{"eventName":"x"},{"eventJson":)" + quoted(a) +
                   R"(}]],"NextToken":"x"})"},
      {"a search of Elasticsearch",
       R"({"took":1,"hits":{"total":{"value":1},"hits":[{"_index":"i","_id":"1","_source":)" + a + "}]}}"},
      {"a search of Elasticsearch with event.original",
       R"({"took":1,"hits":{"total":{"value":1},"hits":[{"_id":"1","_source":{"event":{"original":)" + quoted(a) +
           "}}}]}}"},
      {"_source", R"({"_index":"i","_source":)" + a + "}"},
      {"Splunk, a result a line", R"({"preview":false,"offset":0,"result":{"_raw":)" + quoted(a) + "}}"},
      {"Splunk, results", R"({"preview":false,"results":[{"_time":"x","_raw":)" + quoted(a) + "}]}"},
      {"Wazuh",
       R"({"timestamp":"x","rule":{"level":3},"agent":{"id":"0"},"data":{"integration":"aws","aws":)" + a + "}}"},
      {"Steampipe", R"({"columns":[{"name":"x"}],"rows":[{"event_id":"1","cloud_trail_event":)" + a + "}]}"},
      {"Steampipe, text", R"({"event_id":"1","cloud_trail_event":)" + quoted(a) + "}"},
      {"kafka-rest", R"({"records":[{"key":"k","value":)" + a + "}]}"},
      {"msg", R"({"level":30,"time":1,"msg":)" + quoted(a) + "}"},
      {"msg inside of message and beside itself",
       R"({"event":{"message":{"msg":)" + quoted(a) + R"(,"meta":{"message":)" + quoted(a) + "}}}}"},
      {"MESSAGE as bytes", R"({"PRIORITY":"6","MESSAGE":)" + byte_array(a) + "}"},
      {"OTLP attributes that are the members",
       R"({"resourceLogs":[{"scopeLogs":[{"logRecords":[{"attributes":[
          {"key":"eventVersion","value":{"stringValue":"1.11"}},{"key":"eventID","value":{"stringValue":"a"}},
          {"key":"eventTime","value":{"stringValue":"2026-05-01T10:00:00Z"}},
          {"key":"eventName","value":{"stringValue":"ListBuckets"}}]}]}]}]})"},
      {"key with escapes", R"({"\u0052ecords":[)" + a + "]}"},
      {"the last of two equal keys", R"({"message":"text","message":)" + quoted(a) + "}"},
      {"records as strings", R"({"Records":[)" + quoted(a) + "]}"},
  };
}

}  // namespace straykey::payloads
