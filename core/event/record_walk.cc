#include "core/event/record_walk.h"

#include <array>
#include <cstring>

#include "core/base/hex.h"
#include "core/event/envelope.h"
#include "core/event/json_text.h"
#include "core/event/mcp_event.h"
#include "core/event/member_table.h"
#include "core/event/record_fields.h"

namespace straykey {
namespace {

constexpr unsigned kSkippedDepthMax = 45;  // below the five objects that are read

// --- What is read out of which object ---

enum class Act : std::uint8_t {
  text,         // into a field of the Event
  note,         // that it is there is enough
  time,         // eventTime
  type,         // userIdentity.type
  console,      // sessionCredentialFromConsole
  delegate,     // userIdentity.invokedByDelegate: that it is there, and not null, is enough
  identity,     // userIdentity
  session,      // sessionContext
  issuer,       // sessionIssuer
  federation,   // webIdFederationData
  in_scope,     // inScopeOf
  parameters,   // requestParameters: read at the end if the call assumed a role
  response,     // responseElements: likewise
  credentials,  // responseElements.credentials
  additional,   // additionalEventData
  method,       // additionalEventData.AuthenticationMethod
  odd,          // a record that has it is RecordParser's
};

struct Member {
  std::string_view name;
  Act act = Act::text;
  std::string_view Event::*field = nullptr;
};

template <std::size_t Texts, std::size_t Others>
consteval auto table_of(const std::array<TextField, Texts>& texts, const std::array<Member, Others>& others) {
  std::array<Member, Texts + Others> members;
  for (std::size_t i = 0; i < Texts; ++i) members[i] = {texts[i].name, Act::text, texts[i].field};
  for (std::size_t i = 0; i < Others; ++i) members[Texts + i] = others[i];
  return MemberTable<Member, Texts + Others>(members);
}

constexpr auto kTop = table_of(
    kTopFields,
    std::array{Member{"eventVersion", Act::note}, Member{"eventTime", Act::time}, Member{"userIdentity", Act::identity},
               Member{"requestParameters", Act::parameters}, Member{"responseElements", Act::response},
               Member{"sessionCredentialFromConsole", Act::console}, Member{"additionalEventData", Act::additional},
               Member{"digestStartTime", Act::odd}, Member{"digestS3Object", Act::odd}});
constexpr auto kIdentity = table_of(
    kIdentityFields, std::array{Member{"type", Act::type}, Member{"sessionContext", Act::session},
                                Member{"inScopeOf", Act::in_scope}, Member{"invokedByDelegate", Act::delegate}});
constexpr auto kSession = table_of(
    kSessionFields, std::array{Member{"sessionIssuer", Act::issuer}, Member{"webIdFederationData", Act::federation},
                               Member{"inScopeOf", Act::in_scope}});
constexpr auto kIssuer = table_of(kIssuerFields, std::array<Member, 0>{});
constexpr auto kFederation = table_of(kFederationFields, std::array<Member, 0>{});
constexpr auto kInScope = table_of(kInScopeFields, std::array<Member, 0>{});
constexpr auto kAssume = table_of(kAssumeFields, std::array{Member{"tags", Act::odd}, Member{"principalTags", Act::odd},
                                                            Member{"incomingTransitiveTags", Act::odd}});
constexpr auto kResponse = table_of(std::array<TextField, 0>{}, std::array{Member{"credentials", Act::credentials}});
constexpr auto kCredentials = table_of(kCredentialFields, std::array<Member, 0>{});
constexpr auto kAdditional = table_of(std::array<TextField, 0>{}, std::array{Member{kAuthenticationMethod, Act::method},
                                                                             Member{kCrossPartition, Act::odd}});
constexpr auto kPresign = table_of(std::array<TextField, 0>{}, std::array{Member{kPresignExpires, Act::note}});

// Bits of Walk::seen_: a row of a table is at the table's first bit plus its index.
constexpr unsigned kIdentityBit = kTop.size(), kSessionBit = kIdentityBit + kIdentity.size(),
                   kIssuerBit = kSessionBit + kSession.size(), kFederationBit = kIssuerBit + kIssuer.size(),
                   kInScopeBit = kFederationBit + kFederation.size(), kAssumeBit = kInScopeBit + kInScope.size(),
                   kResponseBit = kAssumeBit + kAssume.size(), kCredentialsBit = kResponseBit + kResponse.size(),
                   kAdditionalBit = kCredentialsBit + kCredentials.size(),
                   kPresignBit = kAdditionalBit + kAdditional.size();
static_assert(kPresignBit + kPresign.size() <= 64);

template <class Table>
consteval std::uint64_t bit_of(const Table& table, unsigned first_bit, std::string_view name) {
  for (std::size_t row = 0; row < table.size(); ++row)
    if (table[row].name == name) return std::uint64_t{1} << (first_bit + row);
  throw "no such member";
}
constexpr std::uint64_t kVersionSeen = bit_of(kTop, 0, "eventVersion"), kSourceSeen = bit_of(kTop, 0, "eventSource"),
                        kInScopeSeen =
                            bit_of(kIdentity, kIdentityBit, "inScopeOf") | bit_of(kSession, kSessionBit, "inScopeOf"),
                        kExpiresSeen = bit_of(kPresign, kPresignBit, kPresignExpires);

// --- One record ---

constexpr bool is_space(char c) noexcept {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

constexpr bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

// A number that every parser takes: no exponent, at most 17 digits.
constexpr bool is_plain_number(std::string_view text) noexcept {
  if (text.size() > 18) return false;
  if (text.starts_with('-')) text.remove_prefix(1);
  std::size_t at = 0;
  while (at < text.size() && is_digit(text[at])) ++at;
  if (at == 0 || (at > 1 && text.front() == '0')) return false;
  if (at == text.size()) return true;
  if (text[at] != '.' || at + 1 == text.size()) return false;
  for (++at; at < text.size(); ++at)
    if (!is_digit(text[at])) return false;
  return true;
}

// The cursor stands on the position of the next thing to read.
class Walk {
 public:
  explicit Walk(const JsonIndex& index) noexcept : text_(index.text()), at_(index.at()), end_(index.end()) {}

  // REQUIRES: the cursor is on an opening brace.
  [[nodiscard]] bool read(Event& event, TextArena& arena, std::string& scratch, Seconds now);
  // Likewise of the object around the record.
  [[nodiscard]] bool read_wrapped(Event& event, TextArena& arena, std::string& scratch, Seconds now);
  // After one of them said false: the window may have ended too early.
  [[nodiscard]] bool ran_out() const noexcept { return at_ + JsonIndex::kPlacesBehind >= end_; }
  [[nodiscard]] const std::uint32_t* at() const noexcept { return at_; }

 private:
  [[nodiscard]] char here() const noexcept { return text_[*at_]; }
  // Asked once for each member and bracket, which look at most kPlacesBehind places ahead.
  [[nodiscard]] bool more() const noexcept { return at_ < end_; }

  template <class Table>
  [[nodiscard]] bool object(const Table& table, unsigned first_bit);
  template <class Table>
  [[nodiscard]] bool object_or_null(const Table& table, unsigned first_bit);
  [[nodiscard]] bool take(const Member& member);
  [[nodiscard]] bool text(std::string_view& field) noexcept;
  [[nodiscard]] bool console() noexcept;
  [[nodiscard]] bool scalar() noexcept;
  [[nodiscard]] bool skip() noexcept;
  [[nodiscard]] bool skip_container() noexcept;
  [[nodiscard]] bool additional();
  [[nodiscard]] bool method() noexcept;
  [[nodiscard]] bool assumed_role();
  [[nodiscard]] bool presigned();
  [[nodiscard]] bool is_plain() const noexcept;
  [[nodiscard]] bool check_escapes(std::string_view record, bool& any) const noexcept;
  [[nodiscard]] bool unescape(TextArena& arena, std::string& scratch);
  // The text between the place and the next one, without the space at its end.
  [[nodiscard]] std::string_view extent(std::uint32_t from, std::uint32_t to) const noexcept {
    while (to > from && is_space(text_[to - 1])) --to;
    return {text_ + from, to - from};
  }

  const char* const text_;
  const std::uint32_t* at_;
  const std::uint32_t* const end_;
  Event* event_ = nullptr;
  std::uint64_t seen_ = 0;  // a bit for each member of each table: see kIdentityBit
  std::string_view time_text_, type_text_, console_text_, method_text_;
  const std::uint32_t* parameters_ = nullptr;
  const std::uint32_t* response_ = nullptr;
};

// --- Values ---

bool Walk::scalar() noexcept {
  const char first = here();
  const std::string_view value = extent(at_[0], at_[1]);
  ++at_;
  if (is_digit(first) || first == '-') return is_plain_number(value);
  return value == "null" || value == "true" || value == "false";
}

bool Walk::text(std::string_view& field) noexcept {
  if (here() == '"') {
    const std::string_view quoted = extent(at_[0], at_[1]);
    if (quoted.size() < 2) return false;  // at the end of the window
    field = quoted.substr(1, quoted.size() - 2);
    ++at_;
    return true;
  }
  return here() == 'n' && scalar();
}

bool Walk::console() noexcept {
  if (here() == '"') return text(console_text_);
  event_->console_session = here() == 't';
  return scalar() && !is_digit(text_[at_[-1]]) && text_[at_[-1]] != '-';
}

bool Walk::skip() noexcept {
  const char c = here();
  if (c == '{' || c == '[') return skip_container();
  if (c != '"') return scalar();
  ++at_;
  return true;
}

// REQUIRES: the cursor is on an opening bracket. Leaves it behind the closing one.
bool Walk::skip_container() noexcept {
  std::uint64_t objects = 0;  // the open brackets, the newest lowest: 1 is a brace
  unsigned depth = 0;
  for (;;) {
    if (!more()) return false;
    if ((objects & 1) != 0) {
      if (here() != '"' || text_[at_[1]] != ':') return false;
      at_ += 2;
    }
    const char c = here();
    if (c == '{' || c == '[') {
      if (++depth > kSkippedDepthMax) return false;
      objects = objects << 1 | (c == '{' ? 1 : 0);
      ++at_;
      if (here() != (c == '{' ? '}' : ']')) continue;
    } else if (c == '"') {
      ++at_;
    } else if (!scalar()) {
      return false;
    }
    while (here() != ',') {
      if (here() != ((objects & 1) != 0 ? '}' : ']')) return false;
      ++at_;
      objects >>= 1;
      if (--depth == 0) return true;
      if (!more()) return false;
    }
    ++at_;
  }
}

// --- Objects ---

// REQUIRES: the cursor is on an opening brace. Leaves it behind the closing one.
template <class Table>
bool Walk::object(const Table& table, unsigned first_bit) {
  ++at_;
  if (!more()) return false;
  if (here() == '}') {
    ++at_;
    return true;
  }
  for (;;) {
    if (here() != '"' || text_[at_[1]] != ':') return false;
    const std::string_view name = extent(at_[0] + 1, at_[1]);  // with its closing quote
    at_ += 2;
    const std::size_t row = table.find(name.data(), name.size() - 1);
    if (row == table.size()) {
      if (!skip()) return false;
    } else {
      const std::uint64_t bit = std::uint64_t{1} << (first_bit + row);
      if ((seen_ & bit) != 0) return false;  // of two equal keys the last counts, whatever the first was
      seen_ |= bit;
      if (!take(table[row])) return false;
    }
    if (!more()) return false;
    const char c = here();
    ++at_;
    if (c == '}') return true;
    if (c != ',' || !more()) return false;
  }
}

template <class Table>
bool Walk::object_or_null(const Table& table, unsigned first_bit) {
  return here() == '{' ? object(table, first_bit) : here() == 'n' && scalar();
}

bool Walk::take(const Member& member) {
  switch (member.act) {
    case Act::text:
      return text(event_->*member.field);
    case Act::note:
      return skip();
    case Act::time:
      return text(time_text_);
    case Act::type:
      return text(type_text_);
    case Act::console:
      return console();
    case Act::delegate:
      event_->delegated = here() != 'n';
      return skip();
    case Act::identity:
      return object_or_null(kIdentity, kIdentityBit);
    case Act::session:
      return object_or_null(kSession, kSessionBit);
    case Act::issuer:
      return object_or_null(kIssuer, kIssuerBit);
    case Act::federation:
      return object_or_null(kFederation, kFederationBit);
    case Act::in_scope:
      return object_or_null(kInScope, kInScopeBit);
    case Act::parameters:
      parameters_ = at_;
      return skip();
    case Act::response:
      response_ = at_;
      return skip();
    case Act::credentials:
      return object_or_null(kCredentials, kCredentialsBit);
    case Act::additional:
      return additional();
    case Act::method:
      return method();
    case Act::odd:
      return false;
  }
  return false;
}

// --- The record ---

// Nothing in it makes a record wrong, so an odd one is skipped.
bool Walk::additional() {
  return here() == '{' ? object(kAdditional, kAdditionalBit) : skip();
}

bool Walk::method() noexcept {
  return here() == '"' ? text(method_text_) : skip();
}

// Reads what was skipped, where the record does not tell otherwise how it was signed.
bool Walk::presigned() {
  event_->presigned = is_presigned(method_text_);
  if (!method_text_.empty() || parameters_ == nullptr || !may_be_presigned(event_->event_source)) return true;
  if (text_[*parameters_] != '{') return true;
  const std::uint32_t* const behind = at_;
  at_ = parameters_;
  const bool plain = object(kPresign, kPresignBit);
  at_ = behind;
  event_->presigned = (seen_ & kExpiresSeen) != 0;
  return plain;
}

// Both objects were skipped, so they are whole and correct.
bool Walk::assumed_role() {
  const std::uint32_t* const behind = at_;
  bool plain = true;
  if (parameters_ != nullptr) {
    at_ = parameters_;
    plain = object_or_null(kAssume, kAssumeBit);
  }
  if (plain && response_ != nullptr) {
    at_ = response_;
    plain = object_or_null(kResponse, kResponseBit);
  }
  at_ = behind;
  return plain;
}

// Records that mean something else than a call, or that need another look, are RecordParser's.
bool Walk::is_plain() const noexcept {
  const bool has_version_or_source = (seen_ & (kVersionSeen | kSourceSeen)) != 0;
  const bool in_scope_twice = (seen_ & kInScopeSeen) == kInScopeSeen;
  return has_version_or_source && !in_scope_twice && !event_->event_name.empty() &&
         event_->event_category != "Insight" && event_->event_category != kAggregatedCategory &&
         event_->event_type != "AwsCloudTrailInsight" && event_->event_source != "aws:s3" &&
         event_->event_source != "signin.amazonaws.com" && event_->event_name != "ConsoleLogin";
}

// Whether the escapes of `record` are correct, none is half of a surrogate pair and none is in a key; `any`: there are
// some. All are inside strings: outside of them the walk has found no backslash.
bool Walk::check_escapes(std::string_view record, bool& any) const noexcept {
  std::size_t at = record.find('\\');
  any = at != std::string_view::npos;
  while (at != std::string_view::npos) {
    const char letter = record[at + 1];
    if (letter == 'u') {
      std::uint32_t unit = 0;
      for (std::size_t i = at + 2; i < at + 6; ++i) {
        const int digit = hex_value(record[i]);
        if (digit < 0) return false;
        unit = unit * 16 + static_cast<std::uint32_t>(digit);
      }
      if (unit >= 0xd800 && unit < 0xe000) return false;
      at += 6;
    } else {
      if (letter == '\0' || std::strchr("\"\\/bfnrt", letter) == nullptr) return false;
      at += 2;
    }
    const char* place = record.data() + at;
    while (*place != '"' && *place != '\\') ++place;
    if (*place == '"') {
      do ++place;
      while (is_space(*place));
      if (*place == ':') return false;
    }
    at = record.find('\\', static_cast<std::size_t>(place - record.data()));
  }
  return true;
}

bool Walk::unescape(TextArena& arena, std::string& scratch) {
  const auto has_escape = [](std::string_view text) { return text.find('\\') != std::string_view::npos; };
  for (const std::string_view text : {time_text_, type_text_, console_text_, method_text_, event_->event_name,
                                      event_->event_source, event_->event_type, event_->event_category})
    if (has_escape(text)) return false;
  for (const auto field : kKeptFields) {
    std::string_view& text = event_->*field;
    if (!has_escape(text)) continue;
    if (!unescape_json(text, scratch)) return false;
    text = arena.keep(scratch);
  }
  return true;
}

bool Walk::read(Event& event, TextArena& arena, std::string& scratch, Seconds now) {
  event_ = &event;
  const std::uint32_t first = *at_;
  if (!object(kTop, 0) || !is_plain()) return false;
  const std::string_view record(text_ + first, at_[-1] + 1 - first);
  bool escapes = false;
  if (record.size() > kRecordBytesMax || !check_escapes(record, escapes)) return false;
  if (event.assumes_role() && !assumed_role()) return false;
  if (!presigned()) return false;
  if (escapes && !unescape(arena, scratch)) return false;
  const auto time = parse_time(time_text_);
  if (!time) return false;
  event.record = record;
  event.type = identity_type_of(type_text_, event.arn);
  if (console_text_ == "true") event.console_session = true;
  event.from_future = *time > now + kAheadMax;
  event.time = event.from_future ? now : *time;
  return true;
}

// Nothing may be in doubt: one member wraps, once, and no other says that the object is something else.
bool Walk::read_wrapped(Event& event, TextArena& arena, std::string& scratch, Seconds now) {
  constexpr std::string_view kObject = "\"Object ";  // of a pointer to S3
  bool has_record = false, needs_detail_type = false, has_detail_type = false;
  do {
    ++at_;  // behind the brace or comma
    if (!more() || here() != '"' || text_[at_[1]] != ':') return false;
    const std::string_view name = extent(at_[0] + 1, at_[1]);  // with its closing quote
    at_ += 2;
    if (name.empty() || name.find('\\') != std::string_view::npos) return false;
    const WrapperMember member = wrapper_member(name.data(), name.size() - 1);
    if (member == WrapperMember::event || member == WrapperMember::detail) {
      if (has_record || here() != '{' || !read(event, arena, scratch, now)) return false;
      has_record = true;
      needs_detail_type = member == WrapperMember::detail;
    } else {
      if (member == WrapperMember::other) return false;
      if (member == WrapperMember::plain && kTop.find(name.data(), name.size() - 1) != kTop.size()) return false;
      if (member == WrapperMember::detail_type) {
        if (here() != '"' || std::string_view(text_ + *at_, kObject.size()) == kObject) return false;
        has_detail_type = true;
      }
      if (!skip()) return false;
    }
  } while (more() && here() == ',');
  if (!more() || here() != '}' || !has_record || (needs_detail_type && !has_detail_type)) return false;
  ++at_;
  return true;
}

}  // namespace

template <bool kWrapped>
std::size_t RecordWalk::read_at(std::string_view text, TextArena& arena, Seconds now, Event& event) {
  if (!index_.seek(text)) return 0;
  for (;;) {
    Walk walk(index_);
    if (kWrapped ? walk.read_wrapped(event, arena, unescaped_, now) : walk.read(event, arena, unescaped_, now)) {
      index_.pass(walk.at());
      event.user_agent = agents_.classify(event.user_agent_text);
      note_mcp(event);
      return static_cast<std::size_t>(index_.text() + walk.at()[-1] + 1 - text.data());
    }
    if (!walk.ran_out() || !index_.widen(text)) return 0;
    event = Event{};
  }
}

std::size_t RecordWalk::read(std::string_view text, TextArena& arena, Seconds now, Event& event) {
  return read_at<false>(text, arena, now, event);
}

std::size_t RecordWalk::read_wrapped(std::string_view text, TextArena& arena, Seconds now, Event& event) {
  return read_at<true>(text, arena, now, event);
}

}  // namespace straykey
