#include "net/http/http_message.h"

#include <string>

#include <doctest/doctest.h>

namespace straykey {

TEST_CASE("an error reply holds code, message and request id, and the headers its status asks for") {
  const HttpReply reply = error_reply({503, "busy", "Say \"again\".", 2}, "id-1");
  CHECK(reply.body == "{\"error\":{\"code\":\"busy\",\"message\":\"Say \\\"again\\\".\",\"request_id\":\"id-1\"}}\n");
  const std::string head = render_head(reply, false, 1'700'000'000);
  CHECK(head.starts_with("HTTP/1.1 503 Service Unavailable\r\nDate: Tue, 14 Nov 2023 22:13:20 GMT\r\n"));
  CHECK(head.find("Content-Length: " + std::to_string(reply.body.size()) + "\r\n") != std::string::npos);
  CHECK(head.find("Retry-After: 2\r\n") != std::string::npos);
  CHECK(head.ends_with("Connection: close\r\n\r\n"));
  const std::string unauthorized = render_head(error_reply({401, "a", "b"}, "c"), true, 0);
  CHECK(unauthorized.find("WWW-Authenticate: Bearer realm=\"straykey\"\r\n") != std::string::npos);
  CHECK(unauthorized.find("WWW-Authenticate: Basic realm=\"straykey\"\r\n") != std::string::npos);
  CHECK(unauthorized.find("Connection") == std::string::npos);
  CHECK(unauthorized.find("Retry-After") == std::string::npos);
  HttpReply empty;
  empty.status = 204;
  CHECK(render_head(empty, true, 0).find("Content-Length") == std::string::npos);
}

}  // namespace straykey
