#include "core/event/payload.h"

#include <utility>

#include "core/event/framing.h"
#include "core/event/payload_reading.h"

namespace straykey {

std::optional<PayloadError> PayloadReader::Impl::inflate_body(std::string_view& body, ContentEncoding encoding) {
  for (int layer = 0; layer < kGzipLayersMax; ++layer) {
    const bool gzip = has_gzip_magic(body), zstd = has_zstd_magic(body);
    if (!gzip && !zstd && (layer > 0 || encoding == ContentEncoding::identity)) return std::nullopt;
    if (!gzip && !zstd && encoding != ContentEncoding::deflate) return PayloadError::bad_compression;
    std::string out = std::exchange(spare, {});
    const std::size_t bytes_max = limits.inflated_bytes_max;
    const Decoded result = gzip   ? inflater.gunzip(body, bytes_max, kJsonPadding, out)
                           : zstd ? inflater.unzstd(body, bytes_max, kJsonPadding, out)
                                  : inflater.inflate(body, bytes_max, kJsonPadding, out);
    if (result == Decoded::bad) return PayloadError::bad_compression;
    if (result == Decoded::too_large) return PayloadError::inflated_too_large;
    body = arena->adopt(std::move(out));
  }
  return has_gzip_magic(body) || has_zstd_magic(body) ? std::optional(PayloadError::bad_compression) : std::nullopt;
}

std::optional<PayloadError> PayloadReader::Impl::read(std::string_view body, ContentEncoding encoding) {
  work.framing += body.size() - skip_json_space(body).size();
  const char* const as_sent = body.data();
  work.texts += body.size();
  if (skip_json_space(body).empty()) return PayloadError::empty_body;
  if (const auto error = inflate_body(body, encoding)) return error;
  if (body.data() != as_sent) work.texts += body.size();
  if (body.starts_with(kByteOrderMark)) body.remove_prefix(kByteOrderMark.size());
  const std::size_t first = body.find_first_not_of(kBetweenValues);
  work.framing += std::min(first, body.size());
  if (first == std::string_view::npos) return PayloadError::empty_body;
  body.remove_prefix(first);
  const std::string_view scalar = any_line_starts_with_bracket(body, &work.framing) ? "" : trim_json(body);
  work.framing += scalar.size();
  if (!scalar.empty() && !is_json_scalar(scalar)) return PayloadError::unreadable_body;
  values = 0;
  index = 0;
  copies = 0;
  understood = over_records_max = false;
  inflate_bytes_left = text_bytes_left = limits.inflated_bytes_max;
  search_effort = 4 * body.size() + kSearchEffortBytesMin;
  if (!batch) plain().expect(body.size());
  if (scalar.empty())
    read_text(body, 0);
  else
    read_value({scalar, JsonEnd::complete}, 0);
  if (over_records_max) return PayloadError::too_many_records;
  if (!understood && values <= 1) return PayloadError::unreadable_body;
  return std::nullopt;
}

// Each depth of copies has an index of its own: the window over a body outlives what is read in a copy of its pieces.
RecordWalk& PayloadReader::Impl::plain() {
  std::unique_ptr<RecordWalk>& walk = walks[copies];
  if (walk == nullptr) walk = std::make_unique<RecordWalk>();
  return *walk;
}

void PayloadReader::Impl::forget() noexcept {
  batch = false;
  for (const auto& walk : walks)
    if (walk != nullptr) walk->forget();
}

PayloadReader::PayloadReader(PayloadLimits limits) : impl_(std::make_unique<Impl>(limits)) {}
PayloadReader::~PayloadReader() = default;

void PayloadReader::limit(std::size_t inflated_bytes_max, std::size_t records_max) noexcept {
  impl_->limits.inflated_bytes_max = inflated_bytes_max;
  impl_->limits.records_max = records_max;
}

std::optional<PayloadError> PayloadReader::decode(std::string_view& text, ContentEncoding encoding, TextArena& arena) {
  if (trim_json(text).empty()) return PayloadError::empty_body;
  impl_->arena = &arena;
  return impl_->inflate_body(text, encoding);
}

void PayloadReader::reuse(TextArena& arena) {
  impl_->spare = arena.take_adopted();
}
void PayloadReader::forget() noexcept {
  impl_->forget();
}

void PayloadReader::ask(const MayHold* may_hold) noexcept {
  impl_->may_hold = may_hold;
  impl_->inflater.ask(may_hold);
}

void PayloadReader::stop_here() noexcept {
  impl_->limits.records_max = impl_->index;
}

void PayloadReader::go_on_in(TextArena& arena) {
  for (std::size_t i = 0; i < impl_->copies; ++i) arena.share(*impl_->arena, impl_->open_copies[i]);
  impl_->arena = &arena;
}

PayloadReader::Work PayloadReader::work() const noexcept {
  Work work = impl_->work;
  for (const auto& walk : impl_->walks)
    if (walk != nullptr) work.index += walk->bytes_looked_at();
  return work;
}

std::optional<PayloadError> PayloadReader::read_message(std::string_view text, std::size_t bytes, Seconds now,
                                                        TextArena& arena, const Sink& sink) {
  impl_->now = now;
  impl_->arena = &arena;
  impl_->sink = &sink;
  impl_->copies = 0;
  if (!std::exchange(impl_->batch, true)) impl_->plain().expect(text.size());
  if (impl_->take_plain_message(text, bytes)) return std::nullopt;
  return impl_->read(text.substr(0, bytes), ContentEncoding::identity);
}

std::optional<PayloadError> PayloadReader::read(std::string_view body, ContentEncoding encoding, Seconds now,
                                                TextArena& arena, const Sink& sink) {
  impl_->now = now;
  impl_->arena = &arena;
  impl_->sink = &sink;
  impl_->forget();
  return impl_->read(body, encoding);
}

}  // namespace straykey
