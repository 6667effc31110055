#pragma once
// What an operator sets of an S3Source.
//
// Thread: any (a value).
#include <cstdint>
#include <string>

#include "net/aws/credentials.h"
#include "net/aws/endpoint.h"
#include "net/ingest/intake.h"

namespace straykey {

struct S3SourceSettings {
  std::string name;
  std::string queue_url;
  AwsPlace place;                  // an empty Region: that of queue_url
  CredentialSettings credentials;  // but for its place
  std::string ca_file;             // empty: the system's authorities
  std::string prefix;              // of keys; empty: all
  std::size_t concurrency = 4;
  std::uint64_t object_bytes_max = 64u << 20;
  std::uint64_t bytes_in_flight_max = 256u << 20;
  std::uint32_t visibility_s = 120;
  Intake::Limits limits{.inflated_bytes_max = std::size_t{512} << 20, .records_max = 10'000'000, .cut = true};
};

}  // namespace straykey
