#include "net/http/request_guard.h"

#include <doctest/doctest.h>

#include <random>
#include <string>

namespace straykey {
namespace {

// 0: it may pass.
unsigned verdict_in_pieces(const std::string& bytes, std::size_t piece) {
  HeadScanner scanner{HeadLimits{}};
  for (std::size_t size = std::min(piece, bytes.size());; size = std::min(size + piece, bytes.size())) {
    const auto verdict = scanner.scan(std::string_view(bytes).substr(0, size));
    if (verdict == HeadScanner::Verdict::refused) return scanner.refusal().status;
    if (verdict == HeadScanner::Verdict::complete) {
      RequestHead head;
      const auto refusal = read_head(std::string_view(bytes).substr(scanner.begin(), scanner.end() - scanner.begin()),
                                     HeadLimits{}, head);
      return refusal ? refusal->status : 0;
    }
    if (size == bytes.size()) return 1;  // incomplete
  }
}

unsigned verdict(const std::string& bytes) {
  const unsigned whole = verdict_in_pieces(bytes, bytes.size() + 1);
  CHECK(verdict_in_pieces(bytes, 1) == whole);
  CHECK(verdict_in_pieces(bytes, 7) == whole);
  return whole;
}

std::string post(const std::string& headers) {
  return "POST /v1/events HTTP/1.1\r\nHost: a\r\n" + headers + "\r\n";
}

struct Row {
  const char* claim;
  std::string bytes;
  unsigned status;
};
const std::vector<Row> kRows{
    {"a plain request passes", post("Content-Length: 3\r\n"), 0},
    {"chunked passes", post("Transfer-Encoding: Chunked\r\n"), 0},
    {"one empty line before is forgiven", "\r\n" + post("Content-Length: 3\r\n"), 0},
    {"two empty lines are not", "\r\n\r\n" + post("Content-Length: 3\r\n"), 400},
    {"length, then chunked", post("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n"), 400},
    {"chunked, then length", post("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n"), 400},
    {"gzip transfer coding", post("Transfer-Encoding: gzip\r\n"), 400},
    {"xchunked", post("Transfer-Encoding: xchunked\r\n"), 400},
    {"identity", post("Transfer-Encoding: identity\r\n"), 400},
    {"gzip, chunked", post("Transfer-Encoding: gzip, chunked\r\n"), 400},
    {"chunked, chunked", post("Transfer-Encoding: chunked, chunked\r\n"), 400},
    {"chunked with parameter", post("Transfer-Encoding: chunked;q=1\r\n"), 400},
    {"empty transfer coding", post("Transfer-Encoding:\r\n"), 400},
    {"quoted chunked", post("Transfer-Encoding: \"chunked\"\r\n"), 400},
    {"vertical tab before chunked",
     post("Transfer-Encoding: \x0b"
          "chunked\r\n"),
     400},
    {"transfer coding twice", post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), 400},
    {"space before colon", post("Transfer-Encoding : chunked\r\n"), 400},
    {"tab before colon", post("Content-Length\t: 3\r\n"), 400},
    {"chunked in HTTP/1.0", "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
    {"two lengths", post("Content-Length: 3\r\nContent-Length: 3\r\n"), 400},
    {"a list of lengths", post("Content-Length: 3,3\r\n"), 400},
    {"length with plus", post("Content-Length: +3\r\n"), 400},
    {"negative length", post("Content-Length: -3\r\n"), 400},
    {"hex length", post("Content-Length: 0x3\r\n"), 400},
    {"length of 2^64", post("Content-Length: 18446744073709551616\r\n"), 400},
    {"empty length", post("Content-Length: \r\n"), 400},
    {"length with space inside", post("Content-Length: 3 3\r\n"), 400},
    {"no length", post(""), 411},
    {"no Host", "POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n", 400},
    {"no Host in HTTP/1.0 passes", "GET / HTTP/1.0\r\n\r\n", 0},
    {"two Hosts", post("Host: b\r\nContent-Length: 3\r\n"), 400},
    {"empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", 400},
    {"Host with path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400},
    {"Host with user", "GET / HTTP/1.1\r\nHost: a@b\r\n\r\n", 400},
    {"Host with bad port", "GET / HTTP/1.1\r\nHost: a:8x\r\n\r\n", 400},
    {"IPv6 Host passes", "GET / HTTP/1.1\r\nHost: [2001:db8::1]:8443\r\n\r\n", 0},
    {"bare LF", "GET / HTTP/1.1\nHost: a\n\n", 400},
    {"bare LF in a header", post("A: b\nContent-Length: 3\r\n"), 400},
    {"bare CR", post("A: b\rContent-Length: 3\r\n"), 400},
    {"NUL in a value", post(std::string("A: b\0c\r\n", 8)), 400},
    {"NUL in the target", std::string("GET /\0 HTTP/1.1\r\n", 17), 400},
    {"folded line", post("A: b\r\n c\r\nContent-Length: 3\r\n"), 400},
    {"folded first line", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400},
    {"underscore", post("Content_Length: 3\r\n"), 400},
    {"no colon", post("Content-Length 3\r\n"), 400},
    {"empty name", post(": 3\r\n"), 400},
    {"odd byte in a name", post("Con(tent: 3\r\n"), 400},
    {"absolute form", "GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n", 405},
    {"CONNECT", "CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", 405},
    {"TRACE", "TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", 405},
    {"OPTIONS * passes", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", 0},
    {"OPTIONS of haproxy's httpchk passes", "OPTIONS / HTTP/1.0\r\n\r\n", 0},
    {"* of another method", "GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"h2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
    {"TLS hello", std::string("\x16\x03\x01\x02\x00\x01", 6), 400},
    {"HTTP/0.9", "GET /\r\n", 1},
    {"HTTP/0.9 with empty line", "GET /\r\n\r\n", 400},
    {"HTTP/1.2", "GET / HTTP/1.2\r\nHost: a\r\n\r\n", 505},
    {"lower case version", "GET / http/1.1\r\nHost: a\r\n\r\n", 400},
    {"two spaces", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"tab for space", "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"fragment in target", "GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"backslash in target", "GET /a\\b HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"bad escape in target", "GET /%2 HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"good escape passes", "GET /%2f HTTP/1.1\r\nHost: a\r\n\r\n", 0},
    {"byte over 0x7f in target", "GET /\xc3\xa4 HTTP/1.1\r\nHost: a\r\n\r\n", 400},
    {"byte over 0x7f in a value passes", "GET / HTTP/1.1\r\nHost: a\r\nA: \xc3\xa4\r\n\r\n", 0},
    {"long target", "GET /" + std::string(2'100, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n", 414},
    {"target slightly too long", "GET /" + std::string(2'048, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n", 414},
    {"8 KiB block", post("A: " + std::string(8'200, 'a') + "\r\n"), 431},
    {"odd expectation", post("Expect: 200-ok\r\nContent-Length: 3\r\n"), 417},
};

}  // namespace

TEST_CASE("each smuggling shape gets its refusal, whole or in pieces") {
  for (const Row& row : kRows) {
    CAPTURE(row.claim);
    CHECK(verdict(row.bytes) == row.status);
  }
}

TEST_CASE("one path may have a larger block, and no other") {
  HeadLimits limits;
  limits.large_path = "/firehose";
  const auto head = [](const std::string& target, std::size_t bytes) {
    const std::string begin = "POST " + target + " HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nA: ";
    return begin + std::string(bytes - begin.size() - 4, 'a') + "\r\n\r\n";
  };
  const auto status = [&limits](const std::string& bytes) {
    HeadScanner whole(limits), in_pieces(limits);
    HeadScanner::Verdict piecewise = HeadScanner::Verdict::incomplete;
    for (std::size_t size = 1; size <= bytes.size() && piecewise == HeadScanner::Verdict::incomplete; ++size)
      piecewise = in_pieces.scan(std::string_view(bytes).substr(0, size));
    CHECK(whole.scan(bytes) == piecewise);
    if (piecewise == HeadScanner::Verdict::refused) return in_pieces.refusal().status;
    RequestHead read;
    const auto refusal = read_head(bytes, limits, read);
    return refusal ? refusal->status : 200U;
  };
  CHECK(status(head("/firehose", 128 * 1024)) == 200);
  CHECK(status(head("/firehose?x=1", 128 * 1024)) == 200);
  CHECK(status(head("/firehose", 128 * 1024 + 1)) == 431);
  CHECK(status(head("/v1/events", 8 * 1024)) == 200);
  for (const char* other : {"/v1/events", "/firehose2", "/", "/x?/firehose"})
    CHECK(status(head(other, 8 * 1024 + 1)) == 431);
  limits.large_path = {};
  CHECK(status(head("/firehose", 8 * 1024 + 1)) == 431);
}

TEST_CASE("64 header fields pass and 65 get 431") {
  std::string fields;
  for (int i = 0; i < 63; ++i) fields += "A: b\r\n";
  CHECK(verdict("GET / HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n") == 0);
  CHECK(verdict("GET / HTTP/1.1\r\nHost: a\r\n" + fields + "A: b\r\n\r\n") == 431);
}

TEST_CASE("a head that passes is read as it was sent") {
  RequestHead head;
  const std::string block =
      "POST /v1/events?a=b HTTP/1.1\r\nHost: Example.test:8443\r\nconnection: x, Close\r\nExpect: 100-Continue\r\n"
      "Content-Length: 0042\r\nX-Empty:\r\nX-Spaces: \t a b \t\r\n\r\n";
  REQUIRE_FALSE(read_head(block, HeadLimits{}, head));
  CHECK(head.method == HttpMethod::post);
  CHECK(head.target == "/v1/events?a=b");
  CHECK(head.path == "/v1/events");
  CHECK(head.host == "Example.test");
  CHECK_FALSE(head.keep_alive);
  CHECK(head.expects_continue);
  CHECK(head.content_length == 42);
  CHECK(head.field("X-SPACES") == "a b");
  CHECK(head.field("x-empty").empty());
  CHECK(head.field_count("x-empty") == 1);
  CHECK(head.field_count("absent") == 0);
}

TEST_CASE("random bytes never pass for a request and never break the guard") {
  std::mt19937 random(7);
  const std::string alphabet = std::string("GET / HTTP/1.1\r\n:aA_0\t") + '\0' + "\x16\x80";
  std::size_t passed = 0;
  for (int round = 0; round < 5'000; ++round) {
    std::string bytes(random() % 200, ' ');
    for (char& c : bytes) c = alphabet[random() % alphabet.size()];
    if (verdict_in_pieces(bytes, 1 + random() % 8) == 0) ++passed;
    RequestHead head;
    (void)read_head(bytes, HeadLimits{}, head);
  }
  CHECK(passed == 0);
}

}  // namespace straykey
