#include "core/operate/audit.h"

#include <doctest/doctest.h>

#include <string>

namespace straykey {
namespace {

// Keeps nothing but the question.
class Asked final : public AuditStore {
 public:
  Status append(const AuditEntry&) override { return {}; }
  Result<Newest> newest(std::uint64_t before) override {
    asked = before;
    if (fails) return Error{"the file is gone"};
    return Newest{{"{\"number\":7}"}, 7};
  }
  std::uint64_t asked = 99;
  bool fails = false;
};

OperatorAnswer ask(AuditStore* store, const OperatorArguments& arguments) {
  OperatorStores stores;
  stores.audit = store;
  return find_operation("audit")->read(stores, arguments);
}

TEST_CASE("audit: a row is one line of JSON in which nothing can fool a terminal or end the line") {
  AuditEntry entry;
  entry.at = 1'764'500'000;
  entry.who = "a\"b\n\x1b[2J\xc2\x9b";
  entry.object = "note=\xe2\x80\xae" + std::string(5'000, 'x');
  const std::string line = audit_json(12, entry);
  CHECK(line.starts_with(R"({"number":12,"at":"2025-11-30T10:53:20Z","who":"a\"b\\x0a\\x1b[2J\\xc2\\x9b")"));
  for (const char c : line) REQUIRE((c >= 0x20 && c < 0x7f));
  CHECK_LT(line.size(), kAuditTextMax + 400);
}

TEST_CASE("audit: arguments are one text, in the order of their names; unknown ones stand there by name alone") {
  CHECK_EQ(audit_object({"alerts/ack", {{"note", "ours"}, {"id", "aa"}}}, {}), "id=aa note=ours");
  CHECK_EQ(audit_object({"alerts/ack", {}}, {}), "");
  // Different arguments never read the same.
  CHECK_EQ(audit_object({"alerts/ack", {{"note", "ours until=2025-07-01"}}}, {}), R"(note="ours until=2025-07-01")");
  CHECK_EQ(audit_object({"alerts/ack", {{"note", "ours"}, {"until", "2025-07-01"}}}, {}), "note=ours until=2025-07-01");
  CHECK_EQ(audit_object({"alerts/ack", {{"note", R"(a "b" c\)"}}}, {}), R"(note="a \"b\" c\\")");
  CHECK_EQ(audit_object({"alerts/ack", {{"note", ""}, {"a note=x", "y"}}}, {}), R"("a note=x" note="")");
  CHECK_EQ(audit_object({"alerts/ack", {{"token", "0123456789abcdef"}, {"note", "x"}}}, {}), "note=x token");
  CHECK_EQ(audit_object({"no/operation", {{"note", "x"}}}, {}), "note");
  CHECK_EQ(audit_object({"alerts/ack", {{std::string(500, 'n'), "x"}}}, {}), std::string(64, 'n'));
}

TEST_CASE("audit: a word that is a configured token is left out, wherever it stands") {
  const std::string token = "0123456789abcdef==";
  const IsSecret is_token = [&](std::string_view text) { return text == token; };
  for (const std::string& note :
       {token, "it is " + token + " here", "(\"" + token + "\")", "token=" + token, "a\n" + token + "\t"}) {
    const std::string object = audit_object({"alerts/ack", {{"note", note}}}, is_token);
    CHECK_EQ(object.find("0123456789abcdef"), std::string::npos);
    CHECK_NE(object.find("(a token)"), std::string::npos);
  }
  CHECK_EQ(audit_object({"alerts/ack", {{token, "x"}}}, is_token), "\"(a token)\"");
  CHECK_EQ(without_secrets("  two  words\n", is_token), "  two  words\n");
  CHECK_EQ(without_secrets("", is_token), "");
}

TEST_CASE("audit: of the refused attempts of a minute the first are noted, and the others told as a number") {
  RefusedChanges refused;
  const Seconds minute = 1'764'500'040;
  for (std::uint64_t i = 0; i < RefusedChanges::kPerMinuteMax; ++i) CHECK(refused.take(minute));
  for (int i = 0; i < 7; ++i) CHECK_FALSE(refused.take(minute + 59));
  CHECK_EQ(refused.left_out(minute + 59), 0);
  CHECK_EQ(refused.left_out(minute + 60), 7);
  CHECK_EQ(refused.left_out(minute + 60), 0);
  CHECK(refused.take(minute + 60));
}

TEST_CASE("audit: the operation gives a page and the place of the next") {
  Asked store;
  const auto first = ask(&store, {});
  CHECK_EQ(store.asked, 0);
  REQUIRE_EQ(first.items.size(), 1);
  CHECK_EQ(first.next, "7");
  (void)ask(&store, {{"after", "7"}});
  CHECK_EQ(store.asked, 7);
  store.fails = true;
  CHECK(ask(&store, {}).kind == OperatorAnswer::Kind::failed);
  CHECK(ask(nullptr, {}).items.empty());
  for (const char* wrong : {"x", "-1", "7x", "0", "99999999999999999999999"})
    CHECK_FALSE(objection_to({"audit", {{"after", wrong}}}).empty());
  CHECK(objection_to({"audit", {{"after", "7"}}}).empty());
  CHECK_FALSE(find_operation("audit")->posts());
}

}  // namespace
}  // namespace straykey
