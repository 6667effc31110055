#include "tools/scan/file_reading.h"

#include <fmt/format.h>

#include <algorithm>
#include <new>
#include <utility>

#include "core/base/terminal_text.h"
#include "core/engine/route.h"
#include "core/event/decoding.h"
#include "core/event/not_judged.h"
#include "tools/scan/large_gzip.h"
#include "tools/scan/reject_explanation.h"
#include "tools/scan/s3_trail.h"
#include "tools/scan/salvage.h"

namespace straykey {
namespace {

// What is held of gzip whose text could be read in pieces as well.
constexpr std::size_t kGzipHeldMax = std::size_t{256} << 20;

// A record that ends in its middle where the text ends: the text was cut. An array that ends between records gives an
// empty one. A line that ends well was cut by whoever wrote it, and the file is whole.
bool reaches_end(std::string_view record, std::string_view text, bool lines) {
  if (lines && text.ends_with('\n')) return false;
  const std::size_t end = text.find_last_not_of(" \t\r\n") + 1;
  return record.empty() || record.data() + record.size() == text.data() + end;
}

}  // namespace

std::unique_ptr<Request> FileReader::request_for(std::string text) {
  auto request = std::make_unique<Request>();
  request->received_at = settings_.now;
  if (spent_ != nullptr) {
    request->events = std::move(spent_->events);  // with its room
    request->events.clear();
    reader_.reuse(spent_->arena);
    spent_.reset();
  }
  request->set_body(std::move(text));
  return request;
}

FileReading FileReader::read(const EventFile& file, bool counts, bool signs, const Give& give) {
  FileReading reading{.file = &file, .counts = counts};
  const auto take = [&](std::string text) {
    auto request = request_for(std::move(text));
    read_piece(*request, reading);
    if (too_large_to_hold_) return std::move(request->body);
    if (signs) sign(*request, settings_.sign_with);
    spent_ = give(std::move(request));
    return std::string();
  };
  const auto visit = [&](std::string text) {
    const std::string body = take(std::move(text));
    if (!std::exchange(too_large_to_hold_, false)) return;
    reading.fault = read_large_gzip(body, {}, [&](std::string piece) { (void)take(std::move(piece)); });
  };
  try {
    reading.status = file.path.starts_with(kS3Scheme) ? settings_.s3->read(file, visit) : read_event_file(file, visit);
  } catch (const std::bad_alloc&) {  // the file is named, and the others are read
    reading.status = Error{"there is not enough memory for it"};
  }
  return reading;
}

// A text is decoded first, so that what is wrong with a record can be shown by its place.
void FileReader::read_piece(Request& request, FileReading& reading) {
  std::string_view text = request.body;
  const bool gzip = has_gzip_magic(request.body);
  reader_.limit(gzip ? kGzipHeldMax : kInflatedMax, ~std::size_t{0});
  std::optional<PayloadError> error = reader_.decode(text, ContentEncoding::identity, request.arena);
  reader_.limit(kInflatedMax, ~std::size_t{0});
  if (gzip && error == PayloadError::inflated_too_large && reading.bytes == 0) {
    too_large_to_hold_ = true;
    return;
  }
  reading.wide_window = zstd_window_bytes(request.body) > kZstdWindowBytesMax;
  if (error == PayloadError::bad_compression && gzip) {
    Salvaged salvaged = salvage_gzip(request.body, kInflatedMax);
    reading.fault = salvaged.fault.empty() ? "its compression is damaged" : salvaged.fault;
    text = request.arena.adopt(std::move(salvaged.text));
    error.reset();
  }
  const PlacedText placed{text, reading.bytes, reading.lines, reading.events + reading.rejects};
  PayloadReader::Sink sink;
  sink.on_event = [&](std::uint32_t number, Event&& event) {
    if (event.from_future) return reject(RejectReason::future_event_time, event.record, number, placed, reading);
    ++reading.events;
    reading.cut = false;
    if (!can_be_judged(event)) ++reading.not_judged_by_reason[static_cast<std::size_t>(why_not_judged(event))];
    request.events.push_back(event);
  };
  sink.on_reject = [&](std::uint32_t number, RejectReason reason, std::string_view record) {
    reject(reason, record, number, placed, reading);
  };
  if (!error) error = reader_.read(text, ContentEncoding::identity, settings_.now, request.arena, sink);
  if (error && error != PayloadError::empty_body) reading.error = error;
  reading.bytes += text.size();
  if (settings_.rejects_explained_max > 0)
    reading.lines += static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n'));
}

void FileReader::reject(RejectReason reason, std::string_view record, std::uint32_t number, const PlacedText& placed,
                        FileReading& reading) const {
  ++reading.rejects;
  reading.cut = reason == RejectReason::truncated && reaches_end(record, placed.text, reading.file->lines);
  if (!reading.counts) return;
  if (is_harmless(reason)) {
    ++reading.harmless_rejects;
    ++reading.ignored_by_reason[static_cast<std::size_t>(reason)];
    return;
  }
  ++reading.rejected_by_reason[static_cast<std::size_t>(reason)];
  if (reading.explained.size() < settings_.rejects_explained_max)
    reading.explained.push_back(fmt::format("{}: {}: {}", terminal_text(reading.file->path, kPathShownBytes),
                                            place_of(record, number, placed),
                                            explain_reject(reason, record, settings_.now)));
}

}  // namespace straykey
