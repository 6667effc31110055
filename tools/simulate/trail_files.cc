#include "tools/simulate/trail_files.h"

#include <fmt/format.h>
#include <libdeflate.h>

#include <fstream>

#include "tools/simulate/random.h"
#include "tools/simulate/record_writer.h"

namespace straykey {
namespace {

constexpr Seconds kLateBy = 600;
// Level 1, because the files are read once and thrown away, and the fastest level already compresses them to a tenth.
constexpr int kCompressionLevel = 1;

}  // namespace

TrailFiles::TrailFiles(Settings settings) : settings_(std::move(settings)) {
  if (settings_.gzip) compressor_ = libdeflate_alloc_compressor(kCompressionLevel);
}

TrailFiles::~TrailFiles() {
  libdeflate_free_compressor(compressor_);
}

std::uint32_t TrailFiles::stream(std::string_view account, std::string_view region) {
  const std::string prefix = settings_.json_lines ? "events" : fmt::format("{}_CloudTrail_{}", account, region);
  const auto [found, added] = stream_of_.try_emplace(prefix, static_cast<std::uint32_t>(streams_.size()));
  if (added) streams_.push_back(std::make_unique<Stream>(Stream{.prefix = prefix}));
  return found->second;
}

void TrailFiles::add(std::uint32_t stream, std::string_view record, Delivery delivery, Seconds slot) {
  Stream& to = *streams_[stream];
  std::string& json = delivery == Delivery::late ? to.late : to.on_time;
  if (settings_.json_lines) {
    json += record;
    json += '\n';
  } else {
    json += json.empty() ? "{\"Records\":[" : ",";
    json += record;
  }
  if (delivery == Delivery::on_time) ++to.records;
  if (json.size() >= kFileBytesMax) write(to, json, delivery == Delivery::late ? slot + kLateBy : slot);
}

Status TrailFiles::close_slot(Seconds slot, bool with_late) {
  last_.bytes.clear();
  for (const auto& stream : streams_) write(*stream, stream->on_time, slot);
  if (with_late) {
    for (const auto& stream : streams_) write(*stream, stream->late, slot + kLateBy);
  }
  return status_;
}

Status TrailFiles::deliver_again(Seconds slot) {
  if (last_.bytes.empty()) return status_;
  records_again_ += last_.records;
  put_file(last_.prefix, slot + kLateBy, last_.bytes);
  return status_;
}

void TrailFiles::write(Stream& stream, std::string& json, Seconds stamp) {
  if (json.empty()) return;
  if (!settings_.json_lines) json += "]}";
  json_bytes_ += json.size();
  const std::string_view bytes = settings_.gzip ? packed(json) : json;
  put_file(stream.prefix, stamp, bytes);
  if (&json == &stream.on_time) {
    if (last_.bytes.empty()) last_ = {.prefix = stream.prefix, .bytes = std::string(bytes), .records = stream.records};
    stream.records = 0;
  }
  json.clear();
}

std::string_view TrailFiles::packed(std::string_view json) {
  packed_.resize(libdeflate_gzip_compress_bound(compressor_, json.size()));
  const std::size_t size =
      libdeflate_gzip_compress(compressor_, json.data(), json.size(), packed_.data(), packed_.size());
  INVARIANT(size != 0);
  return std::string_view(packed_).substr(0, size);
}

void TrailFiles::put_file(std::string_view prefix, Seconds stamp, std::string_view bytes) {
  if (!status_) return;
  const std::string time = format_time(stamp);  // 2026-11-22T03:04:05Z
  if (day_folder_.empty() || folder_day_ != day_of(stamp)) {
    folder_day_ = day_of(stamp);
    day_folder_ = settings_.folder / time.substr(0, 4) / time.substr(5, 2) / time.substr(8, 2);
    std::error_code failure;
    std::filesystem::create_directories(day_folder_, failure);
    if (failure) {
      status_ = Error{fmt::format("cannot make {}: {}", day_folder_.string(), failure.message())};
      return;
    }
  }
  const std::string name =
      fmt::format("{}_{}{}{}T{}{}Z_{}.{}{}", prefix, time.substr(0, 4), time.substr(5, 2), time.substr(8, 2),
                  time.substr(11, 2), time.substr(14, 2), base32_text(mix(settings_.seed, files_), 16),
                  settings_.json_lines ? "jsonl" : "json", settings_.gzip ? ".gz" : "");
  std::ofstream file(day_folder_ / name, std::ios::binary | std::ios::trunc);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  file.close();
  if (!file) {
    status_ = Error{fmt::format("cannot write {}", (day_folder_ / name).string())};
    return;
  }
  ++files_;
  bytes_ += bytes.size();
}

}  // namespace straykey
