// What a reload says: which changed settings it applied, and which wait for the next start.
#include "tools/config/config_changes.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

Config read(const std::string& text) {
  ConfigResult result = parse_config(text, "/etc/straykey/c.toml");
  for (const ConfigError& error : result.errors) FAIL_CHECK(error.text());
  return std::move(result.config);
}

// "applied by a reload | waiting for the next start"
std::string changes(const std::string& before, const std::string& after) {
  const Config old = read(before), now = read(after);
  const auto joined = [&](Effect effect) {
    std::string text;
    for (const std::string& name : changed_settings(effect, old, now)) text += (text.empty() ? "" : ", ") + name;
    return text.empty() ? "none" : text;
  };
  return joined(Effect::at_reload) + " | " + joined(Effect::at_start);
}

std::string token(const std::string& name, const std::string& rest = "") {
  return "[[token]]\nname = \"" + name + "\"\nfile = \"" + name + "\"\n" + rest;
}

std::string webhook(const std::string& name, const std::string& rest = "") {
  return "[[webhook]]\nname = \"" + name + "\"\nurl = \"https://h.example/\"\n" + rest;
}

TEST_CASE("a setting that stays, or is written out at its default, has not changed") {
  CHECK_EQ(changes("", ""), "none | none");
  CHECK_EQ(changes("", "data_dir = \"/var/lib/straykey\"\n[ingest]\nio_threads = 2\n"), "none | none");
  CHECK_EQ(changes(token("a"), "[[token]]\nname = \"a\"\nsecret = { file = \"a\" }\n"), "none | none");
  CHECK_EQ(changes("", "[detection.severities]\n\"serverless_cli\" = \"low\"\n"), "none | none");
}

TEST_CASE("nearly everything is applied; the store and the threads wait") {
  CHECK_EQ(changes("", "[networks]\ntrusted = [\"192.0.2.0/24\"]\n"), "networks.trusted | none");
  CHECK_EQ(changes("", "[networks]\naccounts = [\"111122223333\"]\n"), "networks.accounts | none");
  CHECK_EQ(changes("", "data_dir = \"/a\"\n[ingest]\nhttp = \"127.0.0.1:1\"\nio_threads = 3\n[storage]\nshards = 64\n"),
           "ingest.http | data_dir, ingest.io_threads, storage.shards");
  CHECK_EQ(
      changes("", "[detection.severities]\n\"serverless_cli.unusual\" = \"high\"\n[detection.families]\nec2 = false\n"),
      "detection.families.ec2, detection.severities.serverless_cli.unusual | none");
}

TEST_CASE("entries of lists are compared by their names, wherever they stand") {
  CHECK_EQ(changes(token("a") + token("b"), token("b") + token("a")), "none | none");
  CHECK_EQ(changes(token("a") + token("b"), token("c") + token("a", "scope = \"admin\"\n")),
           "token.a.scope, token.c (new), token.b (gone) | none");
  CHECK_EQ(changes(webhook("soc"), webhook("soc", "rate_per_s = 3\n") + webhook("two")),
           "webhook.soc.rate_per_s, webhook.two (new) | none");
}

TEST_CASE("a URL that changes is named and not shown") {
  CHECK_EQ(changes(webhook("soc"), "[[webhook]]\nname = \"soc\"\nurl = \"https://CANARY.example/\"\n"),
           "webhook.soc.url | none");
}

}  // namespace
}  // namespace straykey
