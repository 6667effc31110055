#include "tools/store/admin_socket.h"

#include <string>

#include "net/admin/operator_routes.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

using Kind = OperatorAnswer::Kind;

std::optional<OperatorAnswer> read_again(const OperatorAnswer& answer) {
  const HttpReply reply = operator_reply(answer, "id");
  return read_operator_reply(render_head(reply, false, 1'711'000'000) + reply.body);
}

TEST_CASE("admin socket: every answer that the server renders is read back as it was") {
  for (const OperatorAnswer& answer :
       {OperatorAnswer{Kind::done, {}, {}, {}},
        OperatorAnswer{Kind::done, {}, {R"({"a":"],"})", R"({"b":1.50})"}, "0a"},
        OperatorAnswer{Kind::done, {}, {"{}"}, {}}, OperatorAnswer{Kind::bad_request, "why \"not\"", {}, {}},
        OperatorAnswer{Kind::not_found, "nothing", {}, {}}, OperatorAnswer{Kind::failed, "the disk is gone", {}, {}},
        OperatorAnswer{Kind::stopped, "the server stops", {}, {}}}) {
    const auto read = read_again(answer);
    REQUIRE(read.has_value());
    CHECK(read->kind == answer.kind);
    CHECK_EQ(read->sentence, answer.sentence);
    CHECK_EQ(read->items, answer.items);
    CHECK_EQ(read->next, answer.next);
  }
}

TEST_CASE("admin socket: a reply that is cut short, or another program's, is no answer") {
  const HttpReply reply = operator_reply({Kind::done, {}, {R"({"a":1})"}, "0a"}, "id");
  const std::string whole = render_head(reply, false, 1'711'000'000) + reply.body;
  for (std::size_t size = 0; size + 2 < whole.size(); ++size)
    CHECK_FALSE(read_operator_reply(std::string_view(whole).substr(0, size)).has_value());
  CHECK_FALSE(read_operator_reply("HTTP/1.1 200 OK\r\n\r\nhello").has_value());
  CHECK_FALSE(read_operator_reply("HTTP/1.1 500 No\r\n\r\nhello").has_value());
  CHECK_FALSE(read_operator_reply("SSH-2.0").has_value());
}

TEST_CASE("admin socket: where nobody listens, and where no socket can be, nobody is served") {
  CHECK_FALSE(AdminSocket("/nonexistent").is_served().value());
  CHECK_FALSE(AdminSocket("/" + std::string(200, 'a')).is_served().value());
  CHECK(AdminSocket("/nonexistent").ask({"alerts/list", {}}).kind == Kind::failed);
}

}  // namespace
}  // namespace straykey
