#pragma once
// What a file holds, told by its bytes and never by its name; and its bytes, inflated if they are gzip.
//
// Shape:  a FileContent is read once from front to end, in chunks; gzip may have several members.
// Bounds: one chunk of memory. The file, and what it inflates to, has at most the bytes that open() was given.
// Errors: one sentence that names the file. An archive, a foreign compression and UTF-16 are refused by name, with what
//         to do instead.
// Thread: one (a resource).
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "core/base/result.h"

namespace straykey {

// The user's text within our sentence: quoted, escaped and cut.
[[nodiscard]] std::string quoted_text(std::string_view text);

// "a zip archive; unpack it first ..." if `first_bytes` begin something that no reader of ours opens; else empty.
// Tables, as in "a Parquet file", come without advice, which depends on what is looked for. A tar archive is known by
// its 262nd byte.
[[nodiscard]] std::string unreadable_content(std::string_view first_bytes);

// False for text. REQUIRES: enough of the file, at least a kilobyte if it has that.
[[nodiscard]] bool is_binary(std::string_view first_bytes) noexcept;

class FileContent {
 public:
  // `expected` goes into the sentence of a refusal: "X: expected {expected}, found a zip archive; ...".
  [[nodiscard]] static Result<std::unique_ptr<FileContent>> open(const std::string& path, std::size_t bytes_max,
                                                                 std::string_view expected);
  ~FileContent();
  FileContent(const FileContent&) = delete;
  FileContent& operator=(const FileContent&) = delete;

  // The first chunk, already looked at by open(); the next read() returns it again.
  [[nodiscard]] std::string_view beginning() const noexcept { return chunk_; }
  [[nodiscard]] bool is_gzip() const noexcept { return is_gzip_; }
  // The next chunk, valid until the next call; empty at the end.
  [[nodiscard]] Result<std::string_view> read();

 private:
  struct State;
  explicit FileContent(std::unique_ptr<State> state);
  Status fill();

  std::unique_ptr<State> state_;
  std::string chunk_;
  bool is_gzip_ = false;
  bool beginning_read_ = false;
};

// All of it as text. Errors as above.
[[nodiscard]] Result<std::string> read_text_file(const std::string& path, std::size_t bytes_max,
                                                 std::string_view expected);

}  // namespace straykey
