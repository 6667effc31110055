#include "core/base/base64.h"

#include <doctest/doctest.h>

using namespace straykey;

namespace {

struct Vector {
  std::string_view bytes, text;
};
// RFC 4648, section 10.
constexpr Vector kVectors[] = {{"", ""},
                               {"f", "Zg=="},
                               {"fo", "Zm8="},
                               {"foo", "Zm9v"},
                               {"foob", "Zm9vYg=="},
                               {"fooba", "Zm9vYmE="},
                               {"foobar", "Zm9vYmFy"}};

}  // namespace

TEST_CASE("base64 gives RFC 4648's vectors and reads them with either idea of padding") {
  std::string out;
  for (const Vector& vector : kVectors) {
    CHECK_EQ(encode_base64(vector.bytes), vector.text);
    for (const Base64Padding padding : {Base64Padding::optional, Base64Padding::required})
      CHECK((decode_base64(vector.text, padding, out) && out == vector.bytes));
  }
}

TEST_CASE("padding may be missing only where it is optional") {
  std::string out;
  for (const Vector& vector : kVectors) {
    const std::string_view bare = vector.text.substr(0, vector.text.find('='));
    CHECK((decode_base64(bare, Base64Padding::optional, out) && out == vector.bytes));
    CHECK_EQ(decode_base64(bare, Base64Padding::required, out), bare == vector.text);
  }
}

TEST_CASE("what is not base64 is refused") {
  std::string out;
  for (const std::string_view bad : {"Z", "Zm9vY", "Zm 9v", "Zm9v\n", "=", "====", "===", "A===", "AA=A", "=AAA",
                                     "Zm-_", "Zg=a", "Zg==Zg==", "\xff\xff\xff\xff"}) {
    CAPTURE(bad);
    CHECK_FALSE(decode_base64(bad, Base64Padding::required, out));
    if (bad != "=") CHECK_FALSE(decode_base64(bad, Base64Padding::optional, out));
  }
}

TEST_CASE("base64 of all byte values comes back") {
  std::string bytes, out;
  for (int i = 0; i < 1'000; ++i) {
    bytes += static_cast<char>(i * 7);
    CHECK((decode_base64(encode_base64(bytes), Base64Padding::required, out) && out == bytes));
  }
}

TEST_CASE("a byte that is no digit is refused wherever it stands") {
  const std::string text = encode_base64(std::string(32, 'x'));
  std::string out;
  for (std::size_t at = 0; at + 1 < text.size(); ++at)
    for (const char byte : {'-', '_', ' ', '\\', '"', '\0', '\x80', '\xff'}) {
      std::string changed = text;
      changed[at] = byte;
      CHECK_FALSE(decode_base64(changed, Base64Padding::required, out));
    }
}
