#include "net/ingest/body_form.h"

#include <string>
#include <utility>

#include <doctest/doctest.h>

namespace straykey {
namespace {

using namespace std::string_literals;

}  // namespace

TEST_CASE("bodies that are no JSON are named for what they are") {
  const std::pair<std::string, std::string_view> rows[] = {
      {"\xfd"
       "7zXZ\0\0"s,
       " xz:"},
      {"BZh91AY", "bzip2"},
      {"PK\x03\x04\x14", "zip"},
      {"PAR1\x15", "Parquet"},
      {"\xff\xfe{\0"s, "UTF-16"},
      {"{\0\"\0"s, "UTF-16"},
      {"\xfe\xff\0{"s, "UTF-16"},
      {"--------1f\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\n{}", "multipart"},
      {"payload=%7B%22Records%22%3A%5B%5D%7D", "encoded form"},
      {"%7B%22Records%22%3A%5B%5D%7D=", "encoded form"},
      {"<html>", "HTML"},
      {"<134>1 2024-03-21T09:05:00Z host app - - - {}", "port of [syslog]"},
      {"<13>Mar 21 09:05:00 host app: {}", "port of [syslog]"},
      {"48 <134>1 2024-03-21T09:05:00Z host app - - - {}", "port of [syslog]"},
      {"<1a>", "HTML"},
  };
  for (const auto& [body, name] : rows) {
    CAPTURE(name);
    CHECK(form_of_body(body).find(name) != std::string_view::npos);
  }
}

TEST_CASE("of JSON, and of what nothing is known about, nothing is said") {
  for (const std::string& body : {"{}"s, "[{}]"s, "\xef\xbb\xbf{}"s, " {\"a\":1}"s, "plain text"s, ""s, "="s}) {
    CAPTURE(body);
    CHECK(form_of_body(body).empty());
  }
}

}  // namespace straykey
