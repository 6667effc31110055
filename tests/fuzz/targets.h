#pragma once
// The fuzzers' targets: each takes any bytes as one input of one parser, and ends the process if the parser's promise
// does not hold. One program holds all of them; `--target=NAME` says which one runs.
//
// Thread: one (each target keeps what it uses from input to input).
#include <span>
#include <string_view>

namespace straykey {

struct FuzzTarget {
  std::string_view name;
  void (*run)(std::string_view input);
};

[[nodiscard]] std::span<const FuzzTarget> fuzz_targets();

// core/event. (payload_fuzz.cc, record_fuzz.cc, syslog_fuzz.cc)
void fuzz_payload(std::string_view input);
void fuzz_record(std::string_view input);
void fuzz_syslog(std::string_view input);
// Whole connections, and bodies of each protocol. (http_fuzz.cc, relp_fuzz.cc)
void fuzz_http(std::string_view input);
void fuzz_firehose(std::string_view input);
void fuzz_splunk(std::string_view input);
void fuzz_bulk(std::string_view input);
void fuzz_otlp(std::string_view input);
void fuzz_datadog(std::string_view input);
void fuzz_relp(std::string_view input);
// Short texts: user agents, addresses, times, URLs. (text_fuzz.cc)
void fuzz_agent(std::string_view input);
void fuzz_address(std::string_view input);
// Files that an operator gives. (file_fuzz.cc)
void fuzz_ranges(std::string_view input);
void fuzz_asn(std::string_view input);
void fuzz_mmdb(std::string_view input);
void fuzz_config(std::string_view input);
// What AWS answers and posts, and base64. (aws_fuzz.cc)
void fuzz_aws(std::string_view input);
void fuzz_base64(std::string_view input);
// Rows of the store, and what operators ask. (codec_fuzz.cc, reject_fuzz.cc, operator_fuzz.cc)
void fuzz_codec(std::string_view input);
void fuzz_rejects(std::string_view input);
void fuzz_operator(std::string_view input);

}  // namespace straykey
