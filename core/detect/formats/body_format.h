#pragma once
// BodyFormat: a way to write a message for a receiver. An endpoint's route names one.
//
// Shape:  a format is one file in this folder with one pure function, and one row in body_formats(). The function gets
//         the facts and nothing else, so that the same message gives the same bytes. What differs from attempt to
//         attempt (signature, time, secrets) is no part of a body: the sender adds it.
// Order:  a body is made in the transaction that puts its outbox row, and kept in it. A later version of a format
//         therefore never changes what waits to be sent.
// Thread: any.
#include <span>
#include <string>
#include <string_view>

#include "core/detect/message.h"

namespace straykey {

struct BodyFormat {
  std::string_view name;  // as an endpoint's setting `format` says it
  std::string (*make)(const Message& message);
};

// All formats. The first is the one of an endpoint that names none.
[[nodiscard]] std::span<const BodyFormat> body_formats() noexcept;

}  // namespace straykey
