#include "core/identity/principal.h"

#include <doctest/doctest.h>

#include <string_view>

namespace straykey {
namespace {

TEST_CASE("principal: an ARN's five first colons separate, later ones belong to the resource") {
  const auto arn = parse_arn("arn:aws-cn:lambda:cn-north-1:111122223333:function:orders:7");
  REQUIRE(arn);
  CHECK_EQ(arn->partition, "aws-cn");
  CHECK_EQ(arn->service, "lambda");
  CHECK_EQ(arn->region, "cn-north-1");
  CHECK_EQ(arn->account, "111122223333");
  CHECK_EQ(arn->resource, "function:orders:7");
}

TEST_CASE("principal: what is no ARN is none") {
  for (const std::string_view text :
       {"", "arn", "arn:aws:iam::1", "arn:aws:iam::111122223333:", "urn:aws:iam::1:role/x"})
    CHECK_FALSE(parse_arn(text).has_value());
}

TEST_CASE("principal: a role's path and name are told apart") {
  const auto plain = parse_role_arn("arn:aws:iam::111122223333:role/orders");
  REQUIRE(plain);
  CHECK_EQ(plain->path, "/");
  CHECK_EQ(plain->role, "orders");
  const auto deep =
      parse_role_arn("arn:aws:iam::111122223333:role/aws-service-role/lex.amazonaws.com/AWSServiceRoleForLex");
  REQUIRE(deep);
  CHECK_EQ(deep->account, "111122223333");
  CHECK_EQ(deep->path, "/aws-service-role/lex.amazonaws.com/");
  CHECK_EQ(deep->role, "AWSServiceRoleForLex");
}

TEST_CASE("principal: users, empty names and sessions are no roles") {
  for (const std::string_view text :
       {"arn:aws:iam::111122223333:user/eve", "arn:aws:iam::111122223333:role/", "arn:aws:iam::111122223333:role/path/",
        "arn:aws:sts::111122223333:assumed-role/a/b"})
    CHECK_FALSE(parse_role_arn(text).has_value());
}

TEST_CASE("principal: a role session keeps colons in the role and slashes in the session") {
  const auto session =
      parse_role_session_arn("arn:aws:sts::111122223333:assumed-role/aws:ec2-instance/i-0123456789abcdef0");
  REQUIRE(session);
  CHECK_EQ(session->role, "aws:ec2-instance");
  CHECK_EQ(session->session, "i-0123456789abcdef0");
  CHECK_EQ(parse_role_session_arn("arn:aws:sts::111122223333:assumed-role/r/a/b")->session, "a/b");
  CHECK_EQ(parse_role_session_arn("arn:aws:sts::111122223333:assumed-role/r/")->session, "");
}

TEST_CASE("principal: without role or session there is no role session") {
  for (const std::string_view text :
       {"arn:aws:sts::111122223333:assumed-role/", "arn:aws:sts::111122223333:assumed-role/r",
        "arn:aws:sts::111122223333:assumed-role//s", "arn:aws:iam::111122223333:role/r/s"})
    CHECK_FALSE(parse_role_session_arn(text).has_value());
}

TEST_CASE("principal: an account is twelve digits") {
  CHECK(is_account_id("000000000001"));
  for (const std::string_view text : {"", "11112222333", "1111222233334", "11112222333x", "1111-2222-33"})
    CHECK_FALSE(is_account_id(text));
}

TEST_CASE("principal: temporary keys begin with ASIA") {
  CHECK(is_temporary_key("ASIAEXAMPLE"));
  CHECK_FALSE(is_temporary_key("AKIAEXAMPLE"));
  CHECK_FALSE(is_temporary_key(""));
}

}  // namespace
}  // namespace straykey
