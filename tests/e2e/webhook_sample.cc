// Prints signed webhook messages, a JSON object a line, for verify_webhook.mjs: webhook_sample SECONDS SECRET...
#include <boost/json.hpp>

#include <cstdio>
#include <string>
#include <vector>

#include "core/base/hash.h"
#include "net/deliver/webhook_signature.h"

int main(int count, char** arguments) {
  using namespace straykey;
  if (count < 3) return 2;
  const Seconds timestamp = std::stoll(arguments[1]);
  std::vector<WebhookSecret> secrets;
  for (int i = 2; i < count; ++i) {
    auto secret = WebhookSecret::parse(arguments[i]);
    if (!secret) return 2;
    secrets.push_back(std::move(secret).value());
  }
  const std::vector<std::string> bodies{R"({"a":1})",
                                        R"({"type":"alert.created","text":"\u00e9 )"
                                        "\xc3\xa9\xf0\x9f\x94\x91"
                                        R"("})",
                                        R"({"long":")" + std::string(20'000, 'x') + R"("})", "{}"};
  for (const std::string& body : bodies) {
    const std::string id = "msg_" + hash128(kFixedHashKey, body).hex();
    const boost::json::object line{{"id", id},
                                   {"timestamp", std::to_string(timestamp)},
                                   {"signature", webhook_signature(secrets, id, timestamp, body)},
                                   {"body", body}};
    std::puts(boost::json::serialize(line).c_str());
  }
}
