#include "net/admin/page_routes.h"

#include <string>

#include "tests/net/http_fixture.h"

#include <doctest/doctest.h>

namespace straykey {
namespace {

TEST_CASE("page routes: every file is served with a policy that lets nothing else in") {
  const HttpFixture server({}, add_page_routes);
  const auto client = server.connect();
  REQUIRE_FALSE(page_files().empty());
  for (const PageFile& file : page_files()) {
    const std::string path = file.name == "index.html"     ? "/"
                             : file.name == "openapi.json" ? "/api/v1/openapi.json"
                                                           : "/page/" + std::string(file.name);
    client->send("GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
    const auto reply = client->read_reply();
    CHECK_EQ(reply.status, 200);
    CHECK_EQ(reply.body, file.text);
    CHECK_NE(reply.head.find("Content-Security-Policy: default-src 'none'; script-src 'self'; "), std::string::npos);
    CHECK_EQ(reply.head.find("unsafe"), std::string::npos);
  }
}

// Whatever an event holds must stay text: nothing of the page may read it as HTML or as a program.
TEST_CASE("page routes: no script makes HTML or code out of text, and none is in the document itself") {
  for (const PageFile& file : page_files()) {
    if (file.name == "openapi.json") continue;
    for (const std::string_view banned : {"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(",
                                          "new Function", "srcdoc", "javascript:", "createContextualFragment",
                                          " on"
                                          "click="})
      CHECK_EQ(file.text.find(banned), std::string_view::npos);
    if (file.name == "index.html") CHECK_EQ(file.text.find("<style"), std::string_view::npos);
    for (const std::string_view away : {"http://", "https://", "//cdn"}) {
      const std::size_t at = file.text.find(away);
      // The name of a namespace is no address that is asked for.
      if (at != std::string_view::npos) CHECK(file.text.substr(at).starts_with("http://www.w3.org/2000/svg"));
    }
  }
}

}  // namespace
}  // namespace straykey
