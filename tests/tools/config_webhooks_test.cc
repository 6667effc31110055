// The second step of a configuration: webhooks, their formats, and the page that alerts link to.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>

#include "tests/tools/installation.h"

namespace straykey {
namespace {

TEST_CASE("webhooks are checked as the sender checks them, without their URL in the sentence") {
  const Installation here;
  const std::string rest = Installation::top() + Installation::ingest() + Installation::token();
  const auto hook = [&](const std::string& lines) {
    return here.errors(rest + "[[webhook]]\nname = \"soc\"\n" + lines);
  };
  const std::string secret = "secret = { file = \"hook\" }\n";
  CHECK_HOLDS(hook("url = \"http://soc.example.com/CANARY\"\n" + secret), "10:7: webhook soc: its url is http");
  CHECK_HOLDS(hook("url = \"https://169.254.169.254/CANARY\"\n" + secret), "never allowed");
  CHECK_HOLDS(hook("url = \"https://10.0.0.1/CANARY\"\n" + secret), "not in its allow_cidrs");
  CHECK_EQ(hook("url = \"https://10.0.0.1/CANARY\"\nallow_cidrs = [\"10.0.0.0/8\"]\n" + secret), "");
  CHECK_HOLDS(hook("url = \"https://soc.example.com/CANARY\"\n"), "no secret to sign with");
  CHECK_EQ(hook("url = \"https://soc.example.com/CANARY\"\nsign = false\n"), "");
  here.file("url", "https://soc.example.com/CANARY\n");
  CHECK_EQ(hook("url = { file = \"url\" }\n" + secret), "");
  here.file("hook", "CANARY-no-secret");
  CHECK_HOLDS(hook("url = \"https://soc.example.com/CANARY\"\n" + secret), "secret number 1 is refused");
  CHECK_HOLDS(here.errors(Installation::good() + Installation::webhook()), "webhook soc: this name is used twice");
  CHECK_FALSE(holds(hook("url = \"ftp://CANARY\"\n" + secret), "CANARY"));
}

TEST_CASE("a webhook whose secret is not there yet is checked all the same, and all is said at once") {
  const Installation here;
  const std::string errors = here.errors(Installation::top() + Installation::ingest() + Installation::token() +
                                         "[[webhook]]\nname = \"soc\"\nurl = \"http://127.0.0.1:8080/\"\nrate_per_s = "
                                         "10\nsecret = { file = \"absent\" }\n");
  CHECK_HOLDS(errors, "webhook soc: the secret file that is named here does not exist");
  CHECK_HOLDS(errors, "needs allow_http = true");
  CHECK_HOLDS(errors, "not in its allow_cidrs");
  CHECK_FALSE(holds(errors, "no secret to sign with"));  // it has one; it is only not there
  const std::string both = here.errors(Installation::top() + Installation::ingest() + Installation::token() +
                                       "[[webhook]]\nname = \"soc\"\nurl = { file = \"no-url\" }\n"
                                       "secrets = [{ file = \"one\" }, { file = \"two\" }]\n");
  CHECK_EQ(std::count(both.begin(), both.end(), '\n'), 3);
  CHECK_FALSE(holds(both, "its url is refused"));
}

TEST_CASE("a rate of deliveries that is none is refused, however it is written") {
  const Installation here;
  for (const char* rate : {"0", "-1", "1e-300", "5e-324", "0.0009", "1000.5", "nan", "inf", "-inf"})
    CHECK_HOLDS(here.errors(Installation::good() + "rate_per_s = " + rate + "\n"), "must be between 0.001 and 1000");
  CHECK_EQ(here.errors(Installation::good() + "rate_per_s = 0.001\n"), "");
}

TEST_CASE("the page that alerts link to is a URL without anything that a receiver could take for markup") {
  const Installation here;
  const std::string key = Installation::good() + "[admin]\npage_url = ";
  CHECK_EQ(here.errors(key + "\"https://straykey.example.com/#/alerts/\"\n"), "");
  for (const char* url :
       {"straykey.example.com/#/alerts/", "javascript:alert(1)//#/alerts/", "https://a.example.com/|x/#/alerts/",
        "https://a b/#/alerts/", "https://a.example.com/<b>/#/alerts/", "http://127.0.0.1:24953/",
        "https://straykey.example.com/#/alerts"})
    CHECK_HOLDS(here.errors(key + '"' + url + "\"\n"),
                "admin.page_url must begin with https:// or http://, end with /#/alerts/");
}

TEST_CASE("a webhook's secrets and URL are those of its format") {
  const Installation here;
  const auto hook = [&](const std::string& lines) {
    return here.errors(Installation::top() + Installation::ingest() + Installation::token() +
                       "[[webhook]]\nname = \"soc\"\n" + lines);
  };
  here.file("key", "0123456789abcdef");
  const std::string key = "secret = { file = \"key\" }\n", url = "url = \"https://soc.example.com/CANARY\"\n";
  CHECK_EQ(hook("format = \"pagerduty\"\n" + url + key), "");
  CHECK_HOLDS(hook("format = \"pagerduty\"\n" + url), "needs one secret, the routing key");
  CHECK_EQ(hook("format = \"syslog\"\nurl = \"tls://siem.example.com:6514\"\n"), "");
  CHECK_HOLDS(hook("format = \"syslog\"\n" + url), "its url is refused: it must be tls://host:port");
  const std::string proof = "authorization_scheme = \"ApiKey\"\nauthorization = { file = \"key\" }\n";
  CHECK_EQ(hook("format = \"ecs\"\nsign = false\n" + proof + url), "");
  CHECK_EQ(hook("format = \"slack\"\ncampaign_alerts = \"all\"\n" + url), "");
}

}  // namespace
}  // namespace straykey
