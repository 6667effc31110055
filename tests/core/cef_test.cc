#include "core/detect/formats/cef.h"

#include <doctest/doctest.h>

#include <map>
#include <string>

#include "tests/support/alert_samples.h"

namespace straykey {
namespace {

struct Cef {
  std::string head;
  std::vector<std::string> fields;  // the seven behind "CEF:"
  std::map<std::string, std::string> extension;
};

// A receiver's reading: fields end at a | that no \ stands before; a key begins behind a blank and ends at a bare =.
Cef read(const std::string& line) {
  Cef cef;
  std::size_t at = line.find("CEF:");
  REQUIRE_NE(at, std::string::npos);
  cef.head = line.substr(0, at);
  at += 4;
  while (cef.fields.size() < 7) {
    std::string field;
    for (; line.at(at) != '|'; ++at) {
      if (line[at] == '\\') ++at;
      field += line.at(at);
    }
    ++at;
    cef.fields.push_back(field);
  }
  std::string key, value;
  bool in_key = true;
  for (; at < line.size(); ++at) {
    if (line[at] == '\\') {
      value += line.at(++at);
    } else if (line[at] == '=') {
      if (in_key) {
        in_key = false;
        continue;
      }
      const std::size_t blank = value.rfind(' ');
      cef.extension[key] = value.substr(0, blank);
      key = value.substr(blank + 1);
      value.clear();
    } else if (in_key) {
      key += line[at];
    } else {
      value += line[at];
    }
  }
  cef.extension[key] = value;
  return cef;
}

TEST_CASE("cef: an alert is one syslog message that names what, who, from where, and what to do") {
  const std::string line = cef_syslog_body(testing::sample_alert(), {"https://p.example/"});
  Cef cef = read(line);
  CHECK_EQ(cef.head, "<161>1 2024-03-21T09:05:00Z straykey straykey - alert - ");
  CHECK_EQ(cef.fields, std::vector<std::string>{"0", "straykey", "straykey", "1", "remote_service_token.suspicious",
                                                "Suspicious usage of AWS service token", "8"});
  CHECK_EQ(cef.extension["rt"], "1711011900000");
  CHECK_EQ(cef.extension["externalId"], testing::kSampleId);
  CHECK_EQ(cef.extension["reason"], "It is outside AWS. AS64511 is new to the identity.");
  CHECK_EQ(cef.extension["src"], "198.51.100.7");
  CHECK_EQ(cef.extension["suser"], "111122223333/orders/orders-fn");
  CHECK_EQ(cef.extension["cs2Label"], "accessKeyId");
  CHECK_EQ(cef.extension["cs2"], "ASIAORDERS0000000001");
  CHECK_EQ(cef.extension["cs6"], std::string("https://p.example/") + testing::kSampleId);
  CHECK(cef.extension["straykeyRevoke"].starts_with("aws iam put-role-policy --role-name=orders"));
}

TEST_CASE("cef: severities are 1, 3, 5 and 8, and the priority follows") {
  Alert alert = testing::sample_alert();
  const std::map<Severity, std::pair<std::string, std::string>> expected{{Severity::informational, {"1", "<166>1 "}},
                                                                         {Severity::low, {"3", "<164>1 "}},
                                                                         {Severity::medium, {"5", "<163>1 "}},
                                                                         {Severity::high, {"8", "<161>1 "}}};
  for (const auto& [severity, words] : expected) {
    alert.severity = severity;
    const std::string line = cef_syslog_body(alert, {});
    CHECK_EQ(read(line).fields[6], words.first);
    CHECK(line.starts_with(words.second));
  }
}

TEST_CASE("cef: a sender can neither end a field, nor begin one, nor a line") {
  for (const std::size_t repeats : {1, 3, 40, 200}) {
    Alert alert = testing::hostile_alert(repeats);
    alert.call.user_agent_text = "x src=203.0.113.9 externalId=0 \\= |" + alert.call.user_agent_text;
    const std::string line = cef_syslog_body(alert, {});
    CHECK_LE(line.size(), kCefBytesMax);
    CHECK_EQ(line.find_first_of("\r\n"), std::string::npos);
    Cef cef = read(line);
    CHECK_EQ(cef.extension["externalId"], testing::kSampleId);
    CHECK_NE(cef.extension["src"], "203.0.113.9");
    CHECK(cef.extension["requestClientApplication"].starts_with("x src=203.0.113.9 externalId=0 \\= |"));
  }
  for (const Message& message : testing::sample_messages())
    CHECK_EQ(read(cef_syslog_body(message, {})).fields.size(), 7);
}

}  // namespace
}  // namespace straykey
