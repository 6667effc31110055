#include "tools/simulate/record_writer.h"

#include <array>

#include "core/base/hex.h"
#include "core/base/invariant.h"

namespace straykey {
namespace {

void write_hex(char* out, std::uint64_t word, std::size_t digits) {
  for (std::size_t i = 0; i < digits; ++i) out[i] = kHexDigits[word >> (60 - 4 * i) & 15];
}

std::array<char, 36> uuid_characters(std::uint64_t high, std::uint64_t low) {
  high = (high & ~0xf000ULL) | 0x4000;
  low = (low & ~(3ULL << 62)) | 1ULL << 63;
  std::array<char, 36> text;
  write_hex(text.data(), high, 8);
  write_hex(text.data() + 9, high << 32, 4);
  write_hex(text.data() + 14, high << 48, 4);
  write_hex(text.data() + 19, low, 4);
  write_hex(text.data() + 24, low << 16, 12);
  for (const std::size_t dash : {8U, 13U, 18U, 23U}) text[dash] = '-';
  return text;
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
  out += ",\"";
  out += name;
  out += "\":\"";
  out += value;
  out += '"';
}

void append_json(std::string& out, std::string_view name, std::string_view value) {
  out += ",\"";
  out += name;
  out += "\":";
  out += value;
}

void append_two_digits(std::string& out, Seconds value) {
  out += static_cast<char>('0' + value / 10);
  out += static_cast<char>('0' + value % 10);
}

bool is_address(std::string_view source_ip) {
  return source_ip.find_first_not_of("0123456789abcdef.:") == std::string_view::npos;
}

}  // namespace

std::string uuid_text(std::uint64_t high, std::uint64_t low) {
  const auto text = uuid_characters(high, low);
  return {text.data(), text.size()};
}

std::string hex_text(std::uint64_t word, std::size_t digits) {
  INVARIANT(digits <= 32);
  std::array<char, 32> text;
  write_hex(text.data(), mix(word, 1), 16);
  write_hex(text.data() + 16, mix(word, 2), 16);
  return {text.data(), digits};
}

std::string base32_text(std::uint64_t word, std::size_t count) {
  INVARIANT(count <= 24);
  std::string text;
  for (std::uint64_t bits = mix(word, 3); text.size() < count; bits = text.size() == 12 ? mix(word, 4) : bits >> 5) {
    text += "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"[bits & 31];
  }
  return text;
}

std::string temporary_key(std::uint64_t word) {
  return "ASIA" + base32_text(word, 9) + "EXAMPLE";
}

void RecordWriter::append_time(std::string& out, Seconds time) {
  if (day_of(time) != day_ || day_text_.empty()) {
    day_ = day_of(time);
    day_text_ = format_day(day_);
  }
  out += day_text_;
  out += 'T';
  append_two_digits(out, time % kSecondsPerDay / 3600);
  out += ':';
  append_two_digits(out, time / 60 % 60);
  out += ':';
  append_two_digits(out, time % 60);
  out += 'Z';
}

void RecordWriter::append_uuid(std::string& out) {
  const std::uint64_t high = random_.next();
  const auto text = uuid_characters(high, random_.next());
  out.append(text.data(), text.size());
}

void RecordWriter::append(std::string& out, const Record& record) {
  out += R"({"eventVersion":"1.11","userIdentity":)";
  out += record.user_identity;
  out += R"(,"eventTime":")";
  append_time(out, record.time);
  out += R"(","eventSource":")";
  out += record.service;
  out += ".amazonaws.com\"";
  append_field(out, "eventName", record.name);
  append_field(out, "awsRegion", record.region);
  append_field(out, "sourceIPAddress", record.source_ip);
  append_field(out, "userAgent", record.user_agent);
  if (!record.error_code.empty()) {
    append_field(out, "errorCode", record.error_code);
    append_field(out, "errorMessage", "The request was refused");
  }
  append_json(out, "requestParameters", record.request);
  append_json(out, "responseElements", record.response);
  out += R"(,"requestID":")";
  append_uuid(out);
  out += R"(","eventID":")";
  append_uuid(out);
  out += '"';
  append_json(out, "readOnly", record.read_only ? "true" : "false");
  append_field(out, "eventType", record.type);
  append_json(out, "managementEvent", record.is_data_event ? "false" : "true");
  append_field(out, "recipientAccountId", record.recipient);
  if (!record.shared_event_id.empty()) append_field(out, "sharedEventID", record.shared_event_id);
  if (!record.vpc_endpoint.empty()) {
    append_field(out, "vpcEndpointId", record.vpc_endpoint);
    append_field(out, "vpcEndpointAccountId", record.vpc_endpoint_account);
  }
  append_field(out, "eventCategory", record.is_data_event ? "Data" : "Management");
  if (is_address(record.source_ip)) {
    out +=
        R"(,"tlsDetails":{"tlsVersion":"TLSv1.3","cipherSuite":"TLS_AES_128_GCM_SHA256","clientProvidedHostHeader":")";
    out += record.service;
    out += '.';
    out += record.region;
    out += R"(.amazonaws.com"})";
  }
  if (record.console_session) append_field(out, "sessionCredentialFromConsole", "true");
  out += '}';
}

}  // namespace straykey
