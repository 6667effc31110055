#pragma once
// Our own check of a request's head, before any other parser sees it: every shape that two parsers could read
// differently.
//
// Shape:  HeadScanner finds the end of the head as it comes; read_head turns the block into a RequestHead or says why
//         not.
// Order:  the first offending byte decides, so a head gets the same answer whole or in pieces.
// Bounds: HeadLimits; reaching one is a Refusal (431, 414).
// Errors: a Refusal; the connection cannot be trusted after one and is closed.
// Thread: any (values).
// Source: RFC 9112; what Beast 1.81 lets through.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace straykey {

// Why a request gets no 2xx. Fixed text only: nothing a sender wrote is ever in it.
struct Refusal {
  unsigned status = 400;
  std::string_view code;       // snake_case
  std::string_view message;    // a sentence for the person behind the sender
  unsigned retry_after_s = 0;  // 0: no Retry-After header
};

struct HeadLimits {
  std::size_t block_bytes_max = 8 * 1024;
  std::size_t fields_max = 64;
  std::size_t target_bytes_max = 2 * 1024;
  // One path may have a larger block: Firehose sends up to 50 attributes of 1 KiB. Empty: none.
  std::string_view large_path = {};
  std::size_t large_block_bytes_max = 128 * 1024;

  bool operator==(const HeadLimits&) const = default;
};

// Looks for the empty line that ends a head, and for bytes that no head may hold.
class HeadScanner {
 public:
  enum class Verdict : std::uint8_t { incomplete, complete, refused };

  explicit HeadScanner(HeadLimits limits) : limits_(limits), block_bytes_max_(limits.block_bytes_max) {}

  // `bytes` is all that was received since the last request: the bytes of the call before and more behind them.
  Verdict scan(std::string_view bytes);

  // The head, after one forgiven empty line. REQUIRES: scan said complete.
  [[nodiscard]] std::size_t begin() const noexcept { return begin_; }
  [[nodiscard]] std::size_t end() const noexcept { return end_; }
  // REQUIRES: scan said refused.
  [[nodiscard]] const Refusal& refusal() const noexcept { return refusal_; }

 private:
  Verdict refuse(const Refusal& refusal);
  void pass_plain(std::string_view bytes) noexcept;
  Verdict end_line();
  Verdict take_byte(unsigned char byte);
  // The request line is there, and names the path that may have a larger block.
  [[nodiscard]] bool may_be_large(std::string_view bytes) const noexcept;

  HeadLimits limits_;
  std::size_t block_bytes_max_;
  std::size_t at_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::size_t lines_ = 0;
  std::size_t line_bytes_ = 0;
  bool after_cr_ = false;
  Refusal refusal_;
};

enum class HttpMethod : std::uint8_t { get, head, post, put, options, other };

struct HeaderField {
  std::string_view name;
  std::string_view value;  // without the spaces around it
};

// A head that passed. Views point into the block given to read_head.
struct RequestHead {
  HttpMethod method = HttpMethod::other;
  std::string_view target;  // origin form, as sent: "/v1/events?x=1"; "*" of OPTIONS
  std::string_view path;    // target up to '?', not decoded
  std::string_view host;    // Host without port; empty only for HTTP/1.0
  bool http_1_0 = false;
  bool keep_alive = true;
  bool expects_continue = false;
  bool chunked = false;
  std::optional<std::uint64_t> content_length;
  std::vector<HeaderField> fields;

  // As new, but for the memory of its fields.
  void clear() noexcept;
  // The value of the first field of that name (any case), or "".
  [[nodiscard]] std::string_view field(std::string_view name) const noexcept;
  [[nodiscard]] std::size_t field_count(std::string_view name) const noexcept;
  [[nodiscard]] bool has_body() const noexcept { return chunked || content_length.value_or(0) > 0; }
};

// Reads a head as the scanner delimited it, with its empty line. Fills `head`; nullopt: it may pass.
[[nodiscard]] std::optional<Refusal> read_head(std::string_view block, HeadLimits limits, RequestHead& head);

// Reads those lines of a head that are whole so far, for a look at who sends it. Host and framing are not looked at.
[[nodiscard]] std::optional<Refusal> read_begun_head(std::string_view begun, HeadLimits limits, RequestHead& head);

// ASCII letters compared without case.
[[nodiscard]] bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept;

// Whether a browser sent the request for a page of another origin. A browser adds what it knows of a user, a remembered
// password for one, to what any page makes it send. It says where the page is from. Other clients send neither header.
[[nodiscard]] bool is_of_foreign_page(const RequestHead& head);

}  // namespace straykey
