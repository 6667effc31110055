#include "core/base/invariant.h"

#include <cinttypes>
#include <cstdio>
#include <cstdlib>

namespace straykey {
namespace {

// A text may come from an event. We print enough of it to find the bug, and no byte that a terminal or a log would
// obey.
constexpr std::size_t kTextShown = 64;

void print_text(std::string_view text) noexcept {
  std::fputc('"', stderr);
  for (const char c : text.substr(0, kTextShown)) std::fputc(c >= ' ' && c <= '~' ? c : '?', stderr);
  std::fputs(text.size() > kTextShown ? "\"..." : "\"", stderr);
}

}  // namespace

void InvariantValue::print() const noexcept {
  switch (kind_) {
    case Kind::signed_number:
      std::fprintf(stderr, "%" PRId64, static_cast<std::int64_t>(bits_));
      return;
    case Kind::unsigned_number:
      std::fprintf(stderr, "%" PRIu64, bits_);
      return;
    case Kind::real:
      std::fprintf(stderr, "%g", real_);
      return;
    case Kind::text:
      return print_text(text_);
  }
}

void invariant_failed(const char* condition, const char* names, const char* file, int line, const char* function,
                      std::initializer_list<InvariantValue> values) {
  std::fprintf(stderr, "straykey: bug: %s is false at %s:%d in %s", condition, file, line, function);
  if (values.size() > 0) std::fprintf(stderr, "; %s = ", names);
  const char* separator = "";
  for (const InvariantValue& value : values) {
    std::fputs(separator, stderr);
    value.print();
    separator = ", ";
  }
  std::fputc('\n', stderr);
  std::abort();
}

}  // namespace straykey
