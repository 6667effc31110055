#pragma once
// Who sent a request, behind load balancers that say so in X-Forwarded-For.
//
// Thread: any.
#include <span>

#include "core/location/ip_address.h"
#include "net/http/request_guard.h"

namespace straykey {

// `peer`, unless that is a trusted proxy: then the right-most address of X-Forwarded-For that is none. What stands left
// of that, or of something that is no address, anybody can have written; it is not looked at.
[[nodiscard]] IpAddress client_of(const RequestHead& head, const IpAddress& peer, std::span<const Prefix> trusted);

}  // namespace straykey
