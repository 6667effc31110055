// gzip, zlib and raw deflate, whole, joined, cut and lying.
#include "core/event/decoding.h"

#include <doctest/doctest.h>
#include <libdeflate.h>

#include "tests/support/compress.h"

namespace straykey {
namespace {

TEST_CASE("gzip members joined are their texts joined") {
  Inflater inflater;
  std::string out;
  const std::string bytes = gzip_of("one ") + gzip_of("") + gzip_of(std::string(100'000, 'x')) + gzip_of("end");
  CHECK(inflater.gunzip(bytes, 1 << 20, 64, out) == Decoded::ok);
  CHECK(out == "one " + std::string(100'000, 'x') + "end");
  CHECK(inflater.gunzip(bytes + std::string(9, '\0'), 1 << 20, 64, out) == Decoded::ok);
  CHECK(inflater.gunzip(bytes + "tail", 1 << 20, 64, out) == Decoded::bad);
}

TEST_CASE("a gzip stream cut anywhere or changed anywhere in its check sum is bad") {
  Inflater inflater;
  std::string out;
  const std::string bytes = gzip_of("some text that is long enough to be worth it, long enough");
  for (std::size_t size = 0; size < bytes.size(); ++size)
    CHECK(inflater.gunzip(bytes.substr(0, size), 1 << 20, 64, out) == Decoded::bad);
  for (std::size_t at = bytes.size() - 8; at < bytes.size(); ++at) {
    std::string changed = bytes;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    CHECK(inflater.gunzip(changed, 1 << 20, 64, out) != Decoded::ok);
  }
}

TEST_CASE("the limit is on inflated bytes, to the byte") {
  Inflater inflater;
  std::string out;
  const std::string bytes = gzip_of(std::string(1'000'000, 'a'));
  REQUIRE(bytes.size() < 2'000);
  CHECK(inflater.gunzip(bytes, 1'000'000, 64, out) == Decoded::ok);
  CHECK(inflater.gunzip(bytes, 999'999, 64, out) == Decoded::too_large);
  CHECK(out.size() <= 999'999);
  CHECK(inflater.gunzip(gzip_of(std::string(600'000, 'a')) + gzip_of(std::string(600'000, 'b')), 1'000'000, 64, out) ==
        Decoded::too_large);
}

TEST_CASE("zstd: frames may be joined, and what is cut, damaged, too large or asks for too much is refused") {
  Inflater inflater;
  std::string out, text;
  for (int i = 0; text.size() < 100'000; ++i) text += std::to_string(i);
  const std::string frame = zstd_of(text);
  CHECK(has_zstd_magic(frame));
  CHECK(inflater.unzstd(frame, 1 << 20, 64, out) == Decoded::ok);
  CHECK(out == text);
  CHECK(inflater.unzstd(frame + frame, 1 << 20, 64, out) == Decoded::ok);
  CHECK(out == text + text);
  CHECK(inflater.unzstd(frame, text.size(), 64, out) == Decoded::ok);
  CHECK(inflater.unzstd(frame, text.size() - 1, 64, out) == Decoded::too_large);
  CHECK(inflater.unzstd(zstd_of(std::string(50 << 20, 'x')), 1 << 20, 64, out) == Decoded::too_large);
  for (std::size_t size = 0; size < frame.size(); size += 97)
    CHECK(inflater.unzstd(std::string_view(frame).substr(0, size), 1 << 20, 64, out) == Decoded::bad);
  CHECK(inflater.unzstd(frame + "x", 1 << 20, 64, out) == Decoded::bad);
  CHECK(inflater.unzstd(zstd_of(text, 23), 1 << 20, 64, out) == Decoded::ok);
  CHECK(inflater.unzstd(zstd_of(text, 24), 1 << 20, 64, out) == Decoded::bad);
  CHECK_EQ(zstd_window_bytes(zstd_of(text, 24)), std::uint64_t{16} << 20);
  CHECK_EQ(zstd_window_bytes(zstd_of(text, 23)), kZstdWindowBytesMax);
  // Frames in a single segment, whose content is the window.
  CHECK_EQ(zstd_window_bytes(std::string_view("\x28\xb5\x2f\xfd\x20\x0c", 6)), 12);
  CHECK_EQ(zstd_window_bytes(std::string_view("\x28\xb5\x2f\xfd\x60\x01\x00", 7)), 257);
  CHECK_EQ(zstd_window_bytes(std::string_view("\x28\xb5\x2f\xfd\xa3....\x00\x00\x00\x01", 13)), 1u << 24);
  for (std::size_t size = 0; size < 6; ++size) CHECK_EQ(zstd_window_bytes(std::string_view(frame).substr(0, size)), 0);
  CHECK_EQ(zstd_window_bytes(text), 0);
  CHECK(inflater.unzstd(frame, 1 << 20, 64, out) == Decoded::ok);
}

TEST_CASE("deflate may be zlib or raw") {
  Inflater inflater;
  std::string out;
  const std::string text(5'000, 'q');
  CHECK(inflater.inflate(zlib_of(text), 1 << 20, 64, out) == Decoded::ok);
  CHECK(out == text);
  CHECK(inflater.inflate(raw_deflate_of(text), 1 << 20, 64, out) == Decoded::ok);
  CHECK(out == text);
  CHECK(inflater.inflate(zlib_of(text), 4'999, 64, out) == Decoded::too_large);
  CHECK(inflater.inflate("not deflate at all", 1 << 20, 64, out) == Decoded::bad);
  CHECK(inflater.inflate("", 1 << 20, 64, out) == Decoded::bad);
}

TEST_CASE("memory is asked for before it is taken, and what may not be held is not inflated") {
  const std::string text(1'000'000, 'x');
  for (const auto decode : {&Inflater::gunzip, &Inflater::inflate, &Inflater::unzstd}) {
    const std::string packed = decode == &Inflater::gunzip    ? gzip_of(text)
                               : decode == &Inflater::inflate ? zlib_of(text)
                                                              : zstd_of(text);
    Inflater inflater;
    std::size_t asked = 0, bytes_max = text.size() * 2;
    const Inflater::MayHold may_hold = [&](std::size_t more) { return (asked += more) <= bytes_max; };
    inflater.ask(&may_hold);
    std::string out;
    CHECK((inflater.*decode)(packed, text.size() + 10, 0, out) == Decoded::ok);
    CHECK(out == text);
    CHECK(asked >= text.size());
    CHECK(asked <= bytes_max);
    asked = 0;
    bytes_max = text.size() - 1;
    std::string refused;
    CHECK((inflater.*decode)(packed, text.size() + 10, 0, refused) == Decoded::too_large);
    CHECK(refused.capacity() <= bytes_max);
  }
}

}  // namespace
}  // namespace straykey
