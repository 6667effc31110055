#include "core/event/payload.h"

#include <utility>

#include "core/event/framing.h"
#include "core/event/payload_reading.h"

namespace straykey {

std::optional<PayloadError> PayloadReader::Impl::inflate_body(std::string_view& body, ContentEncoding encoding) {
  for (int layer = 0; layer < kGzipLayersMax; ++layer) {
    const bool gzip = has_gzip_magic(body);
    if (!gzip && (layer > 0 || encoding == ContentEncoding::identity)) return std::nullopt;
    if (!gzip && encoding == ContentEncoding::gzip) return PayloadError::bad_compression;
    std::string out = std::exchange(spare, {});
    const Decoded result = gzip ? inflater.gunzip(body, limits.inflated_bytes_max, kJsonPadding, out)
                                : inflater.inflate(body, limits.inflated_bytes_max, kJsonPadding, out);
    if (result == Decoded::bad) return PayloadError::bad_compression;
    if (result == Decoded::too_large) return PayloadError::inflated_too_large;
    body = arena->adopt(std::move(out));
  }
  return has_gzip_magic(body) ? std::optional(PayloadError::bad_compression) : std::nullopt;
}

std::optional<PayloadError> PayloadReader::Impl::read(std::string_view body, ContentEncoding encoding) {
  if (trim_json(body).empty()) return PayloadError::empty_body;
  if (const auto error = inflate_body(body, encoding)) return error;
  if (body.starts_with(kByteOrderMark)) body.remove_prefix(kByteOrderMark.size());
  if (body.find_first_not_of(kBetweenValues) == std::string_view::npos) return PayloadError::empty_body;
  if (!any_line_starts_with_bracket(body)) return PayloadError::unreadable_body;
  values = 0;
  index = 0;
  understood = over_records_max = false;
  inflate_bytes_left = text_bytes_left = limits.inflated_bytes_max;
  search_effort = 4 * body.size() + (1 << 20);
  plain.forget();
  read_text(body, 0);
  if (over_records_max) return PayloadError::too_many_records;
  if (!understood && values <= 1) return PayloadError::unreadable_body;
  return std::nullopt;
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
  impl_->plain.forget();
}

std::optional<PayloadError> PayloadReader::read_message(std::string_view text, std::size_t bytes, Seconds now,
                                                        TextArena& arena, const Sink& sink) {
  impl_->now = now;
  impl_->arena = &arena;
  impl_->sink = &sink;
  if (impl_->take_plain_message(text, bytes)) return std::nullopt;
  return impl_->read(text.substr(0, bytes), ContentEncoding::identity);
}

std::optional<PayloadError> PayloadReader::read(std::string_view body, ContentEncoding encoding, Seconds now,
                                                TextArena& arena, const Sink& sink) {
  impl_->now = now;
  impl_->arena = &arena;
  impl_->sink = &sink;
  return impl_->read(body, encoding);
}

}  // namespace straykey
