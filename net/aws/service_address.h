#pragma once
// To which addresses AWS's services, and stores that speak S3, may lead. A name that an operator configured may lead
// into the operator's own network (VPC endpoints, MinIO), but never to a metadata service.
//
// Thread: any (a function of its argument).
#include "net/client/address_policy.h"

namespace straykey {

[[nodiscard]] inline bool is_service_address(const IpAddress& address) {
  return classify_address(address) != AddressClass::never;
}

}  // namespace straykey
