// Opening a file by what it holds: kinds by their magic numbers, gzip by zlib.
#include "tools/networks/file_content.h"

#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "core/base/log.h"

namespace straykey {
namespace {

constexpr std::size_t kShownBytesMax = 80;
constexpr std::size_t kChunkBytes = std::size_t{256} << 10;
constexpr std::size_t kTarMagicAt = 257;

struct Kind {
  std::string_view magic, name, advice;
};
constexpr std::string_view kUnpack = "unpack it first and name the file inside";
constexpr std::string_view kRecompress = "unpack it first, or pack it with gzip";
constexpr std::string_view kUtf8 = "save it as UTF-8";
constexpr std::string_view kTakeCsv = "take the download as CSV or MMDB instead";
constexpr Kind kKinds[] = {
    {"PK\x03\x04", "a zip archive", kUnpack},
    {"PK\x05\x06", "an empty zip archive", kUnpack},
    {"PK\x07\x08", "a zip archive", kUnpack},
    {"7z\xbc\xaf\x27\x1c", "a 7z archive", kUnpack},
    {"Rar!\x1a\x07", "a rar archive", kUnpack},
    {"\xfd\x37zXZ", "a file compressed with xz", kRecompress},
    {"BZh", "a file compressed with bzip2", kRecompress},
    {"\x28\xb5\x2f\xfd", "a file compressed with zstd", kRecompress},
    {"\x04\x22\x4d\x18", "a file compressed with lz4", kRecompress},
    {"\x1f\x9d", "a file compressed with compress", kRecompress},
    {"\x1f\x8b", "gzip within gzip", "unpack it once"},
    {"\xff\xfe", "text in UTF-16", kUtf8},
    {"\xfe\xff", "text in UTF-16", kUtf8},
    {"PAR1", "a Parquet file", {}},
    {"SQLite format 3", "a SQLite database", {}},
};

std::string mebibytes(std::size_t bytes) {
  return std::to_string(bytes >> 20) + " MiB";
}

Error cannot_read(const std::string& path, std::string_view why) {
  return {"cannot read " + path + ": " + std::string(why)};
}

Status check_size(const std::string& path, std::size_t bytes_max) {
  std::error_code error;
  const bool regular = std::filesystem::is_regular_file(path, error);
  if (error) return cannot_read(path, error.message());
  if (!regular) return cannot_read(path, "expected a regular file");
  const auto size = std::filesystem::file_size(path, error);
  if (error) return cannot_read(path, error.message());
  if (size > bytes_max) return Error{path + " is too large: expected at most " + mebibytes(bytes_max)};
  return {};
}

struct GzClose {
  void operator()(gzFile file) const { gzclose_r(file); }
};

}  // namespace

std::string quoted_text(std::string_view text) {
  return '"' + escape_for_log(text, kShownBytesMax) + '"';
}

std::string unreadable_content(std::string_view first_bytes) {
  for (const Kind& kind : kKinds) {
    if (!first_bytes.starts_with(kind.magic)) continue;
    return std::string(kind.name) + (kind.advice.empty() ? "" : "; ") + std::string(kind.advice);
  }
  if (first_bytes.size() > kTarMagicAt && first_bytes.substr(kTarMagicAt).starts_with("ustar"))
    return "a tar archive; " + std::string(kUnpack);
  return {};
}

bool is_binary(std::string_view first_bytes) noexcept {
  return std::any_of(first_bytes.begin(), first_bytes.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 && (byte < 0x09 || (byte > 0x0d && byte != 0x1b));
  });
}

struct FileContent::State {
  std::string path;
  std::size_t bytes_max = 0;
  std::size_t bytes = 0;  // read so far, inflated
  std::unique_ptr<gzFile_s, GzClose> file;
};

FileContent::FileContent(std::unique_ptr<State> state) : state_(std::move(state)) {}
FileContent::~FileContent() = default;

Result<std::unique_ptr<FileContent>> FileContent::open(const std::string& path, std::size_t bytes_max,
                                                       std::string_view expected) {
  if (const Status status = check_size(path, bytes_max); !status) return status.error();
  auto state = std::make_unique<State>();
  state->path = path;
  state->bytes_max = bytes_max;
  errno = 0;
  state->file.reset(gzopen(path.c_str(), "rbe"));
  if (!state->file) return cannot_read(path, std::generic_category().message(errno));

  std::unique_ptr<FileContent> content(new FileContent(std::move(state)));
  if (const Status status = content->fill(); !status) return status.error();
  content->is_gzip_ = gzdirect(content->state_->file.get()) == 0;
  if (std::string found = unreadable_content(content->chunk_); !found.empty()) {
    if (found.find(';') == std::string::npos) found += "; " + std::string(kTakeCsv);
    return Error{path + ": expected " + std::string(expected) + ", found " + found};
  }
  return content;
}

// Makes the next chunk: whole unless the file ends within it, so that a magic number is never cut.
Status FileContent::fill() {
  chunk_.resize(kChunkBytes);
  const int count = gzread(state_->file.get(), chunk_.data(), kChunkBytes);
  if (count < 0) {
    int code = Z_OK;
    const char* what = gzerror(state_->file.get(), &code);
    return cannot_read(state_->path, code == Z_ERRNO ? std::generic_category().message(errno) : what);
  }
  chunk_.resize(static_cast<std::size_t>(count));
  state_->bytes += chunk_.size();
  if (state_->bytes > state_->bytes_max) {
    return Error{state_->path + " is too large: expected at most " + mebibytes(state_->bytes_max) + " inflated"};
  }
  return {};
}

Result<std::string_view> FileContent::read() {
  if (!std::exchange(beginning_read_, true) && !chunk_.empty()) return std::string_view(chunk_);
  if (!state_->file) return std::string_view();
  if (const Status status = fill(); !status) return status.error();
  // zlib tells only on closing that the file ended within a stream.
  if (chunk_.empty() && gzclose_r(state_->file.release()) != Z_OK)
    return cannot_read(state_->path, "the gzip file is cut short");
  return std::string_view(chunk_);
}

Result<std::string> read_text_file(const std::string& path, std::size_t bytes_max, std::string_view expected) {
  auto content = FileContent::open(path, bytes_max, expected);
  if (!content) return content.error();
  std::string text;
  for (;;) {
    auto chunk = content.value()->read();
    if (!chunk) return chunk.error();
    if (chunk->empty()) return text;
    text += *chunk;
  }
}

}  // namespace straykey
