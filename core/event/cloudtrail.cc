#include "core/event/cloudtrail.h"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <new>
#include <optional>

#include "core/event/agent_cache.h"
#include "core/event/json_text.h"
#include "core/event/mcp_event.h"
#include "core/event/record_fields.h"
#include "core/event/record_time.h"

namespace straykey {
namespace {

namespace dom = simdjson::dom;

static_assert(kJsonPadding >= simdjson::SIMDJSON_PADDING);

constexpr std::size_t kParserBytesMin = 16 * 1024;

// --- Reading one record ---

// A member that may be an object; kept until the whole object was seen, because the last of two equal keys counts.
struct Nested {
  dom::element element;
  bool present = false;

  void set(dom::element value) noexcept {
    element = value;
    present = !value.is_null();
  }
};

// Fills an Event from a parsed record. Views of the Event point into the parser's memory until keep_texts.
class RecordReading {
 public:
  std::variant<Event, RejectReason> read(dom::object record, Seconds now);

 private:
  void text(dom::element value, std::string_view& field) noexcept;
  // True if the value is a number that a tool made of an account's twelve digits.
  [[nodiscard]] bool account_number(dom::element value, std::string_view& field) noexcept;
  void read_top(dom::object record) noexcept;
  void read_identity() noexcept;
  void read_assume_role() noexcept;
  void read_tags(dom::object parameters) noexcept;
  void read_tag(std::string_view key, dom::element value) noexcept;
  void read_sign_in() noexcept;
  void read_presigned() noexcept;
  void read_source_principal() noexcept;
  [[nodiscard]] bool says_failure(const Nested& nested) noexcept;
  [[nodiscard]] std::optional<RejectReason> reject_reason() const noexcept;

  // The object in `nested`, or an empty optional if it is absent; any other type is noted as bad.
  std::optional<dom::object> object_in(const Nested& nested) noexcept;
  // True if `key` is in the table, whose field then holds the value.
  template <class Table>
  bool take(const Table& table, std::string_view key, dom::element value) noexcept;
  template <class Table>
  void take_all(const Table& table, const Nested& nested) noexcept;

  Event event_;
  std::array<std::array<char, 12>, 3> account_digits_;  // of accounts given as numbers
  std::size_t accounts_given_as_numbers_ = 0;
  std::string_view time_text_, type_text_, error_message_;
  std::string_view timestamp_;   // Logstash's codec cloudtrail moves eventTime to @timestamp, ...
  bool has_at_version_ = false;  // ... and adds @version
  Nested identity_, parameters_, response_, service_details_, additional_;
  bool has_version_or_source_ = false;
  bool has_name_ = false, has_time_ = false;
  bool digest_ = false;
  bool bad_type_ = false;
};

void RecordReading::text(dom::element value, std::string_view& field) noexcept {
  field = {};
  if (value.is_null()) return;
  if (value.get(field) != simdjson::SUCCESS) bad_type_ = true;
}

// 1.11122223333e11 is what a spreadsheet makes of it.
bool RecordReading::account_number(dom::element value, std::string_view& field) noexcept {
  constexpr double kAccountsEnd = 1e12;
  double number = 0;
  if (!value.is_number() || value.get(number) != simdjson::SUCCESS) return false;
  const bool is_account = number >= 1 && number < kAccountsEnd && number == std::floor(number);
  if (!is_account || accounts_given_as_numbers_ == account_digits_.size()) return false;
  auto& digits = account_digits_[accounts_given_as_numbers_++];
  auto rest = static_cast<std::uint64_t>(number);
  for (std::size_t i = digits.size(); i-- > 0; rest /= 10) digits[i] = static_cast<char>('0' + rest % 10);
  field = {digits.data(), digits.size()};
  return true;
}

template <class Table>
bool RecordReading::take(const Table& table, std::string_view key, dom::element value) noexcept {
  for (const TextField& row : table) {
    if (row.name != key) continue;
    const bool number = is_account(row.field) && account_number(value, event_.*row.field);
    if (!number) text(value, event_.*row.field);
    return true;
  }
  return false;
}

template <class Table>
void RecordReading::take_all(const Table& table, const Nested& nested) noexcept {
  const auto object = object_in(nested);
  if (!object) return;
  for (const auto member : *object) take(table, member.key, member.value);
}

std::optional<dom::object> RecordReading::object_in(const Nested& nested) noexcept {
  if (!nested.present) return std::nullopt;
  dom::object object;
  if (nested.element.get(object) == simdjson::SUCCESS) return object;
  bad_type_ = true;
  return std::nullopt;
}

void RecordReading::read_top(dom::object record) noexcept {
  for (const auto member : record) {
    const std::string_view key = member.key;
    if (key == "eventSource" || key == "eventVersion") has_version_or_source_ = true;
    if (key == "eventName") has_name_ = true;
    if (take(kTopFields, key, member.value)) continue;
    if (key == "eventTime") {
      has_time_ = true;
      text(member.value, time_text_);
    } else if (key == "@timestamp") {
      if (member.value.get(timestamp_) != simdjson::SUCCESS) timestamp_ = {};
    } else if (key == "@version") {
      has_at_version_ = true;
    } else if (key == "userIdentity") {
      identity_.set(member.value);
    } else if (key == "requestParameters") {
      parameters_.set(member.value);
    } else if (key == "responseElements") {
      response_.set(member.value);
    } else if (key == "additionalEventData") {
      additional_.set(member.value);
    } else if (key == "serviceEventDetails") {
      service_details_.set(member.value);
    } else if (key == "errorMessage") {
      if (member.value.get(error_message_) != simdjson::SUCCESS) error_message_ = {};
    } else if (key == "sessionCredentialFromConsole") {
      std::string_view word;
      if (member.value.get(event_.console_session) == simdjson::SUCCESS) continue;
      text(member.value, word);
      event_.console_session = word == "true";
    } else if (key == "digestStartTime" || key == "digestS3Object") {
      digest_ = true;
    }
  }
}

void RecordReading::read_identity() noexcept {
  const auto identity = object_in(identity_);
  if (!identity) return;
  Nested session, in_scope, issuer, federation;
  for (const auto member : *identity) {
    const std::string_view key = member.key;
    if (take(kIdentityFields, key, member.value)) continue;
    if (key == "type") text(member.value, type_text_);
    if (key == "sessionContext") session.set(member.value);
    if (key == "inScopeOf") in_scope.set(member.value);
    if (key == "invokedByDelegate") event_.delegated = !member.value.is_null();
  }
  event_.type = identity_type_of(type_text_, event_.arn);
  if (const auto context = object_in(session)) {
    for (const auto member : *context) {
      const std::string_view key = member.key;
      if (take(kSessionFields, key, member.value)) continue;
      if (key == "sessionIssuer") issuer.set(member.value);
      if (key == "webIdFederationData") federation.set(member.value);
      if (key == "inScopeOf" && !in_scope.present) in_scope.set(member.value);
    }
  }
  take_all(kIssuerFields, issuer);
  take_all(kFederationFields, federation);
  take_all(kInScopeFields, in_scope);
}

void RecordReading::read_tag(std::string_view key, dom::element value) noexcept {
  std::string_view word;
  if (value.get(word) != simdjson::SUCCESS) return;
  if (key == "kubernetes-namespace") event_.kubernetes_namespace = word;
  if (key == "kubernetes-service-account") event_.kubernetes_service_account = word;
}

// Tags only name a workload for the reader of an alert, so a wrong type among them is no reason to refuse the record.
void RecordReading::read_tags(dom::object parameters) noexcept {
  for (const auto member : parameters) {
    const std::string_view name = member.key;
    dom::array list;
    dom::object map;
    if (name == "tags" && member.value.get(list) == simdjson::SUCCESS) {
      for (const dom::element tag : list) {
        std::string_view key;
        dom::element value;
        if (tag["key"].get(key) == simdjson::SUCCESS && tag["value"].get(value) == simdjson::SUCCESS)
          read_tag(key, value);
      }
    } else if ((name == "tags" || name == "principalTags" || name == "incomingTransitiveTags") &&
               member.value.get(map) == simdjson::SUCCESS) {
      for (const auto tag : map) read_tag(tag.key, tag.value);
    }
  }
}

void RecordReading::read_assume_role() noexcept {
  if (const auto parameters = object_in(parameters_)) {
    take_all(kAssumeFields, parameters_);
    read_tags(*parameters);
  }
  if (const auto response = object_in(response_)) {
    Nested credentials;
    for (const auto member : *response)
      if (member.key == "credentials") credentials.set(member.value);
    take_all(kCredentialFields, credentials);
  }
}

bool RecordReading::says_failure(const Nested& nested) noexcept {
  dom::object object;
  if (!nested.present || nested.element.get(object) != simdjson::SUCCESS) return false;
  for (const auto member : object) {
    std::string_view word;
    if (member.value.get(word) == simdjson::SUCCESS && word == "Failure") return true;
  }
  return false;
}

void RecordReading::read_sign_in() noexcept {
  event_.sign_in_failed = says_failure(response_) || says_failure(service_details_) || !event_.error_code.empty() ||
                          !error_message_.empty();
}

// Whatever stands here in an odd form is no reason to refuse the record.
void RecordReading::read_source_principal() noexcept {
  dom::object object, source;
  if (!additional_.present || additional_.element.get(object) != simdjson::SUCCESS) return;
  for (const auto member : object) {
    if (member.key != kCrossPartition || member.value.get(source) != simdjson::SUCCESS) continue;
    for (const auto part : source)
      if (part.key == kSourcePrincipal && part.value.get(event_.source_principal) != simdjson::SUCCESS)
        event_.source_principal = {};
  }
}

// Nor is what stands there.
void RecordReading::read_presigned() noexcept {
  std::string_view method;
  dom::object object;
  if (additional_.present && additional_.element.get(object) == simdjson::SUCCESS) {
    for (const auto member : object)
      if (member.key == kAuthenticationMethod && member.value.get(method) != simdjson::SUCCESS) method = {};
  }
  event_.presigned = is_presigned(method);
  if (!method.empty() || !may_be_presigned(event_.event_source) || !parameters_.present) return;
  if (parameters_.element.get(object) != simdjson::SUCCESS) return;
  for (const auto member : object) event_.presigned = event_.presigned || member.key == kPresignExpires;
}

std::optional<RejectReason> RecordReading::reject_reason() const noexcept {
  if (digest_) return RejectReason::digest;
  if (event_.event_category == "Insight" || event_.event_type == "AwsCloudTrailInsight") return RejectReason::insight;
  if (event_.event_category == kAggregatedCategory) return RejectReason::aggregated;
  if (event_.event_source == "aws:s3") return RejectReason::s3_pointer;
  if (!has_version_or_source_ || (!has_name_ && !has_time_)) return RejectReason::not_cloudtrail;
  if (bad_type_) return RejectReason::bad_field_type;
  if (time_text_.empty()) return RejectReason::missing_event_time;
  if (!parse_record_time(time_text_)) return RejectReason::bad_event_time;
  if (event_.event_name.empty()) return RejectReason::missing_event_name;
  return std::nullopt;
}

std::variant<Event, RejectReason> RecordReading::read(dom::object record, Seconds now) {
  read_top(record);
  if (!has_time_ && has_at_version_ && !timestamp_.empty()) {
    has_time_ = true;
    time_text_ = timestamp_;
  }
  read_identity();
  if (event_.assumes_role()) read_assume_role();
  if (event_.event_source == "signin.amazonaws.com" || event_.event_name == "ConsoleLogin") read_sign_in();
  read_presigned();
  read_source_principal();
  if (const auto reason = reject_reason()) return *reason;
  event_.time = *parse_record_time(time_text_);
  if (event_.time > now + kAheadMax) {
    event_.time = now;
    event_.from_future = true;
  }
  return event_;
}

// Copies all texts out of the parser's memory in one piece: about 600 bytes of a record of 1,200.
void keep_texts(Event& event, TextArena& arena) {
  std::size_t bytes = 0;
  for (const auto field : kKeptFields) bytes += (event.*field).size();
  char* to = arena.reserve(bytes);
  for (const auto field : kKeptFields) {
    std::string_view& text = event.*field;
    if (text.empty()) {
      text = {};
      continue;
    }
    std::memcpy(to, text.data(), text.size());
    text = {to, text.size()};
    to += text.size();
  }
}

// Without memory nothing is wrong with the record: its sender must send it again.
RejectReason reason_of(simdjson::error_code error) {
  if (error == simdjson::MEMALLOC) throw std::bad_alloc();
  return error == simdjson::DEPTH_ERROR ? RejectReason::too_deep : RejectReason::bad_json;
}

}  // namespace

struct RecordParser::Impl {
  AgentCache agents;
  dom::parser parser{kRecordBytesMax};
  std::string mended;

  // simdjson would grow to each new largest size by itself; powers of two are reached sooner.
  simdjson::error_code parse(std::string_view json, dom::element& root) noexcept {
    const std::size_t capacity = std::max(kParserBytesMin, std::bit_ceil(json.size()));
    if (parser.capacity() < capacity) {
      // simdjson refuses the first value at its own limit, and counts no empty bracket pair.
      if (const auto error = parser.allocate(capacity, kJsonDepthMax + 1)) return error;
    }
    return parser.parse(json.data(), json.size(), false).get(root);
  }

  // Valid JSON that simdjson refuses (a number out of range, half a surrogate pair) must not hide a call.
  simdjson::error_code parse_mended(std::string_view json, dom::element& root) {
    if (!mend_json(json, mended)) return simdjson::TAPE_ERROR;
    const std::size_t size = mended.size();
    mended.resize(size + kJsonPadding);
    return parse({mended.data(), size}, root);
  }
};

RecordParser::RecordParser() : impl_(std::make_unique<Impl>()) {}
RecordParser::~RecordParser() = default;

std::variant<Event, RejectReason> RecordParser::parse(std::string_view record, TextArena& arena, Seconds now) {
  record = trim_json(record);
  if (record.empty() || record == "null") return RejectReason::empty_value;
  if (record.size() > kRecordBytesMax) return RejectReason::record_too_large;
  dom::element root;
  auto error = impl_->parse(record, root);
  if (error == simdjson::NUMBER_ERROR || error == simdjson::STRING_ERROR) error = impl_->parse_mended(record, root);
  if (error != simdjson::SUCCESS) return reason_of(error);
  dom::object object;
  if (root.get(object) != simdjson::SUCCESS) return RejectReason::not_cloudtrail;
  RecordReading reading;
  auto result = reading.read(object, now);
  if (Event* event = std::get_if<Event>(&result)) {
    event->record = record;
    keep_texts(*event, arena);
    event->user_agent = impl_->agents.classify(event->user_agent_text);
    note_mcp(*event);
  }
  return result;
}

}  // namespace straykey
