#pragma once
// BodyFormat: a way to write a message for a receiver. An endpoint's route names one.
//
// Shape:  a format is one file in this folder with one pure function, and one row in body_formats(). The function gets
//         the facts and what is the same for all messages, so that the same message gives the same bytes. What differs
//         from attempt to attempt (signature, time) and secrets are no part of a body: the sender adds them.
// Order:  a body is made in the transaction that puts its outbox row, and kept in it. A later version of a format
//         therefore never changes what waits to be sent.
// Thread: any.
// Bounds: kBodyBytesMax, whatever the sender of a record wrote into it.
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace straykey {

struct Message;

inline constexpr std::size_t kBodyBytesMax = 48 * 1024;

struct BodyContext {
  std::string_view page_url = {};  // the alert's id is put behind it; empty: bodies name no page
  std::string_view data_dir = {};  // as response_to() takes it; the first format holds facts alone, and leaves it out
};

// What the secrets of an endpoint are for.
enum class FormatSecret : std::uint8_t {
  signature,     // each attempt is signed with them, as Standard Webhooks says
  routing_key,   // the one secret is laid into the body, as its member "routing_key"
  splunk_token,  // the one secret stands in the header "Authorization: Splunk ..."
  none,          // there are none: the receiver is known by its URL, or by the header that `authorization` gives
};

struct BodyFormat {
  std::string_view name;  // as an endpoint's setting `format` says it
  std::string (*make)(const Message& message, const BodyContext& context);
  FormatSecret secret = FormatSecret::signature;
  bool for_people = false;  // people are woken by it, so it tells only of what they should hear (AlertCampaign::notify)
  bool is_syslog = false;   // a body is one syslog message, and the endpoint's URL a syslog one
};

// All formats. The first is the one of an endpoint that names none.
[[nodiscard]] std::span<const BodyFormat> body_formats() noexcept;

}  // namespace straykey
