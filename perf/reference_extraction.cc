#include "perf/reference_extraction.h"

#include <simdjson.h>

#include <algorithm>
#include <array>

#include "core/base/invariant.h"

namespace straykey {
namespace {

namespace ondemand = simdjson::ondemand;

constexpr std::array<std::string_view, 14> kTop{
    "eventID",       "awsRegion",       "errorCode",          "eventName",           "eventTime",
    "eventType",     "userAgent",       "eventSource",        "sharedEventID",       "eventCategory",
    "vpcEndpointId", "sourceIPAddress", "recipientAccountId", "vpcEndpointAccountId"};
constexpr std::array<std::string_view, 8> kIdentity{"type",      "arn",         "userName",    "accountId",
                                                    "invokedBy", "accessKeyId", "principalId", "identityProvider"};
constexpr std::array<std::string_view, 1> kIssuer{"arn"};

void extract_text(ondemand::value value, Extracted& out) {
  std::string_view text;
  if (value.get_string().get(text) == simdjson::SUCCESS) out.text_bytes += text.size();
}

void extract_session(ondemand::object session, Extracted& out) {
  for (auto field : session) {
    const std::string_view key = field.unescaped_key();
    if (key != "sessionIssuer") continue;
    ondemand::object issuer;
    if (field.value().get_object().get(issuer) != simdjson::SUCCESS) continue;
    for (auto member : issuer)
      if (std::string_view(member.unescaped_key()) == kIssuer[0]) extract_text(member.value(), out);
  }
}

void extract_identity(ondemand::object identity, Extracted& out) {
  for (auto field : identity) {
    const std::string_view key = field.unescaped_key();
    if (std::find(kIdentity.begin(), kIdentity.end(), key) != kIdentity.end()) {
      extract_text(field.value(), out);
    } else if (key == "sessionContext") {
      ondemand::object session;
      if (field.value().get_object().get(session) == simdjson::SUCCESS) extract_session(session, out);
    }
  }
}

void extract_record(ondemand::object record, Extracted& out) {
  for (auto field : record) {
    const std::string_view key = field.unescaped_key();
    if (std::find(kTop.begin(), kTop.end(), key) != kTop.end()) {
      extract_text(field.value(), out);
    } else if (key == "userIdentity") {
      ondemand::object identity;
      if (field.value().get_object().get(identity) == simdjson::SUCCESS) extract_identity(identity, out);
    }
  }
  ++out.records;
}

}  // namespace

Extracted extract_by_reference(std::string_view body) {
  static ondemand::parser parser;
  Extracted out;
  ondemand::document document;
  INVARIANT(parser.iterate(body.data(), body.size(), body.size() + simdjson::SIMDJSON_PADDING).get(document) ==
            simdjson::SUCCESS);
  for (auto record : document["Records"].get_array()) extract_record(record.get_object(), out);
  return out;
}

}  // namespace straykey
